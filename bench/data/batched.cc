#include "bench/data/batched.h"

#include <string.h>

#include <array>
#include <string>

#include "bench/common/content.h"
#include "bench/common/must.h"

namespace bench {
namespace {

constexpr size_t kBatch = 16;
using Payload = std::array<std::byte, 64>;

// A call asks how many there were; it ends with PortServer's.
class Counter {
 public:
  void Look(const ipc::MessageInPlace& one) {
    if (one.message != nullptr && one.message->wants_reply())
      return Answer(*one.message);
    Payload copy;
    Expect(one.payload.size() == copy.size(), "the size");
    memcpy(copy.data(), one.payload.data(), copy.size());
    Expect(HasContent(copy, counted_++), "order and content");
  }
  bool over() const { return over_; }

 private:
  void Answer(ipc::Message& message) {
    over_ = IsQuit(message);
    if (over_) return;
    Must(message.Reply(std::to_string(counted_)));
    counted_ = 0;
  }
  uint64_t counted_ = 0;
  bool over_ = false;
};

void ServeBatches(ipc::Receiver& receiver) {
  Counter counter;
  while (!counter.over())
    Must(receiver.ReceiveInPlace(
        [&](const ipc::MessageInPlace& one) { counter.Look(one); }));
}

}  // namespace

BatchedSends::BatchedSends() : rig_(kApart, Waits::kDefault, ServeBatches) {}

double BatchedSends::OneWayNs(int messages) {
  std::array<Payload, kBatch> payloads;
  std::array<ipc::Bytes, kBatch> batch;
  for (size_t i = 0; i < kBatch; ++i) batch[i] = payloads[i];
  const auto count = static_cast<uint64_t>(messages);
  return TimeAll([&] {
           for (uint64_t number = 0; number < count;) {
             size_t filled = 0;
             for (; filled < kBatch && number < count; ++filled, ++number)
               FillContent(payloads[filled], number);
             const std::span<const ipc::Bytes> filled_ones(batch.data(),
                                                           filled);
             Expect(Must(rig_.sender().SendBatch(filled_ones)) == filled,
                    "all of the batch");
           }
           Expect(
               Must(rig_.sender().Call("")).text() == std::to_string(messages),
               "the sum");
         }) /
         messages;
}

}  // namespace bench
