// First figures: Keyport beside the raw mechanisms, interleaved in one run.
//
//   bench_first [--quick]
//
// Prints a table of medians (least to most over the passes) and the ratios
// that count; every reply and message is checked.
#include <string.h>

#include <string>

#include "bench/common/figures.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "bench/common/raw_memory.h"
#include "ipc/loan.h"
#include "ipc/port.h"
#include "ipc/tuning.h"
#include "libipc/base/clock.h"

namespace bench {
namespace {

using namespace ipc;  // NOLINT: a program about it

constexpr uint32_t kEcho = 1;
constexpr uint32_t kCount = 2;
constexpr uint32_t kSum = 3;

// Answers echoes, counts one-way messages and checks their order.
void Serve(Receiver& receiver) {
  uint64_t counted = 0;
  while (true) {
    Message message = Must(receiver.Receive());
    switch (message.label()) {
      case kEcho:
        // A loan is not copied: its size is the answer.
        if (message.is_loan())
          Must(message.Reply(std::to_string(message.payload().size())));
        else
          Must(message.Reply(message.payload()));
        break;
      case kCount: {
        uint64_t number;
        memcpy(&number, message.payload().data(), sizeof(number));
        Expect(number == counted, "the order");
        ++counted;
        break;
      }
      case kSum:
        Must(message.Reply(std::to_string(counted)));
        counted = 0;
        break;
      default:
        Must(message.Reply(""));
        return;
    }
  }
}

// A kernel process, a server process, and a sender to it, placed.
class Rig {
 public:
  Rig(Placement placement, absl::Duration polling)
      : server_(WithPolling(polling), placement.second, Serve),
        pinned_(placement.first) {
    for (int i = 0; i < 100; ++i) Must(sender().Call("warm", {.label = kEcho}));
  }
  Sender& sender() { return server_.sender(); }
  Session& session() { return kernel_.session(); }

 private:
  // Before the server is forked, so that it polls as long.
  KernelProcess& WithPolling(absl::Duration polling) {
    SetPollingLimit(polling);
    return kernel_;
  }

  KernelProcess kernel_;
  PortServer server_;
  PinnedTo pinned_;
};

double CallNs(Rig& rig, size_t bytes, int rounds) {
  const std::string payload(bytes, 'x');
  const int64_t start = base::NowNs();
  for (int i = 0; i < rounds; ++i) {
    Message reply = Must(rig.sender().Call(payload, {.label = kEcho}));
    Expect(reply.text() == payload, "the answer");
  }
  return static_cast<double>(base::NowNs() - start) / rounds;
}

double SendNs(Rig& rig, int messages) {
  uint64_t payload[8] = {};
  const int64_t start = base::NowNs();
  for (int i = 0; i < messages; ++i) {
    payload[0] = static_cast<uint64_t>(i);
    Must(rig.sender().Send(std::as_bytes(std::span(payload)),
                           {.label = kCount}));
  }
  Message sum = Must(rig.sender().Call("", {.label = kSum}));
  const double took = static_cast<double>(base::NowNs() - start);
  Expect(sum.text() == std::to_string(messages), "the sum");
  return took / messages;
}

// Lends a block of `bytes` with a call that is answered without reading it.
double HandOverNs(Rig& rig, uint64_t bytes, int rounds) {
  Pool pool = Must(Pool::Create(rig.session(), bytes));
  {
    Loan first = Must(pool.Allocate(bytes));
    memset(first.bytes().data(), 1, first.bytes().size());
    Must(rig.sender().CallLoan(first, {.label = kEcho}));
  }
  double took = 0;
  for (int i = 0; i < rounds; ++i) {
    Loan loan;
    while (!loan.valid()) {
      auto got = pool.Allocate(bytes);
      if (got.ok())
        loan = *std::move(got);
      else  // the last one is on its way back: another call fetches it
        Must(rig.sender().Call("x", {.label = kEcho}));
    }
    const int64_t start = base::NowNs();
    Message reply = Must(rig.sender().CallLoan(loan, {.label = kEcho}));
    took += static_cast<double>(base::NowNs() - start);
    Expect(reply.text() == std::to_string(bytes), "the answer");
  }
  return took / rounds;
}

void OnePass(Figures& figures, int scale) {
  const absl::Duration polling = absl::Microseconds(50);
  figures.Add("line there and back", "ns",
              LineRoundTrip(kApart, 20'000 * scale));
  figures.Add("raw ring call, 64 B", "ns",
              RingRoundTrip(kApart, 20'000 * scale));
  {
    Rig rig(kApart, polling);
    figures.Add("Keyport call, 8 B", "ns", CallNs(rig, 8, 20'000 * scale));
    figures.Add("Keyport call, 64 B", "ns", CallNs(rig, 64, 20'000 * scale));
    figures.Add("raw ring send, 64 B", "ns",
                RingOneWay(kApart, 200'000 * scale));
    figures.Add("Keyport send, 64 B", "ns", SendNs(rig, 200'000 * scale));
    figures.Add("Keyport loan of 64 KiB", "ns", HandOverNs(rig, 64 << 10, 500));
    figures.Add("Keyport loan of 100 MB", "ns",
                HandOverNs(rig, 100'000'000, 500));
  }
  figures.Add("copy of 100 MB", "ns", CopyNs(100'000'000));
  figures.Add("futex, two processors", "ns",
              FutexRoundTrip(kApart, 2'000 * scale));
  {
    Rig rig(kApart, absl::ZeroDuration());
    figures.Add("Keyport call asleep, two processors", "ns",
                CallNs(rig, 8, 2'000 * scale));
  }
  figures.Add("futex, one processor", "ns",
              FutexRoundTrip(kOneProcessor, 2'000 * scale));
  {
    Rig rig(kOneProcessor, absl::ZeroDuration());
    figures.Add("Keyport call asleep, one processor", "ns",
                CallNs(rig, 8, 2'000 * scale));
  }
  {
    Rig rig(kOneProcessor, polling);
    figures.Add("Keyport call by default, one processor", "ns",
                CallNs(rig, 8, 2'000 * scale));
  }
  {
    Rig rig(kNotPinned, polling);
    figures.Add("Keyport call by default, not pinned", "ns",
                CallNs(rig, 8, 5'000 * scale));
  }
}

int Main(bool quick) {
  Figures figures;
  const int passes = quick ? 3 : 9;
  for (int pass = 0; pass < passes; ++pass) {
    fprintf(stderr, "pass %d of %d\n", pass + 1, passes);
    OnePass(figures, quick ? 1 : 4);
  }
  figures.Compare("call of 8 B / line there and back", "Keyport call, 8 B",
                  "line there and back");
  figures.Compare("call of 64 B / raw ring", "Keyport call, 64 B",
                  "raw ring call, 64 B");
  figures.Compare("raw ring send / Keyport send (rate)", "raw ring send, 64 B",
                  "Keyport send, 64 B");
  figures.Compare("call asleep / futex, two processors",
                  "Keyport call asleep, two processors",
                  "futex, two processors");
  figures.Compare("call asleep / futex, one processor",
                  "Keyport call asleep, one processor", "futex, one processor");
  figures.Compare("loan of 100 MB / of 64 KiB", "Keyport loan of 100 MB",
                  "Keyport loan of 64 KiB");
  figures.Compare("copy of 100 MB / loan of 100 MB", "copy of 100 MB",
                  "Keyport loan of 100 MB");
  figures.Print();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc > 1 && strcmp(argv[1], "--quick") == 0);
}
