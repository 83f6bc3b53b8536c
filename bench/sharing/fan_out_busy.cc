#include <string>

#include "bench/common/kernel_process.h"
#include "bench/sharing/bursts.h"
#include "bench/sharing/fan_out.h"

namespace bench {

using namespace ipc;  // NOLINT: a program about it

double TopicBusy(int readers, int rounds, Delivery delivery) {
  KernelProcess kernel;
  const Capability topic = Must(CreateTopic(kernel.session(), {}));
  Publisher publisher = Must(Publisher::Create(Must(topic.Duplicate())));
  const Shared<Progress> progress;
  const InitialCapability initial[] = {{"topic", &topic, kRightsSame}};
  const auto read_all = [&](ipc::Session& session) {
    const Capability mine = Must(session.Take("topic"));
    std::vector<Subscriber> all;
    for (int i = 0; i < readers; ++i)
      all.push_back(Must(
          Subscriber::Create(Must(mine.Duplicate()), {.delivery = delivery})));
    ReadBursts(*progress.get(), all.size(), [&](size_t i, uint64_t number) {
      const auto got = all[i].Next(Deadline::Immediately());
      if (!got.ok()) return false;
      Expect(got->sequence == number && got->lost == 0 &&
                 HasContent(got->payload, number),
             "the record");
      return true;
    });
  };
  const pid_t child =
      kernel.ForkWithSession("readers", kApart.second, initial, read_all);
  const double ns =
      TimeBursts(*progress.get(), child, static_cast<uint64_t>(rounds),
                 [&](Record record) { Must(publisher.Publish(record)); });
  Join(child);
  return ns;
}

double LanesBusy(int readers, int rounds) {
  KernelProcess kernel;
  std::vector<Capability> ports;
  std::vector<Sender> senders;
  std::vector<std::string> names;
  std::vector<InitialCapability> initial;
  for (int i = 0; i < readers; ++i) {
    ports.push_back(Must(kernel.session().CreatePort({.name = "fan"})));
    senders.push_back(
        Must(Sender::Create(Must(ports.back().Mint(kRightSend, 1)))));
    names.push_back("port" + std::to_string(i));
  }
  for (size_t i = 0; i < ports.size(); ++i)
    initial.push_back({names[i], &ports[i], kRightReceive});
  const Shared<Progress> progress;
  const auto read_all = [&](ipc::Session& session) {
    std::vector<Receiver> all;
    for (const std::string& name : names)
      all.push_back(Must(Receiver::Create(Must(session.Take(name)))));
    ReadBursts(*progress.get(), all.size(), [&](size_t i, uint64_t number) {
      const auto got = all[i].Receive(Deadline::Immediately());
      if (!got.ok()) return false;
      Expect(HasContent(got->payload(), number), "the message");
      return true;
    });
  };
  const pid_t child =
      kernel.ForkWithSession("readers", kApart.second, initial, read_all);
  const double ns =
      TimeBursts(*progress.get(), child, static_cast<uint64_t>(rounds),
                 [&](Record record) {
                   for (Sender& sender : senders) Must(sender.Send(record));
                 });
  Join(child);
  return ns;
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
