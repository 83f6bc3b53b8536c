#include "bench/common/kernel_process.h"
#include "bench/sharing/bursts.h"
#include "bench/sharing/fan_out.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

using namespace ipc;  // NOLINT: a program about it

constexpr int64_t kAsleepNs = 500'000;  // by then all sleep

void ReadAsleep(ipc::Session& session, Progress& progress, int rounds) {
  Subscriber subscriber = Must(Subscriber::Create(Must(session.Take("topic"))));
  progress.ready.fetch_add(1);
  for (uint64_t number = 1; number <= static_cast<uint64_t>(rounds); ++number) {
    const TopicMessage got = Must(subscriber.Next());
    Expect(got.sequence == number && HasContent(got.payload, number),
           "the record");
    progress.done.fetch_add(1);
  }
}

}  // namespace

double TopicAsleep(int readers, int rounds) {
  SetPollingLimit(absl::ZeroDuration());
  KernelProcess kernel;
  const Capability topic = Must(CreateTopic(kernel.session(), {}));
  Publisher publisher = Must(Publisher::Create(Must(topic.Duplicate())));
  const Shared<Progress> progress;
  const InitialCapability initial[] = {{"topic", &topic, kRightsSame}};
  std::vector<pid_t> children;
  for (int i = 0; i < readers; ++i)
    children.push_back(kernel.ForkWithSession(
        "reader", kApart.second, initial, [&](ipc::Session& session) {
          ReadAsleep(session, *progress.get(), rounds);
        }));
  const auto many = static_cast<uint64_t>(readers);
  while (progress->ready.load() < many) StayBusyUntil(base::NowNs() + 100'000);
  const PinnedTo here(kApart.first);
  std::byte record[kRecordBytes];
  std::vector<double> each;
  for (uint64_t number = 1; number <= static_cast<uint64_t>(rounds); ++number) {
    FillContent(record, number);
    StayBusyUntil(base::NowNs() + kAsleepNs);
    each.push_back(TimeAll([&] { Must(publisher.Publish(record)); }));
    PollUntil([&] { return progress->done.load() >= many * number; });
  }
  for (const pid_t child : children) Join(child);
  return MedianOf(each);
}

}  // namespace bench
