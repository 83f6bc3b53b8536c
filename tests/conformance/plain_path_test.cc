// The shortest path of a message (lane_plain.h): it is taken when nothing
// stands against it, refused while something does, and taken again after. Who
// was refused for ever would notice nothing but that lanes are slow.
//
// Two ends that no kernel process knows, joined by hand.
#include <gtest/gtest.h>

#include "libipc/base/flow_ranks.h"
#include "libipc/src/lane_plain.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

constexpr uint32_t kRingBytes = 4096;
// More than a lane measures in a row, and a thread notes after a sleep.
constexpr int kTries = 100;

// A lane's half: as its writer has it, and as often as is wanted as its reader.
struct MadeHalf {
  explicit MadeHalf(uint64_t with_key)
      : key(with_key), memory(*base::Half::Create(kRingBytes)) {}
  std::shared_ptr<base::Half> Map(base::Access access) const {
    return *base::Half::Map(memory.get(), kRingBytes, key, access);
  }
  uint64_t key;
  base::UniqueFd memory;
};

class PlainPath : public ::testing::Test {
 protected:
  PlainPath() { sender_ = MakeSender(/*joined=*/true); }
  LaneEnd::Setup SetupOf(LaneEnd::Role role) {
    const bool sends = role == LaneEnd::Role::kSender;
    LaneEnd::Setup setup = {};
    setup.session = world_->root().core();
    setup.role = role;
    setup.handle = sends ? 0x7fff'0001 : 0x7fff'0002;  // nobody's
    setup.lane_id = 77;
    setup.badge = 9;
    setup.own = (sends ? requests_ : replies_).Map(base::Access::kReadWrite);
    setup.peer = (sends ? replies_ : requests_).Map(base::Access::kRead);
    return setup;
  }
  std::shared_ptr<LaneEnd> MakeSender(bool joined) {
    LaneEnd::Setup setup = SetupOf(LaneEnd::Role::kSender);
    if (!joined) setup.peer = nullptr;
    return LaneEnd::Create(std::move(setup));
  }
  // What the kernel process would say.
  static void Tell(LaneEnd& end, abi::Event event,
                   std::initializer_list<uint64_t> values,
                   std::vector<base::UniqueFd> descriptors = {}) {
    Answer answer;
    answer.completion.number = abi::kEventFlag | static_cast<uint32_t>(event);
    std::copy(values.begin(), values.end(), answer.completion.values);
    answer.descriptors = std::move(descriptors);
    end.mailbox()->Post(std::move(answer));
  }
  void TellJoined() {
    std::vector<base::UniqueFd> half;
    half.emplace_back(dup(replies_.memory.get()));
    Tell(*sender_, abi::Event::lane_joined, {replies_.key, 0, 0, 5},
         std::move(half));
  }
  static void TellTraced(LaneEnd& end, const abi::LaneTracing& tracing) {
    Answer answer;
    answer.completion.number =
        abi::kEventFlag | static_cast<uint32_t>(abi::Event::lane_traced);
    const auto* bytes = reinterpret_cast<const uint8_t*>(&tracing);
    answer.payload.assign(bytes, bytes + sizeof(tracing));
    end.mailbox()->Post(std::move(answer));
  }
  static Bytes Word() { return std::as_bytes(std::span("word", 4)); }

  // Some other way.
  Error SendLong() {
    Outgoing record;
    record.payload = Word();
    return sender_->Send(record, nullptr, Deadline::Immediately());
  }
  void TakeAll() {
    Message::StatePtr message;
    while (receiver_->TakeMessage(&message) == LaneEnd::Take::kMessage) {
    }
  }
  // Whether a message went so, of many that went somehow.
  bool Sends(uint32_t label = 0) {
    for (int i = 0; i < kTries; ++i) {
      if (sender_->TrySendPlain(Word(), label)) return true;
      SendLong();
      TakeAll();
    }
    return false;
  }
  bool Takes() {
    for (int i = 0; i < kTries; ++i) {
      if (SendLong() != Error::ok) return false;
      base::RingReader::Probe next;
      if (receiver_->TryTakePlain(receiver_, &next) != nullptr) return true;
      TakeAll();
    }
    return false;
  }
  // So both are on their way, and nothing else.
  bool SendsTwo() {
    for (int i = 0; i < kTries; ++i) {
      TakeAll();
      if (Sends() && sender_->TrySendPlain(Word(), 0)) return true;
    }
    return false;
  }
  // News of the session's may come between.
  bool Answers(Message::State& call) {
    for (int i = 0; i < kTries; ++i) {
      if (receiver_->TryAnswer(call, Word())) return true;
      world_->root().core()->Pump();
    }
    return false;
  }
  uint64_t Sent() const {
    return requests_.Map(base::Access::kRead)->tail().load();
  }
  Message::StatePtr TakeNow() {
    base::RingReader::Probe next;
    return receiver_->TryTakePlain(receiver_, &next);
  }

  std::unique_ptr<World> world_ = World::Start();
  MadeHalf requests_{uint64_t{1} << 63 | 5};
  MadeHalf replies_{uint64_t{1} << 63 | 6};
  std::shared_ptr<LaneEnd> receiver_ =
      LaneEnd::Create(SetupOf(LaneEnd::Role::kReceiver));
  std::shared_ptr<LaneEnd> sender_;
};

TEST_F(PlainPath, CarriesAllThatAMessageIs) {
  ASSERT_TRUE(Sends());
  TakeAll();
  const FlowScope scope(Flow::WithId(0x5500));
  ASSERT_TRUE(Sends(/*label=*/42));
  const Message::StatePtr message = TakeNow();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->flow, 0x5500u);
  EXPECT_EQ(message->new_flow, 0u);
  EXPECT_EQ(message->badge, 9u);
  EXPECT_EQ(message->label, 42u);
  EXPECT_EQ(message->deadline_ns, base::kNoDeadline);
  EXPECT_FALSE(message->is_call());
  ASSERT_EQ(message->payload.size(), 4u);
  EXPECT_EQ(std::memcmp(message->payload.data(), "word", 4), 0);
}

TEST_F(PlainPath, EachBeginsAFlowOfItsOwn) {
  ASSERT_TRUE(Sends());
  TakeAll();
  std::vector<uint64_t> flows;
  for (int i = 0; i < kTries && flows.size() < 3; ++i) {
    if (!sender_->TrySendPlain(Word(), 0)) SendLong();
    if (const auto message = TakeNow(); message != nullptr)
      flows.push_back(message->flow);
    TakeAll();
  }
  ASSERT_EQ(flows.size(), 3u);
  EXPECT_NE(flows[0], 0u);
  EXPECT_LT(flows[0], flows[1]);
  EXPECT_LT(flows[1], flows[2]);
}

TEST_F(PlainPath, GivesEachANewFlowWhereThePortAsksForIt) {
  LaneEnd::Setup setup = SetupOf(LaneEnd::Role::kReceiver);
  setup.new_flows = true;
  receiver_ = LaneEnd::Create(std::move(setup));
  ASSERT_TRUE(Sends());
  const Message::StatePtr message = TakeNow();
  ASSERT_NE(message, nullptr);
  EXPECT_NE(message->new_flow, 0u);
  EXPECT_NE(message->new_flow, message->flow);
}

TEST_F(PlainPath, CallsAreAnswered) {
  ASSERT_TRUE(Sends());
  TakeAll();
  int plain = 0;
  for (int i = 0; i < kTries; ++i) {
    CallSlot slot;
    if (!sender_->TryCallPlain(Word(), 7, slot)) {
      SendLong();
      TakeAll();
      continue;
    }
    ++plain;
    const Message::StatePtr call = TakeNow();
    ASSERT_NE(call, nullptr);
    EXPECT_TRUE(call->is_call());
    EXPECT_EQ(call->correlation, slot.correlation);
    EXPECT_EQ(call->flow, slot.flow);
    // Also where the thread has something to note.
    t_flight_due = i % 2;
    ASSERT_TRUE(Answers(*call));
    EXPECT_EQ(t_flight_due, 0u);
    ASSERT_TRUE(sender_->TryTakeReply(slot));
    EXPECT_EQ(slot.reply->payload.size(), 4u);
    EXPECT_EQ(slot.reply->label, 7u);
    EXPECT_EQ(slot.reply->flow, slot.flow);
  }
  EXPECT_GT(plain, kTries / 4);
}

TEST_F(PlainPath, NotBeforeAListenerHasJoined) {
  sender_ = MakeSender(/*joined=*/false);
  EXPECT_FALSE(Sends());
  TellJoined();
  EXPECT_FALSE(sender_->TrySendPlain(Word(), 0)) << "past its mail";
  sender_->ProcessMail();
  TakeAll();
  EXPECT_TRUE(Sends());
}

TEST_F(PlainPath, NotBetweenTwoListeners) {
  ASSERT_TRUE(Sends());
  TakeAll();
  Tell(*sender_, abi::Event::lane_orphaned, {Sent(), 0});
  sender_->ProcessMail();
  EXPECT_FALSE(Sends());
  TellJoined();
  sender_->ProcessMail();
  TakeAll();
  EXPECT_TRUE(Sends());
}

TEST_F(PlainPath, NotOverALaneThatIsCut) {
  ASSERT_TRUE(Sends());
  Tell(*sender_, abi::Event::lane_cut, {0, 0, 0});
  sender_->ProcessMail();
  EXPECT_FALSE(Sends());
}

TEST_F(PlainPath, NothingIsTakenAfterListeningEnded) {
  ASSERT_TRUE(Takes());
  receiver_->Detach(Error::canceled);
  EXPECT_FALSE(Takes());
}

TEST_F(PlainPath, NothingIsTakenBehindAMalformedRecord) {
  ASSERT_TRUE(Sends());
  TakeAll();
  base::RingWriter writer(requests_.Map(base::Access::kReadWrite), Sent());
  abi::RecordHeader header = {};
  header.flags = 0xffff;
  writer.Publish(header);
  EXPECT_EQ(TakeNow(), nullptr);
  TakeAll();
  EXPECT_EQ(receiver_->cut(), Error::peer_closed);
  EXPECT_FALSE(Takes());
}

TEST_F(PlainPath, NotPastMail) {
  ASSERT_TRUE(Sends());
  TakeAll();
  sender_->mailbox()->Remind();
  EXPECT_FALSE(sender_->TrySendPlain(Word(), 0));
  sender_->ProcessMail();
  EXPECT_TRUE(Sends());
  receiver_->mailbox()->Remind();
  EXPECT_EQ(TakeNow(), nullptr);
  receiver_->ProcessMail();
  EXPECT_NE(TakeNow(), nullptr);
}

TEST_F(PlainPath, NotWhileTheLaneIsTraced) {
  ASSERT_TRUE(Sends());
  ASSERT_TRUE(Takes());
  abi::LaneTracing tracing = {};
  tracing.scopes[abi::kScopeAll].id = 3;
  for (const auto& end : {sender_, receiver_}) {
    TellTraced(*end, tracing);
    end->ProcessMail();
  }
  EXPECT_FALSE(Sends());
  EXPECT_FALSE(Takes());
  for (const auto& end : {sender_, receiver_}) {
    TellTraced(*end, {});
    end->ProcessMail();
  }
  EXPECT_TRUE(Sends());
  EXPECT_TRUE(Takes());
}

TEST_F(PlainPath, NotWhileTheThreadHasSomethingToNote) {
  ASSERT_TRUE(Sends());
  TakeAll();
  t_flight_due = 1;
  EXPECT_FALSE(sender_->TrySendPlain(Word(), 0));
  EXPECT_EQ(SendLong(), Error::ok);
  EXPECT_EQ(t_flight_due, 0u);
  EXPECT_TRUE(Sends());
}

TEST_F(PlainPath, NotWithoutRoom) {
  ASSERT_TRUE(Sends());
  while (sender_->TrySendPlain(Word(), 0) || SendLong() == Error::ok) {
  }
  EXPECT_FALSE(sender_->TrySendPlain(Word(), 0));
  TakeAll();
  EXPECT_TRUE(Sends());
}

// A call is given up while the ring is full: the listener is still to be told.
TEST_F(PlainPath, NotWhileSomethingIsOwed) {
  ASSERT_TRUE(Sends());
  TakeAll();
  CallSlot slot;
  Outgoing call;
  call.flags = abi::kRecordCall;
  ASSERT_EQ(sender_->Send(call, &slot, Deadline::Immediately()), Error::ok);
  while (SendLong() == Error::ok) {
  }
  sender_->Await(slot, Deadline::Immediately());
  EXPECT_EQ(slot.error, Error::timed_out);
  Message::StatePtr message;
  ASSERT_EQ(receiver_->TakeMessage(&message), LaneEnd::Take::kMessage);
  EXPECT_TRUE(message->is_call());
  TakeAll();
  EXPECT_FALSE(sender_->TrySendPlain(Word(), 0));
  EXPECT_TRUE(Sends()) << "once it is told";
  TakeAll();
  EXPECT_TRUE(receiver_->IsCancelled(message->correlation));
}

TEST_F(PlainPath, NothingIsTakenFromUnderWhoLooksInPlace) {
  ASSERT_TRUE(Takes());
  ASSERT_TRUE(SendsTwo());
  int looked = 0;
  base::RingReader::Probe next;
  receiver_->TryInPlace(
      1,
      [&](const MessageInPlace&) {
        ++looked;
        EXPECT_EQ(TakeNow(), nullptr);
      },
      &next);
  EXPECT_EQ(looked, 1);
  EXPECT_NE(TakeNow(), nullptr);
}

// Also of what is looked at in place it is said how much had queued up.
TEST_F(PlainPath, InPlaceTellsWhatHadQueuedUp) {
  ASSERT_TRUE(Sends());
  TakeAll();
  const auto half = replies_.Map(base::Access::kRead);
  const uint64_t taken = half->counters().taken;
  int sent = 0;
  while (sent < 60 && SendLong() == Error::ok) ++sent;
  ASSERT_EQ(sent, 60);
  base::RingReader::Probe next;
  size_t shown = 0;
  // Nothing else but one of 64 that are counted looks at how many they are.
  for (int round = 0; round < 3; ++round) {
    shown += receiver_
                 ->TryInPlace(
                     1000, [](const MessageInPlace&) {}, &next)
                 .value_or(0);
    while (sent < 60 * (round + 2) && SendLong() == Error::ok) ++sent;
  }
  EXPECT_EQ(shown, 180u);
  EXPECT_EQ(half->counters().taken, taken + shown);
  EXPECT_GE(half->counters().queued_bytes_most, 60 * abi::RecordBytes(4));
}

// A message that takes the long way begins one flow, not two: else a tracing at
// a rate would keep fewer chains than it says.
TEST(LongPath, DrawsOneRankForEachMessage) {
  const std::unique_ptr<World> world = World::Start();
  Capability port = world->NewPort();
  Sender sender = Must(Sender::Create(Must(port.Mint(kRightSend, 1))));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  SessionCore& core = *world->root().core();
  core.AddRankedLanes(1);
  const std::vector<std::byte> large(1000);
  std::vector<uint64_t> flows;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Must(sender.SendBatch({})), 0u);
    Must(sender.Send(large));
    flows.push_back(Must(receiver.Receive(Soon())).flow());
  }
  core.AddRankedLanes(-1);
  for (size_t i = 1; i < flows.size(); ++i) {
    ASSERT_TRUE(base::HasRank(flows[i]));
    // A second may end meanwhile.
    if (base::RankOf(flows[i]) == 1) continue;
    EXPECT_EQ(base::RankOf(flows[i]), base::RankOf(flows[i - 1]) + 1);
  }
}

}  // namespace
}  // namespace ipc
