// What one record costs the thread that writes it.
#include <algorithm>
#include <cstring>

#include "bench/common/timing.h"
#include "bench/tracing/rows.h"
#include "bench/tracing/traced.h"
#include "libipc/base/trace_ring.h"

namespace bench {
namespace {

constexpr int kRecordSlices = 20;

// What is passed through so that it is not optimised away.
template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

double ClockReadNs(int rounds) {
  return TimeAll([&] {
           for (int i = 0; i < rounds; ++i) Keep(base::NowNs());
         }) /
         rounds;
}

// The least that a record can cost: its time, and its line in a ring that lies
// in the caches.
double RawRecordNs(int rounds) {
  constexpr size_t kRing = ipc::abi::kTraceRingBytes;
  std::vector<uint8_t> ring(kRing);
  uint64_t position = 0;
  return TimeAll([&] {
           for (int i = 0; i < rounds; ++i) {
             ipc::abi::TraceRecord record = {};
             record.time_ns = static_cast<uint64_t>(base::NowNs());
             record.label = static_cast<uint32_t>(i);
             std::memcpy(ring.data() + position % kRing, &record,
                         sizeof(record));
             Keep(ring[position % kRing]);
             position += sizeof(record);
           }
         }) /
         rounds;
}

class OneThread {
 public:
  explicit OneThread(KernelProcess& kernel) {
    ipc::Capability port =
        Must(kernel.session().CreatePort({.name = "traced"}));
    sender_.emplace(
        Must(ipc::Sender::Create(Must(port.Mint(ipc::kRightSend, 1)))));
    receiver_.emplace(Must(ipc::Receiver::Create(std::move(port))));
    Ns(10);  // the lane is there
  }
  double Ns(int rounds) {
    return TimeAll([&] {
             for (int i = 0; i < rounds; ++i) Pass(static_cast<uint64_t>(i));
           }) /
           rounds;
  }

 private:
  void Pass(uint64_t number) {
    payload_[0] = number;
    const ipc::Bytes bytes = std::as_bytes(std::span(payload_));
    Must(sender_->Send(bytes));
    const ipc::Message message = Must(receiver_->Receive());
    Expect(memcmp(message.payload().data(), payload_, sizeof(payload_)) == 0,
           "the content");
  }

  std::optional<ipc::Sender> sender_;
  std::optional<ipc::Receiver> receiver_;
  uint64_t payload_[8] = {};
};

// Messages whose records, two each, have room in the thread's ring of 4,096.
constexpr int kFit = 1'500;
constexpr int kPartsOfARing = 2;

// In parts that have room, with `between` outside the time.
template <typename Between>
double PartsNs(OneThread& thread, int parts, const Between& between) {
  double ns = 0;
  for (int i = 0; i < parts; ++i) {
    ns += thread.Ns(kFit);
    between();
  }
  return ns / parts;
}

// While there always is room: the tracer reads when nobody measures.
double InTimeNs(KernelProcess& kernel, OneThread& thread, int parts,
                const ipc::TraceOptions& options) {
  OtherTracer tracer(kernel, options);
  const auto drain = [&] { tracer.Drain(); };
  PartsNs(thread, 2 * kPartsOfARing, drain);  // its pages are there
  const double ns = PartsNs(thread, parts, drain);
  Expect(tracer.tracer().lost() == 0, "records were lost");
  Expect(options.rate != 0 ||
             tracer.tracer().seen() >=
                 uint64_t{2} * kFit * static_cast<unsigned>(parts),
         "records are missing");
  return ns;
}

void MeasureInTime(const Pass& pass) {
  const int parts = std::max(1, pass.Rounds(20'000) / kFit);
  const ipc::TraceOptions kinds[] = {{}, kLosslessly, {.rate = 1}};
  AddEachOf(
      pass,
      {{{kOneThread, kInTime}, "ns"},
       {{kOneThread, kLosslessInTime}, "ns"},
       {{kOneThread, kLeftOut}, "ns"},
       {{kRecord, kOursInTime}, "ns"},
       {{kRecord, kOursLossless}, "ns"},
       {{kRecord, kOursLeftOut}, "ns"}},
      [&] {
        KernelProcess kernel(1);
        PinTo(0);
        OneThread thread(kernel);
        std::vector<double> off;
        std::vector<double> traced[std::size(kinds)];
        for (int slice = 0; slice < kRecordSlices; ++slice) {
          off.push_back(PartsNs(thread, parts, [] {}));
          for (size_t i = 0; i < std::size(kinds); ++i)
            traced[i].push_back(InTimeNs(kernel, thread, parts, kinds[i]));
        }
        std::vector<double> values;
        for (const auto& ns : traced) values.push_back(MedianOf(ns));
        for (const auto& ns : traced)
          values.push_back((MedianOf(ns) - MedianOf(off)) / 2);
        return values;
      });
}

}  // namespace

void MeasureRecords(const Pass& pass) {
  const int rounds = pass.Rounds(20'000);
  AddNsOf(pass, {kRecord, kClock}, [&] { return ClockReadNs(rounds * 10); });
  AddNsOf(pass, {kRecord, kRawRecord},
          [&] { return RawRecordNs(rounds * 10); });
  AddEachOf(pass,
            {{{kOneThread, kOff}, "ns"},
             {{kOneThread, kOn}, "ns"},
             {{kRecord, kOurs}, "ns"}},
            [&] {
              KernelProcess kernel(1);
              PinTo(0);
              OneThread thread(kernel);
              const OffAndOn took = InTurn(
                  kernel, kRecordSlices, [&] { return thread.Ns(rounds); },
                  [&] { thread.Ns(kRingFilled); });
              // One when it is sent, one when it is received.
              return std::vector{took.off, took.on, (took.on - took.off) / 2};
            });
  MeasureInTime(pass);
}

}  // namespace bench
