// Overwriting ports under fire: senders that never wait, receivers that are
// killed at any moment, all of them put on processors at random. What was
// delivered and what was lost is exactly what was sent; of each dead receiver
// at most one message is not accounted for: the one that it had just taken.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ipc/port.h"
#include "libipc/base/clock.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"
#include "tests/testing/world.h"

namespace soak {
namespace {

using ipc::Deadline;
using ipc::Message;
using testing_kit::Must;

constexpr uint32_t kSenders = 2;
constexpr uint32_t kRing = 8192;

// What became of one sender's messages. Stored as one word, so that no death
// falls between its parts.
struct Sum {
  uint64_t ended = 0;    // label of the next message
  uint64_t lost = 0;     // of those before it
  uint64_t unknown = 0;  // taken by somebody who died before saying so
  uint64_t delivered() const { return ended - lost - unknown; }
};
class SharedSum {
 public:
  Sum Load() const {
    const uint64_t word = word_.load();
    return {word >> 36, word >> 8 & kMask, word & 0xff};
  }
  void Store(const Sum& sum) {
    word_.store(sum.ended << 36 | sum.lost << 8 | sum.unknown);
  }

 private:
  static constexpr uint64_t kMask = (uint64_t{1} << 28) - 1;
  std::atomic<uint64_t> word_{0};
};

// In memory that all processes share.
struct Shared {
  std::atomic<bool> over{false};
  std::atomic<uint64_t> wrong{0};
  std::atomic<uint64_t> sent[kSenders] = {};
  SharedSum sums[kSenders];
  uint64_t delivered() const {
    uint64_t sum = 0;
    for (const SharedSum& one : sums) sum += one.Load().delivered();
    return sum;
  }
};

std::string Text(uint64_t label) {
  return std::string(Random(label).Below(300),
                     static_cast<char>('a' + label % 23));
}

void MoveAnywhere(Random& random) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(random.Below(static_cast<uint64_t>(sysconf(_SC_NPROCESSORS_ONLN))),
          &set);
  sched_setaffinity(0, sizeof(set), &set);
}

void SendUntilOver(ipc::Session& session, uint32_t who, Shared& shared,
                   uint64_t seed) {
  Random random(seed + who);
  ipc::Sender sender = Must(ipc::Sender::Create(Must(session.Take("port"))));
  for (uint64_t label = 0; !shared.over.load(); ++label) {
    if (random.OneIn(500)) MoveAnywhere(random);
    if (random.OneIn(50)) std::this_thread::yield();
    Must(sender.Send(Text(label), {.label = static_cast<uint32_t>(label),
                                   .deadline = Deadline::Immediately()}));
    shared.sent[who].store(label + 1);
  }
}

// Every message is whole, in order, and the gap before it was counted. Only the
// first one after a death may begin later: behind the message that the dead one
// had taken and not told of.
class Taker {
 public:
  explicit Taker(Shared& shared) : shared_(shared) {}
  void Take(const Message& message) {
    const uint64_t who = message.badge() - 1;
    SharedSum& shared = shared_.sums[who];
    Sum sum = shared.Load();
    const uint64_t from = message.label() - message.lost();
    const bool is_first = !std::exchange(known_[who], true);
    if (from != sum.ended) {
      if (!is_first || from < sum.ended) ++shared_.wrong;
      sum.lost += from - 1 - sum.ended;
      ++sum.unknown;
    }
    if (message.text() != Text(message.label())) ++shared_.wrong;
    sum.lost += message.lost();
    sum.ended = message.label() + 1;
    shared.Store(sum);
  }

 private:
  Shared& shared_;
  bool known_[kSenders] = {};
};

TEST(Overwriting, WhatIsDeliveredAndWhatIsLostIsWhatWasSent) {
  const uint64_t seed = CurrentOptions().seed;
  Random random(seed);
  auto world = testing_kit::World::Start(testing_kit::Flavour::kProcesses);
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* shared = new (memory) Shared;
  ipc::Capability port = world->NewPort(
      {.ring_bytes = kRing, .buffering = ipc::Buffering::kOverwriting});
  std::vector<std::unique_ptr<testing_kit::Peer>> senders;
  for (uint32_t i = 0; i < kSenders; ++i) {
    ipc::Capability right =
        Must(port.Mint(ipc::kRightSend | ipc::kRightDuplicate, i + 1));
    const ipc::InitialCapability initial[] = {{"port", &right}};
    senders.push_back(world->StartPeer(
        "sender", initial, [shared, i, seed](ipc::Session& session) {
          SendUntilOver(session, i, *shared, seed);
        }));
  }
  const int64_t end =
      Deadline::After(absl::Seconds(CurrentOptions().seconds)).ns;
  uint64_t deaths = 0;
  for (; CurrentOptions().deaths != 0 ? deaths < CurrentOptions().deaths
                                      : base::NowNs() < end;
       ++deaths) {
    const ipc::InitialCapability initial[] = {{"port", &port}};
    auto taker = world->StartPeer(
        "taker", initial, [shared, seed, deaths](ipc::Session& session) {
          Random own(seed * 1'000 + deaths);
          auto right = session.Take("port");
          if (!right.ok()) return;
          // Until the death of the last one is known.
          auto receiver = ipc::Receiver::Create(Must(right->Duplicate()));
          while (!receiver.ok())
            receiver = ipc::Receiver::Create(Must(right->Duplicate()));
          Taker mine(*shared);
          while (true) {
            if (own.OneIn(100)) MoveAnywhere(own);
            mine.Take(Must(receiver->Receive(testing_kit::Soon())));
          }
        });
    const uint64_t until = shared->delivered() + 1 + random.Below(400);
    const Deadline deadline = testing_kit::Soon();
    while (shared->delivered() < until) {
      ASSERT_GT(deadline.ns, base::NowNs()) << "no message comes";
      std::this_thread::yield();
    }
    taker->Kill();
  }
  shared->over = true;
  for (auto& sender : senders) sender->Join();
  ipc::Receiver receiver = [&] {
    auto last = ipc::Receiver::Create(Must(port.Duplicate()));
    while (!last.ok()) last = ipc::Receiver::Create(Must(port.Duplicate()));
    return *std::move(last);
  }();
  Taker mine(*shared);
  for (auto message = receiver.Receive(Deadline::After(absl::Seconds(1)));
       message.ok();
       message = receiver.Receive(Deadline::After(absl::Milliseconds(100))))
    mine.Take(*message);
  EXPECT_EQ(shared->wrong.load(), 0u);
  for (uint32_t i = 0; i < kSenders; ++i) {
    const Sum sum = shared->sums[i].Load();
    EXPECT_GT(shared->sent[i].load(), 0u);
    EXPECT_EQ(sum.delivered() + sum.lost + sum.unknown, shared->sent[i].load());
    EXPECT_LE(sum.unknown, deaths);
    printf("%llu sent, %llu delivered, %llu lost, %llu taken by the dead\n",
           static_cast<unsigned long long>(shared->sent[i].load()),
           static_cast<unsigned long long>(sum.delivered()),
           static_cast<unsigned long long>(sum.lost),
           static_cast<unsigned long long>(sum.unknown));
  }
  printf("%llu receivers were killed\n",
         static_cast<unsigned long long>(deaths));
  munmap(memory, sizeof(Shared));
}

}  // namespace
}  // namespace soak
