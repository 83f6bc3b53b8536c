// What publishing costs the publisher, by the number of subscribers: a topic,
// beside a raw ring that nobody checks, and beside a lane to each.
//
// Busy: the subscribers poll, all in one process on another processor, each
// with a page and a place of its own; a burst is timed as a whole, and the next
// one begins when all have read it. Asleep: each subscriber is a process that
// sleeps; the publishing that wakes them all is timed.
//
//   bench_fanout [PASSES]
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "bench/common/figures.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "bench/common/raw_ring.h"
#include "bench/common/shared_memory.h"
#include "ipc/topic.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

using namespace ipc;  // NOLINT: a program about it

constexpr int kBurst = 32;
constexpr size_t kPayload = 64;

struct Progress {
  alignas(128) std::atomic<uint64_t> done;  // bursts, or records, by all
  alignas(128) std::atomic<uint64_t> ready;
  alignas(128) std::atomic<uint64_t> quit;
};

// Times bursts of `publish`, whose readers say when they have had each.
template <typename Publish>
double MedianBurstNs(Progress& progress, int rounds, const Publish& publish) {
  PollUntil([&] { return progress.ready.load() != 0; });
  PinnedTo pinned(0);
  std::vector<double> each;
  for (int round = 1; round <= rounds; ++round) {
    each.push_back(TimeAll([&] {
                     for (int i = 0; i < kBurst; ++i) publish();
                   }) /
                   kBurst);
    PollUntil(
        [&] { return progress.done.load() >= static_cast<uint64_t>(round); });
  }
  progress.quit.store(1);
  return MedianOf(each);
}

// `read(reader)` polls once and tells whether it had a record.
template <typename Read>
void ReadBursts(Progress& progress, int readers, const Read& read) {
  std::vector<int> had(static_cast<size_t>(readers));
  progress.ready.store(1);
  while (progress.quit.load(std::memory_order_relaxed) == 0) {
    bool all = true;
    for (int i = 0; i < readers; ++i) {
      int& count = had[static_cast<size_t>(i)];
      while (count < kBurst && read(i)) ++count;
      all = all && count == kBurst;
    }
    if (!all) continue;
    std::fill(had.begin(), had.end(), 0);
    progress.done.fetch_add(1);
  }
}

double TopicBusy(int readers, int rounds, Delivery delivery) {
  KernelProcess kernel;
  const Capability topic = Must(CreateTopic(kernel.session(), {}));
  Publisher publisher = Must(Publisher::Create(Must(topic.Duplicate())));
  Shared<Progress> progress;
  const InitialCapability initial[] = {{"topic", &topic, kRightsSame}};
  const pid_t child =
      kernel.ForkWithSession("readers", 1, initial, [&](ipc::Session& session) {
        const Capability mine = Must(session.Take("topic"));
        std::vector<Subscriber> all;
        for (int i = 0; i < readers; ++i)
          all.push_back(Must(Subscriber::Create(Must(mine.Duplicate()),
                                                {.delivery = delivery})));
        ReadBursts(*progress.get(), readers, [&](int i) {
          return all[static_cast<size_t>(i)].Next(Deadline::Immediately()).ok();
        });
      });
  const std::byte payload[kPayload] = {};
  const double ns = MedianBurstNs(*progress.get(), rounds,
                                  [&] { Must(publisher.Publish(payload)); });
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
  for (int i = 0; i < readers; ++i)
    initial.push_back({names[static_cast<size_t>(i)],
                       &ports[static_cast<size_t>(i)], kRightReceive});
  Shared<Progress> progress;
  const pid_t child =
      kernel.ForkWithSession("readers", 1, initial, [&](ipc::Session& session) {
        std::vector<Receiver> all;
        for (const std::string& name : names)
          all.push_back(Must(Receiver::Create(Must(session.Take(name)))));
        ReadBursts(*progress.get(), readers, [&](int i) {
          return all[static_cast<size_t>(i)]
              .Receive(Deadline::Immediately())
              .ok();
        });
      });
  const std::byte payload[kPayload] = {};
  const double ns = MedianBurstNs(*progress.get(), rounds, [&] {
    for (Sender& sender : senders) Must(sender.Send(payload));
  });
  Join(child);
  return ns;
}

double RawBusy(int readers, int rounds) {
  Shared<RawRing> ring;
  Shared<Progress> progress;
  const pid_t child = Fork(1, [&] {
    std::vector<uint64_t> at(static_cast<size_t>(readers));
    ReadBursts(*progress.get(), readers, [&](int i) {
      uint64_t& mine = at[static_cast<size_t>(i)];
      if (mine == ring->tail.load(std::memory_order_acquire)) return false;
      std::byte payload[kPayload];
      std::memcpy(payload, ring->At(mine), kPayload);
      asm volatile("" : : "m"(payload));
      mine += kPayload;
      return true;
    });
  });
  uint64_t tail = 0;
  const std::byte payload[kPayload] = {};
  const double ns = MedianBurstNs(*progress.get(), rounds, [&] {
    std::memcpy(ring->At(tail), payload, kPayload);
    tail += kPayload;
    ring->tail.store(tail, std::memory_order_release);
  });
  Join(child);
  return ns;
}

double TopicAsleep(int readers, int rounds) {
  SetPollingLimit(absl::ZeroDuration());
  KernelProcess kernel;
  const Capability topic = Must(CreateTopic(kernel.session(), {}));
  Publisher publisher = Must(Publisher::Create(Must(topic.Duplicate())));
  Shared<Progress> progress;
  const InitialCapability initial[] = {{"topic", &topic, kRightsSame}};
  std::vector<pid_t> children;
  for (int i = 0; i < readers; ++i)
    children.push_back(kernel.ForkWithSession(
        "reader", 1, initial, [&](ipc::Session& session) {
          Subscriber subscriber =
              Must(Subscriber::Create(Must(session.Take("topic"))));
          progress->ready.fetch_add(1);
          for (int round = 0; round < rounds; ++round) {
            Must(subscriber.Next());
            progress->done.fetch_add(1);
          }
        }));
  const auto many = static_cast<uint64_t>(readers);
  while (progress->ready.load() < many) StayBusyUntil(base::NowNs() + 100'000);
  PinnedTo pinned(0);
  const std::byte payload[kPayload] = {};
  std::vector<double> each;
  for (int round = 1; round <= rounds; ++round) {
    StayBusyUntil(base::NowNs() + 500'000);
    each.push_back(TimeAll([&] { Must(publisher.Publish(payload)); }));
    PollUntil([&] {
      return progress->done.load() >= many * static_cast<uint64_t>(round);
    });
  }
  for (const pid_t child : children) Join(child);
  return MedianOf(each);
}

void Pass(Figures& figures) {
  for (const int readers : {1, 4, 16, 64, 1'000}) {
    const int rounds = readers > 64 ? 40 : readers > 16 ? 200 : 800;
    const std::string of = "busy, " + std::to_string(readers) + " subscribers";
    figures.Add({of, "raw ring"}, "ns", RawBusy(readers, rounds));
    figures.Add({of, "topic, lossy"}, "ns",
                TopicBusy(readers, rounds, Delivery::kLossy));
    figures.Add({of, "topic, reliable"}, "ns",
                TopicBusy(readers, rounds, Delivery::kReliable));
    if (readers <= 64)
      figures.Add({of, "a lane each"}, "ns", LanesBusy(readers, rounds));
  }
  for (const int readers : {1, 4, 16, 64})
    figures.Add(
        {"asleep, " + std::to_string(readers) + " subscribers", "topic"}, "ns",
        TopicAsleep(readers, 40));
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const int passes = argc > 1 ? atoi(argv[1]) : 3;
  bench::Figures figures;
  for (int pass = 0; pass < passes; ++pass) bench::Pass(figures);
  for (const bench::Series* row : figures.rows())
    printf("%-44s %9.1f ns (%.1f - %.1f)\n", row->row.name().c_str(),
           row->Median(), row->Least(), row->Most());
  return 0;
}
