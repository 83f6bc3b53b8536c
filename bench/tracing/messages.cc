// Messages between two processes, traced and not.
#include <algorithm>

#include "bench/common/timing.h"
#include "bench/tracing/rows.h"
#include "bench/tracing/traced.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

constexpr int kSlices = 10;
constexpr uint32_t kCount = 1;  // how many came since it was asked last?

// Answers calls; counts messages, each of which holds the number of those that
// came before it.
void Serve(ipc::Receiver& receiver) {
  uint64_t count = 0;
  while (true) {
    ipc::Message message = Must(receiver.Receive());
    if (!message.wants_reply()) {
      uint64_t number;
      Expect(message.payload().size() == 64, "the size");
      memcpy(&number, message.payload().data(), sizeof(number));
      Expect(number == count++, "the order");
      continue;
    }
    if (message.label() == kCount) {
      const uint64_t came = std::exchange(count, 0);
      Must(message.Reply(std::as_bytes(std::span(&came, 1))));
      continue;
    }
    Must(message.Reply(message.payload()));
    if (message.label() == PortServer::kQuit) return;
  }
}

// Who reads meanwhile, and how.
struct Read {
  const char* name;
  ipc::TraceOptions options;
};
const Read kReads[] = {
    {kRead, {}}, {kLossless, kLosslessly}, {kAtRate, {.rate = 100}}};

struct WhileRead {
  double median;
  double lost_percent;
};

struct Rig {
  Rig() : kernel(), server(kernel, 1, Serve), pinned(0) {}

  double CallNs(int rounds) {
    uint64_t payload[8] = {};
    return TimeAll([&] {
             for (int i = 0; i < rounds; ++i) {
               payload[0] = static_cast<uint64_t>(i);
               const ipc::Bytes bytes = std::as_bytes(std::span(payload));
               const ipc::Message answer = Must(server.sender().Call(bytes));
               Expect(memcmp(answer.payload().data(), payload,
                             sizeof(payload)) == 0,
                      "the answer");
             }
           }) /
           rounds;
  }
  // Millions a second.
  double Rate(int messages) {
    uint64_t payload[8] = {};
    const double ns = TimeAll([&] {
      for (int i = 0; i < messages; ++i) {
        payload[0] = static_cast<uint64_t>(i);
        Must(server.sender().Send(std::as_bytes(std::span(payload))));
      }
      const ipc::Message answer =
          Must(server.sender().Call("", {.label = kCount}));
      uint64_t came;
      memcpy(&came, answer.payload().data(), sizeof(came));
      Expect(came == static_cast<uint64_t>(messages), "a message is missing");
    });
    return messages * 1e3 / ns;
  }

  // The median of what is measured while somebody reads, and the percentage of
  // records that were lost to whoever reads. `records`: that are written at
  // least, if all of them are.
  template <typename Operation>
  WhileRead Measure(const Read& read, uint64_t records,
                    const Operation& measure) {
    Reading reading(kernel, read.options);
    const double median = MedianOf(Slices(kSlices, measure));
    const Reading::Counts counts = reading.End();
    const uint64_t sum = counts.seen + counts.lost;
    Expect(read.options.rate != 0 || sum >= records,
           "records are neither seen nor lost");
    return {median, 100.0 * static_cast<double>(counts.lost) /
                        static_cast<double>(std::max<uint64_t>(sum, 1))};
  }

  KernelProcess kernel;
  PortServer server;
  PinnedTo pinned;
};

std::vector<RowUnit> RowsOf(const char* what, const char* unit) {
  std::vector<RowUnit> rows = {{{what, kOff}, unit}, {{what, kOn}, unit}};
  for (const Read& read : kReads) rows.push_back({{what, read.name}, unit});
  return rows;
}

}  // namespace

void MeasureCalls(const Pass& pass) {
  const int rounds = pass.Rounds(20'000);
  AddEachOf(pass, RowsOf(kRoundTrip, "ns"), [&] {
    Rig rig;
    const auto measure = [&] { return rig.CallNs(rounds); };
    const OffAndOn took =
        InTurn(rig.kernel, kSlices, measure, [&] { rig.CallNs(kRingFilled); });
    std::vector<double> values = {took.off, took.on};
    // Sent, received, answered, and what came of it.
    const uint64_t records =
        uint64_t{4} * kSlices * static_cast<unsigned>(rounds);
    for (const Read& read : kReads)
      values.push_back(rig.Measure(read, records, measure).median);
    return values;
  });
}

void MeasureStream(const Pass& pass) {
  const int messages = pass.Rounds(200'000);
  std::vector<RowUnit> rows = RowsOf(kOneWay, "M/s");
  for (const Read& read : kReads)
    rows.push_back({{kLostOfStream, read.name}, "%"});
  AddEachOf(pass, rows, [&] {
    Rig rig;
    const auto measure = [&] { return rig.Rate(messages); };
    const OffAndOn rate =
        InTurn(rig.kernel, kSlices, measure, [&] { rig.Rate(kRingFilled); });
    std::vector<double> values = {rate.off, rate.on};
    std::vector<double> lost;
    const uint64_t records =
        uint64_t{2} * kSlices * static_cast<unsigned>(messages);
    for (const Read& read : kReads) {
      const auto [median, lost_percent] = rig.Measure(read, records, measure);
      values.push_back(median);
      lost.push_back(lost_percent);
    }
    values.insert(values.end(), lost.begin(), lost.end());
    return values;
  });
}

// Full rings of records that are read at once.
void MeasureDrain(const Pass& pass) {
  AddEachOf(pass, {{"records read, none lost", "M/s"}}, [&] {
    Rig rig;
    std::vector<double> rates;
    for (int i = 0; i < kSlices; ++i) {
      ipc::Tracer tracer = TraceAll(rig.kernel);
      rig.CallNs(1);
      const auto ignore = [](const ipc::TraceSource&, const ipc::TraceRecord&) {
      };
      Must(tracer.Drain(ignore));  // what is older, too
      const uint64_t lost = tracer.lost();
      rig.CallNs(1'800);  // two records in each of two rings of 4,096
      uint64_t sum = 0;
      uint64_t count = 0;
      const double ns = TimeAll([&] {
        count = Must(tracer.Drain(
            [&](const ipc::TraceSource&, const ipc::TraceRecord& record) {
              sum += record.time_ns;
            }));
      });
      Expect(sum != 0 && count >= 7'000 && tracer.lost() == lost,
             "records are missing");
      rates.push_back(static_cast<double>(count) * 1e3 / ns);
    }
    return std::vector{MedianOf(rates)};
  });
}

}  // namespace bench
