// What one record costs the thread that writes it.
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
}

}  // namespace bench
