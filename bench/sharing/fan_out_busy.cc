#include "bench/sharing/fan_out.h"
#include "bench/sharing/fan_out_rigs.h"

namespace bench {

double TopicBusy(int readers, int rounds, ipc::Delivery delivery) {
  BusyTopic topic;
  return topic.Time(
      readers, rounds, delivery,
      [](const ipc::TopicMessage& got, uint64_t number) {
        return HasContent(got.payload, number);
      },
      [&](Record record) { Must(topic.publisher().Publish(record)); });
}

double LanesBusy(int readers, int rounds) {
  BusyLanes lanes(readers);
  return lanes.Time(
      rounds,
      [](const ipc::Message& got, uint64_t number) {
        return HasContent(got.payload(), number);
      },
      [&](Record record) {
        for (ipc::Sender& sender : lanes.senders()) Must(sender.Send(record));
      });
}

double RawRingBusy(int readers, int rounds) {
  const Shared<RawRing> ring;
  const Shared<Progress> progress;
  const pid_t child = Fork(kApart.second, [&] {
    const auto read = [&](size_t, uint64_t number) {
      const uint64_t at = (number - 1) * kRecordBytes;
      if (at == ring->tail.load(std::memory_order_acquire)) return false;
      std::byte record[kRecordBytes];
      std::memcpy(record, ring->At(at), kRecordBytes);
      Expect(HasContent(record, number), "the record");
      return true;
    };
    ReadBursts(*progress.get(), static_cast<size_t>(readers), read);
  });
  uint64_t tail = 0;
  const double ns =
      TimeBursts(*progress.get(), child, static_cast<uint64_t>(rounds),
                 [&](Record record) {
                   std::memcpy(ring->At(tail), record.data(), kRecordBytes);
                   tail += kRecordBytes;
                   ring->tail.store(tail, std::memory_order_release);
                 });
  Join(child);
  return ns;
}

}  // namespace bench
