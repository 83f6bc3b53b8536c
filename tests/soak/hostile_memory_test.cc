// Peers that lie in memory that others read: a lender that rewrites what it
// lent and names blocks that are none, a publisher that forges its ring, a
// subscriber that lies about its place or never moves. Who reads gets bytes of
// its own that stay as they are, or an error; no wait outlasts its deadline;
// the others go on.
#include <gtest/gtest.h>
#include <limits.h>
#include <sched.h>

#include <cstring>
#include <optional>

#include "ipc/loan.h"
#include "ipc/receiver.h"
#include "ipc/region.h"
#include "ipc/sender.h"
#include "ipc/topic.h"
#include "libipc/base/clock.h"
#include "libipc/base/futex.h"
#include "libipc/base/half.h"
#include "libipc/base/socket.h"
#include "libipc/base/topic_ring.h"
#include "session_core.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"
#include "tests/soak/storm.h"
#include "tests/testing/world.h"

namespace soak {
namespace {

namespace abi = ipc::abi;
using ipc::Answer;
using ipc::Capability;
using ipc::Deadline;
using ipc::Delivery;
using ipc::Error;
using ipc::Publisher;
using ipc::Session;
using ipc::SessionCore;
using ipc::Subscriber;
using testing_kit::Must;
using testing_kit::Soon;

constexpr int64_t kLateNs = 5'000'000'000;
constexpr uint32_t kRing = 4096;

Deadline InAMoment() { return Deadline::After(absl::Milliseconds(2)); }

uint64_t AnyNumber(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return random.Below(300);
    case 1:
      return ~uint64_t{0} << random.Below(64);
    default:
      return random.Next() >> random.Below(64);
  }
}

// Any words in it, until the storm is over.
void Scribble(uint8_t* memory, size_t bytes, Random& random) {
  for (uint64_t left = random.Below(64); left > 0; --left) {
    auto& word = *reinterpret_cast<uint64_t*>(
        memory + random.Below(bytes / sizeof(uint64_t)) * sizeof(uint64_t));
    std::atomic_ref<uint64_t>(word).store(AnyNumber(random),
                                          std::memory_order_relaxed);
  }
}

class HostileMemory : public ::testing::Test {
 protected:
  std::unique_ptr<testing_kit::Peer> Start(const char* as, const Capability& it,
                                           testing_kit::World::Body body) {
    const ipc::InitialCapability initial[] = {{as, &it}};
    return world_->StartPeer("hostile", initial, std::move(body));
  }
  // Until the time is up and the hostile one has done something.
  template <typename Done>
  void While(Done done) {
    const int64_t end =
        base::NowNs() + CurrentOptions().seconds * int64_t{150'000'000};
    bool more = true;
    while ((more || base::NowNs() < end) && !HasFailure()) {
      const int64_t before = base::NowNs();
      more = !done();
      EXPECT_LT(base::NowNs() - before, kLateNs);
      EXPECT_LT(before, end + 20'000'000'000) << "nothing hostile was seen";
    }
    storm_->End();
  }

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
  std::shared_ptr<Storm> storm_ = Storm::Create();
  Random random_{CurrentOptions().seed};
};

// ---- lenders

uint64_t SumOf(ipc::Bytes bytes) {
  uint64_t sum = 0;
  for (const std::byte byte : bytes)
    sum = sum * 31 + std::to_integer<uint64_t>(byte);
  return sum;
}

// Goes on writing what it has lent.
void RewriteLoans(Session& session, const Storm& storm) {
  auto sender = Must(ipc::Sender::Create(Must(session.Take("port"))));
  auto pool = Must(ipc::Pool::Create(session, 64 * 1024));
  Random random(CurrentOptions().seed + 1);
  while (!storm.over()) {
    auto loan = pool.Allocate(1024 + random.Below(8192));
    std::span<std::byte> memory;
    if (loan.ok()) {
      memory = loan->bytes();
      const auto status =
          sender.SendLoan(*loan, {.deadline = Deadline::Immediately()});
      if (ipc::ErrorOf(status) == Error::peer_closed) return;
    }
    for (int i = 0; i < 100 && !memory.empty(); ++i)
      Scribble(reinterpret_cast<uint8_t*>(memory.data()),
               memory.size() & ~size_t{7}, random);
  }
}

TEST_F(HostileMemory, OfALenderLeavesAPrivateCopyAsItWas) {
  Capability port = world_->NewPort();
  const Capability right =
      Must(port.Mint(ipc::kRightSend | ipc::kRightDuplicate, 1));
  auto receiver = Must(ipc::Receiver::Create(std::move(port)));
  Storm& storm = *storm_;
  const auto peer = Start("port", right, [&storm](Session& session) {
    RewriteLoans(session, storm);
  });
  uint64_t changed = 0;
  uint64_t taken = 0;
  While([&] {
    auto message = receiver.Receive(InAMoment());
    if (!message.ok()) return false;
    const uint64_t before = SumOf(message->payload());
    changed += SumOf(message->payload()) != before ? 1 : 0;
    Must(message->MakePrivate());
    EXPECT_FALSE(message->is_loan());
    const uint64_t sum = SumOf(message->payload());
    for (int i = 0; i < 10; ++i) EXPECT_EQ(SumOf(message->payload()), sum);
    return ++taken > 10;
  });
  printf("%lu loans, %lu seen to change under the reader\n", taken, changed);
}

// Lends what is not there, and gives back what it does not have.
class NamesAnyBlock {
 public:
  NamesAnyBlock(Session& session, const Storm& storm)
      : core_(*session.core()),
        storm_(storm),
        port_(Must(session.Take("port"))),
        region_(Must(ipc::Region::Create(session, kBytes))),
        random_(CurrentOptions().seed + 2) {
    Must(region_.SealSingleWriter());
  }
  void Run() {
    while (!storm_.over()) {
      const Answer lane =
          core_.Call(abi::Syscall::port_connect, port_.handle());
      if (lane.error() != Error::ok) return;
      const auto handle = static_cast<ipc::Handle>(lane.value(0));
      PutAll(lane, handle);
      core_.Call(abi::Syscall::lane_close, handle);
    }
  }

 private:
  static constexpr uint64_t kBytes = 16 * 4096;

  void PutAll(const Answer& lane, ipc::Handle handle) {
    const auto bytes = static_cast<uint32_t>(lane.value(2));
    const auto half = *base::Half::Map(lane.descriptors[0].get(), bytes,
                                       lane.value(1), base::Access::kReadWrite);
    core_.Call(abi::Syscall::lane_ready, handle);
    core_.Call(abi::Syscall::lane_attach, handle,
               {.args = {region_.capability().handle()}});
    base::RingWriter writer(half, 0);
    // As many as fit once around.
    for (uint64_t room = bytes / 2; room > 512; room -= 512) Put(writer);
    base::WakeWord(half->tail_word(), INT_MAX);
    base::RingBell(lane.descriptors[1].get());
  }
  void Put(base::RingWriter& writer) {
    struct {
      abi::LoanParts parts;
      abi::LoanRef refs[abi::kLoanPartsMax];
    } record = {};
    abi::RecordHeader header = {};
    header.flags = abi::kRecordLoan;
    const bool parts = random_.OneIn(2);
    if (parts) header.flags |= abi::kRecordParts;
    if (random_.OneIn(8)) header.flags = abi::kRecordReturn;
    record.parts.count = 1 + static_cast<uint32_t>(random_.Below(9));
    for (abi::LoanRef& ref : record.refs) {
      const auto number = static_cast<uint32_t>(AnyNumber(random_));
      ref = {random_.OneIn(2) ? 0 : number, 0, AnyNumber(random_),
             AnyNumber(random_)};
      // The edges.
      if (random_.OneIn(3)) ref.bytes = kBytes - ref.offset;
      if (random_.OneIn(5)) ++ref.bytes;
    }
    const void* from = &record.refs[0];
    size_t bytes = sizeof(record.refs[0]);
    if (parts) {
      from = &record;
      bytes = sizeof(record) - (random_.OneIn(4) ? random_.Below(100) : 0);
    }
    std::memcpy(writer.Payload(), from, bytes);
    header.payload_bytes = static_cast<uint32_t>(bytes);
    writer.Publish(header);
  }

  SessionCore& core_;
  const Storm& storm_;
  const Capability port_;
  const ipc::Region region_;
  Random random_;
};

TEST_F(HostileMemory, BlocksThatAreNoneReachNoReader) {
  Capability port = world_->NewPort();
  const Capability right =
      Must(port.Mint(ipc::kRightSend | ipc::kRightDuplicate, 1));
  const Capability good_right =
      Must(port.Mint(ipc::kRightSend | ipc::kRightDuplicate, 2));
  auto receiver = Must(ipc::Receiver::Create(std::move(port)));
  Storm& storm = *storm_;
  const auto peer = Start("port", right, [&storm](Session& session) {
    NamesAnyBlock(session, storm).Run();
  });
  auto good =
      Must(ipc::Sender::Create(Must(good_right.Duplicate(ipc::kRightsSame))));
  uint64_t taken = 0;
  uint32_t sent = 0;
  uint32_t heard = 0;
  uint64_t sum = 0;
  While([&] {
    if (good.Send("good",
                  {.label = sent + 1, .deadline = Deadline::Immediately()})
            .ok())
      ++sent;
    const auto message = receiver.Receive(InAMoment());
    if (!message.ok()) return false;
    if (message->badge() == 2) {
      EXPECT_EQ(message->label(), ++heard);
      return taken > 10;
    }
    sum += SumOf(message->payload());
    for (const ipc::Bytes block : message->blocks()) {
      EXPECT_LE(block.size(), size_t{16 * 4096});
      sum += SumOf(block);
    }
    ++taken;
    return taken > 10;
  });
  EXPECT_GT(heard, 0u);
  printf("%lu loans that could be, sum %lx\n", taken, sum);
}

// ---- publishers

void AwaitNs(int64_t ns) {
  for (const int64_t end = base::NowNs() + ns; base::NowNs() < end;)
    sched_yield();
}

void ForgeRing(Session& session, const Storm& storm, uint64_t seed) {
  const Capability topic = Must(session.Take("topic"));
  const std::shared_ptr<SessionCore> core = session.core();
  const Answer granted =
      core->Call(abi::Syscall::topic_publish, topic.handle());
  if (granted.error() == Error::canceled) return;  // killed before it began
  ASSERT_EQ(granted.error(), Error::ok);
  const auto bytes = static_cast<uint32_t>(granted.value(1));
  const auto memory =
      *base::TopicMemory::Map(granted.descriptors[0].get(), bytes,
                              granted.value(0), base::Access::kReadWrite);
  core->Call(abi::Syscall::topic_ready, topic.handle());
  base::TopicWriter writer(memory, granted.value(2), granted.value(3));
  Random random(seed);
  std::string payload(1024, 'f');
  for (int step = 0; step < 3'000 && !storm.over(); ++step) {
    // True ones at first, so that it is believed, and now and then.
    if (step < 30 || random.OneIn(4)) {
      const size_t most = step < 30 ? 64 : 1024;
      writer.MakeRoom(writer.OverwritesBelow(most), ~uint64_t{0});
      writer.Publish(1, payload.data(), random.Below(most));
      if (step < 30) AwaitNs(200'000);
    } else if (random.OneIn(2)) {
      Scribble(memory->ring(), bytes, random);
    } else if (random.OneIn(2)) {
      memory->tail().store(writer.position() + 64 * random.Below(100));
      memory->oldest().store(AnyNumber(random));
    } else {
      memory->tail().store(AnyNumber(random));
      memory->next_sequence().store(AnyNumber(random));
      memory->oldest().store(writer.position() - 64 * random.Below(100));
    }
    base::WakeWord(memory->tail_word(), INT_MAX);
  }
}

TEST_F(HostileMemory, OfAPublisherHarmsNoSubscriberAndNotTheNextPublisher) {
  const Capability topic =
      Must(ipc::CreateTopic(world_->root(), {.ring_bytes = kRing}));
  const Capability right =
      Must(topic.Duplicate(ipc::kRightSend | ipc::kRightDuplicate));
  Storm& storm = *storm_;
  uint64_t taken = 0;
  uint64_t broken = 0;
  const auto subscribe = [&](Delivery delivery) {
    return Must(Subscriber::Create(
        Must(topic.Duplicate(ipc::kRightReceive)),
        {.delivery = delivery, .beginning = ipc::Beginning::kOldest}));
  };
  While([&] {
    Subscriber reliable = subscribe(Delivery::kReliable);
    Subscriber lossy = subscribe(Delivery::kLossy);
    const uint64_t seed = random_.Next();
    const auto peer = Start("topic", right, [&storm, seed](Session& session) {
      ForgeRing(session, storm, seed);
    });
    bool over = false;
    const int64_t end = base::NowNs() + 200'000'000;
    while (!over && base::NowNs() < end)
      for (Subscriber* one : {&reliable, &lossy}) {
        const auto got = one->Next(InAMoment());
        if (got.ok()) {
          EXPECT_LE(got->payload.size(), size_t{kRing / 2});
          SumOf(got->payload);
          ++taken;
        } else if (ipc::ErrorOf(got.status()) == Error::peer_closed) {
          ++broken;
          over = true;
        }
      }
    peer->Kill();
    return taken > 10 && broken > 0;
  });
  printf("%lu records of forgers, %lu found out\n", taken, broken);
  // The last forger is gone in a moment.
  const Deadline deadline = Soon();
  for (;;) {
    auto publisher = Publisher::Create(Must(topic.Duplicate(ipc::kRightSend)));
    if (!publisher.ok()) {
      ASSERT_EQ(ipc::ErrorOf(publisher.status()), Error::bad_state);
      ASSERT_LT(Deadline::After(absl::ZeroDuration()).ns, deadline.ns);
      continue;
    }
    Subscriber subscriber =
        Must(Subscriber::Create(Must(topic.Duplicate(ipc::kRightReceive))));
    Must(publisher->Publish(ipc::BytesOf("true"), Soon()));
    EXPECT_EQ(ipc::TextOf(Must(subscriber.Next(Soon())).payload), "true");
    return;
  }
}

// ---- subscribers

// Says anything about its place, or nothing.
void LieAboutPlace(Session& session, const Storm& storm, bool moves) {
  const Capability topic = Must(session.Take("topic"));
  const std::shared_ptr<SessionCore> core = session.core();
  Random random(CurrentOptions().seed + 4);
  while (!storm.over()) {
    const Answer granted =
        core->Call(abi::Syscall::topic_subscribe, topic.handle(),
                   {.options = abi::kSubscribeReliable | abi::kSubscribeBell});
    if (granted.error() != Error::ok) return;
    const auto handle = static_cast<ipc::Handle>(granted.value(0));
    const auto page = *base::SubscriberMemory::Map(
        granted.descriptors[0].get(), static_cast<uint32_t>(granted.value(2)),
        base::Access::kReadWrite);
    core->Call(abi::Syscall::subscription_ready, handle);
    const int64_t end = base::NowNs() + (moves ? 2'000'000 : 50'000'000);
    while (base::NowNs() < end && !storm.over()) {
      if (moves) page.head().store(AnyNumber(random) & ~uint64_t{63});
      page.armed().store(static_cast<uint32_t>(AnyNumber(random)));
      page.barrier().store(static_cast<uint32_t>(random.Below(2)));
      base::WakeWord(&page.armed_word(), INT_MAX);
      sched_yield();
    }
    core->Call(abi::Syscall::handle_close, handle);
  }
}

class HostileSubscribers : public HostileMemory {
 protected:
  // Publishes beside it; counts what the witness reads.
  void PublishBeside(const ipc::TopicOptions& options, bool moves) {
    const Capability topic = Must(ipc::CreateTopic(world_->root(), options));
    const Capability right =
        Must(topic.Duplicate(ipc::kRightReceive | ipc::kRightDuplicate));
    publisher_.emplace(
        Must(Publisher::Create(Must(topic.Duplicate(ipc::kRightSend)))));
    Subscriber witness =
        Must(Subscriber::Create(Must(topic.Duplicate(ipc::kRightReceive))));
    Storm& storm = *storm_;
    const auto peer = Start("topic", right, [&storm, moves](Session& session) {
      LieAboutPlace(session, storm, moves);
    });
    While([&] {
      const std::string text = std::to_string(published_ + 1);
      const auto status = publisher_->Publish(
          ipc::BytesOf(text), Deadline::After(absl::Milliseconds(20)));
      if (!status.ok()) {
        EXPECT_EQ(ipc::ErrorOf(status), Error::timed_out);
        ++timed_out_;
        return published_ > 100;
      }
      ++published_;
      const auto got = Must(witness.Next(Soon()));
      EXPECT_EQ(got.sequence, published_);
      EXPECT_EQ(ipc::TextOf(got.payload), text);
      had_company_ |= publisher_->subscribers() > 1;
      return published_ > 100 && had_company_;
    });
    printf("%lu published, %lu timed out, %lu cut\n", published_, timed_out_,
           publisher_->counts().cuts);
  }

  std::optional<Publisher> publisher_;
  uint64_t published_ = 0;
  uint64_t timed_out_ = 0;
  bool had_company_ = false;
};

TEST_F(HostileSubscribers, ThatLieCostAPublisherNoMoreThanItsDeadline) {
  PublishBeside({.ring_bytes = kRing}, true);
}

TEST_F(HostileSubscribers, ThatNeverMoveCostNoMoreThanTheDeadline) {
  PublishBeside({.ring_bytes = kRing}, false);
  EXPECT_GT(timed_out_, 0u);
  EXPECT_EQ(publisher_->counts().cuts, 0u);
}

TEST_F(HostileSubscribers, ThatNeverMoveAreCutByPolicyAndCounted) {
  PublishBeside({.ring_bytes = kRing,
                 .slow = ipc::SlowSubscriber::kCut,
                 .patience = absl::Milliseconds(1)},
                false);
  EXPECT_GT(publisher_->counts().cuts, 0u);
}

}  // namespace
}  // namespace soak
