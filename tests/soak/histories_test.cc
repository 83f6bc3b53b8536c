// Histories of locks, cells, rings, topics and ports, recorded while several
// processes (or threads) use them, are what the sequential object could do.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "ipc/receiver.h"
#include "ipc/region_lock.h"
#include "ipc/sender.h"
#include "ipc/seq_cell.h"
#include "ipc/topic.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"
#include "tests/soak/recorder.h"
#include "tests/testing/models.h"
#include "tests/testing/world.h"

namespace soak {
namespace {

using ipc::Capability;
using ipc::Deadline;
using ipc::Error;
using ipc::Region;
using ipc::Session;
using testing_kit::Must;
using testing_kit::Operation;
using testing_kit::Soon;
using testing_kit::Verdict;

namespace lock_model = testing_kit::lock_model;
namespace log_model = testing_kit::log_model;
namespace port_model = testing_kit::port_model;
namespace register_model = testing_kit::register_model;

constexpr uint32_t kActors = 4;
constexpr uint64_t kTimes = 200;  // each does its thing in one history

class Histories : public ::testing::Test {
 protected:
  using Body = std::function<void(Session&, Recorder&, uint32_t actor)>;
  using Gift = std::function<ipc::InitialCapability(uint32_t actor)>;

  // Histories as long as the options say, at least three.
  template <typename Round>
  void Repeat(Round round) {
    const int64_t end =
        base::NowNs() + CurrentOptions().seconds * int64_t{150'000'000};
    int rounds = 0;
    for (; (rounds < 3 || base::NowNs() < end) && !HasFailure(); ++rounds)
      round();
    printf("%d histories\n", rounds);
  }
  std::vector<Operation> Record(const Gift& gift, const Body& body,
                                uint32_t actors = kActors) {
    const std::shared_ptr<Recorder> recorder = Recorder::Create();
    std::vector<std::unique_ptr<testing_kit::Peer>> peers;
    for (uint32_t actor = 0; actor < actors; ++actor) {
      const ipc::InitialCapability initial[] = {gift(actor)};
      peers.push_back(world_->StartPeer(
          "actor", initial, [recorder, actor, body](Session& session) {
            body(session, *recorder, actor);
          }));
    }
    for (auto& peer : peers) peer->Join();
    return recorder->History();
  }
  void Judge(const testing_kit::Model& model,
             const std::vector<Operation>& history) {
    if (HasFailure()) return;
    ASSERT_GT(history.size(), kTimes);
    EXPECT_EQ(testing_kit::Judge(model, history), Verdict::kLinearizable)
        << "seed " << CurrentOptions().seed;
  }

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
};

// ---- region lock

void LockAndUnlock(Session& session, Recorder& recorder, uint32_t actor) {
  const Region region = Must(Region::Adopt(Must(session.Take("region"))));
  ipc::RegionLock lock = Must(ipc::RegionLock::Attach(region, 0));
  Random random(CurrentOptions().seed * 100 + actor);
  recorder.Begin(kActors);
  for (uint64_t i = 0; i < kTimes; ++i) {
    const bool exclusive = random.OneIn(3);
    ipc::LockGuard held;
    recorder.Do(actor, [&](Operation& one) {
      one.kind = exclusive ? lock_model::kExclusive : lock_model::kShared;
      auto got =
          exclusive ? lock.LockExclusive(Soon()) : lock.LockShared(Soon());
      held = Must(std::move(got));
      return true;
    });
    recorder.Do(actor, [&](Operation& one) {
      one.kind = exclusive ? lock_model::kEndExclusive : lock_model::kEndShared;
      held.Unlock();
      return true;
    });
  }
}

TEST_F(Histories, OfARegionLockAreThoseOfALock) {
  const Region region = Must(Region::Create(world_->root(), 4096));
  const auto gift = [&](uint32_t) -> ipc::InitialCapability {
    return {"region", &region.capability()};
  };
  Repeat([&] { Judge(lock_model::Make(), Record(gift, LockAndUnlock)); });
}

// ---- last values

// Many, and long to write, so that readers are amid a writing.
constexpr uint64_t kValues = 1'000;
struct Value {
  uint64_t words[256];
};
Value ValueOf(uint64_t number) {
  Value value;
  for (uint64_t& word : value.words) word = number;
  return value;
}
uint64_t NumberOf(const Value& value) {
  const uint64_t number = value.words[0];
  const bool whole = std::all_of(std::begin(value.words), std::end(value.words),
                                 [&](uint64_t word) { return word == number; });
  EXPECT_TRUE(whole) << "a torn value";
  return number;
}

class LastValues : public Histories {
 protected:
  // Actor 0 writes; the others can only read.
  static constexpr uint64_t kBytes = ipc::SeqRingBytes<Value>(16);
  static ipc::Mapping Map(Session& session, uint32_t actor) {
    const Region region = Must(Region::Adopt(Must(session.Take("region"))));
    return Must(actor == 0 ? region.MapWrite() : region.MapRead());
  }
};

void UseCell(const ipc::Mapping& mapping, Recorder& recorder, uint32_t actor) {
  using namespace register_model;
  if (actor == 0) {
    auto cell = Must(ipc::SeqCellWriter<Value>::Create(mapping.bytes()));
    cell.Store(ValueOf(0));
    recorder.Begin(kActors);
    for (uint64_t i = 1; i <= kValues; ++i)
      recorder.Do(actor, [&](Operation& one) {
        one.kind = kWrite;
        cell.Store(ValueOf(one.value = i));
        return true;
      });
    return;
  }
  recorder.Begin(kActors);
  auto cell = Must(ipc::SeqCellReader<Value>::Create(mapping.bytes()));
  for (uint64_t i = 0; i < kValues; ++i)
    recorder.Do(actor, [&](Operation& one) {
      one.kind = kRead;
      one.value = NumberOf(Must(cell.Load(Soon())));
      return true;
    });
}

TEST_F(LastValues, OfACellAreThoseOfARegister) {
  Repeat([&] {
    const Region region = Must(Region::Create(world_->root(), kBytes));
    Judge(register_model::Make(),
          Record(
              [&](uint32_t) -> ipc::InitialCapability {
                return {"region", &region.capability()};
              },
              [](Session& session, Recorder& recorder, uint32_t actor) {
                UseCell(Map(session, actor), recorder, actor);
              }));
  });
}

constexpr uint32_t kKept = 4;

// What reading said: the record that comes after `one.more` lost ones, or that
// there is none. Of several times nothing in a row the first is recorded.
template <typename Next>
void ReadAll(Recorder& recorder, uint32_t actor, uint32_t reader, uint64_t most,
             Next next) {
  uint64_t last = 0;
  bool had_nothing = false;
  while (last < most)
    recorder.Do(actor, [&](Operation& one) {
      one.actor = reader;
      one.kind = log_model::kNext;
      const absl::Status status = next(one);
      if (status.ok()) {
        last = one.value;
        had_nothing = false;
        return true;
      }
      EXPECT_EQ(ipc::ErrorOf(status), Error::should_wait);
      one.kind = log_model::kNothing;
      return !std::exchange(had_nothing, true);
    });
}

void UseRing(const ipc::Mapping& mapping, Recorder& recorder, uint32_t actor) {
  if (actor == 0) {
    auto ring = Must(ipc::SeqRingWriter<Value>::Create(mapping.bytes(), kKept));
    recorder.Begin(kActors);
    for (uint64_t i = 1; i <= kValues; ++i)
      recorder.Do(actor, [&](Operation& one) {
        one.kind = log_model::kPublish;
        ring.Publish(ValueOf(one.value = i));
        return true;
      });
    return;
  }
  recorder.Begin(kActors);
  // It finds all that is kept then; before that it could have had no cursor.
  auto ring = Must(ipc::SeqRingReader<Value>::Create(mapping.bytes()));
  uint64_t before = 0;
  ReadAll(recorder, actor, actor - 1, kValues, [&](Operation& one) {
    const auto got = ring.Next(Deadline::Immediately());
    if (!got.ok()) return got.status();
    one.value = NumberOf(got->value);
    EXPECT_EQ(one.value, got->number + 1);
    one.more = one.value - before - 1;
    if (before > 0) {
      EXPECT_EQ(one.more, got->missed);
    }
    before = one.value;
    return absl::OkStatus();
  });
}

TEST_F(LastValues, OfARingAreThoseOfTheLastOfALog) {
  Repeat([&] {
    const Region region = Must(Region::Create(world_->root(), kBytes));
    Judge(log_model::Make(kActors - 1, kKept, 0),
          Record(
              [&](uint32_t) -> ipc::InitialCapability {
                return {"region", &region.capability()};
              },
              [](Session& session, Recorder& recorder, uint32_t actor) {
                UseRing(Map(session, actor), recorder, actor);
              }));
  });
}

// ---- topics

constexpr uint32_t kReliable = 2;

void UseTopic(Session& session, Recorder& recorder, uint32_t actor) {
  Capability topic = Must(session.Take("topic"));
  const std::string payload(200, 't');
  if (actor == 0) {
    auto publisher = Must(ipc::Publisher::Create(std::move(topic)));
    recorder.Begin(kActors);
    for (uint64_t i = 1; i <= kTimes; ++i)
      recorder.Do(actor, [&](Operation& one) {
        one.kind = log_model::kPublish;
        one.value = i;
        Must(publisher.Publish(ipc::BytesOf(payload), Soon()));
        return true;
      });
    // Not gone before all have read.
    while (recorder.shared.load() < kActors - 1) sched_yield();
    return;
  }
  const uint32_t reader = actor - 1;
  auto subscriber = Must(ipc::Subscriber::Create(
      std::move(topic),
      {.delivery = reader < kReliable ? ipc::Delivery::kReliable
                                      : ipc::Delivery::kLossy}));
  recorder.Begin(kActors);
  ReadAll(recorder, actor, reader, kTimes, [&](Operation& one) {
    const auto got = subscriber.Next(Deadline::Immediately());
    if (!got.ok()) return got.status();
    EXPECT_EQ(ipc::TextOf(got->payload), payload);
    one.value = got->sequence;
    one.more = got->lost;
    return absl::OkStatus();
  });
  recorder.shared.fetch_add(1);
}

TEST_F(Histories, OfATopicAreThoseOfALog) {
  Repeat([&] {
    const Capability topic =
        Must(ipc::CreateTopic(world_->root(), {.ring_bytes = 4096}));
    Judge(log_model::Make(kActors - 1, log_model::kAll, kReliable),
          Record(
              [&](uint32_t) -> ipc::InitialCapability {
                return {"topic", &topic};
              },
              UseTopic));
  });
}

// ---- ports

constexpr uint32_t kSenders = 2;
constexpr ipc::Rights kReceive = ipc::kRightReceive | ipc::kRightDuplicate;

void SendAll(Session& session, Recorder& recorder, uint32_t actor) {
  auto sender = Must(ipc::Sender::Create(Must(session.Take("port"))));
  recorder.Begin(kActors);
  for (uint64_t i = 1; i <= kTimes; ++i)
    recorder.Do(actor, [&](Operation& one) {
      one.kind = port_model::kSend;
      one.actor = actor;
      one.value = i;
      const auto label = static_cast<uint32_t>(i);
      Must(sender.Send("message", {.label = label, .deadline = Soon()}));
      return true;
    });
}
void ReceiveAll(ipc::Receiver& receiver, Recorder& recorder, uint32_t actor,
                uint32_t queue) {
  recorder.Begin(kActors);
  bool had_none = false;
  while (recorder.shared.load() < kSenders * kTimes)
    recorder.Do(actor, [&](Operation& one) {
      const auto message = receiver.Receive(Deadline::Immediately());
      one.more = queue;
      if (message.ok()) {
        one.kind = port_model::kReceive;
        one.actor = static_cast<uint32_t>(message->badge() - 1);
        one.value = message->label();
        had_none = false;
        recorder.shared.fetch_add(1);
        return true;
      }
      EXPECT_EQ(ipc::ErrorOf(message.status()), Error::should_wait);
      one.kind = port_model::kEmpty;
      return !std::exchange(had_none, true);
    });
}

// Each message went to exactly one; puts who that was into its sending, and
// numbers the messages of each queue.
std::vector<Operation> ByQueue(std::vector<Operation> history) {
  std::map<std::pair<uint32_t, uint64_t>, Operation*> received;
  for (Operation& one : history)
    if (one.kind == port_model::kReceive) {
      EXPECT_TRUE(
          received.emplace(std::pair(one.actor, one.value), &one).second)
          << "message " << one.value << " twice";
    }
  EXPECT_EQ(received.size(), kSenders * kTimes);
  std::map<std::pair<uint32_t, uint64_t>, uint64_t> numbers;
  for (Operation& one : history) {
    if (one.kind != port_model::kSend) continue;
    const auto found = received.find({one.actor, one.value});
    if (found == received.end()) continue;
    one.more = found->second->more;
    one.value = found->second->value = ++numbers[{one.actor, one.more}];
  }
  return history;
}

class PortHistories : public Histories {
 protected:
  // Senders, and then whoever receives.
  std::vector<Capability> Rights(const Capability& port) {
    std::vector<Capability> rights;
    for (uint32_t sender = 0; sender < kSenders; ++sender)
      rights.push_back(
          Must(port.Mint(ipc::kRightSend | ipc::kRightDuplicate, sender + 1)));
    while (rights.size() < kActors)
      rights.push_back(Must(port.Duplicate(kReceive)));
    return rights;
  }
  void JudgePort(const Capability& port, uint32_t receivers, const Body& body) {
    const std::vector<Capability> rights = Rights(port);
    const auto history = Record(
        [&](uint32_t actor) -> ipc::InitialCapability {
          return {"port", &rights[actor]};
        },
        body, kSenders + receivers);
    if (HasFailure()) return;
    Judge(port_model::Make(kSenders, receivers), ByQueue(history));
  }
};

TEST_F(PortHistories, OfSeveralReceiversAreThoseOfAQueueToEach) {
  Repeat([&] {
    JudgePort(world_->NewPort({.sharing = ipc::Sharing::kManyListeners}),
              kActors - kSenders,
              [](Session& session, Recorder& recorder, uint32_t actor) {
                if (actor < kSenders) return SendAll(session, recorder, actor);
                auto receiver =
                    Must(ipc::Receiver::Create(Must(session.Take("port"))));
                ReceiveAll(receiver, recorder, actor, actor - kSenders);
              });
  });
}

TEST_F(PortHistories, OfSeveralThreadsOfAReceiverAreThoseOfOneQueue) {
  Repeat([&] {
    JudgePort(world_->NewPort(), 1,
              [](Session& session, Recorder& recorder, uint32_t actor) {
                if (actor < kSenders) return SendAll(session, recorder, actor);
                auto receiver =
                    Must(ipc::Receiver::Create(Must(session.Take("port"))));
                std::thread other(
                    [&] { ReceiveAll(receiver, recorder, actor + 1, 0); });
                ReceiveAll(receiver, recorder, actor, 0);
                other.join();
              });
  });
}

}  // namespace
}  // namespace soak
