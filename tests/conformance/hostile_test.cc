// Hostile peers: they harm themselves only.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "libipc/abi/handshake.h"
#include "libipc/abi/requests.h"
#include "libipc/base/clock.h"
#include "libipc/base/half.h"
#include "libipc/base/socket.h"
#include "session_core.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

// A session of which every byte is in the test's hands.
struct RawSession {
  explicit RawSession(base::UniqueFd fd) : socket(std::move(fd)) {
    abi::Hello hello = {};
    hello.magic = abi::kMagic;
    hello.kind = abi::SocketKind::hello;
    hello.version = abi::kVersion;
    Send(&hello, sizeof(hello));
    EXPECT_TRUE(base::WaitReadable(socket.get(), Soon().ns));
    auto got = base::ReceiveMessage(socket.get(), &welcome, sizeof(welcome));
    EXPECT_TRUE(got.ok() && got->descriptors.size() == 2);
    requests = *base::Half::Map(got->descriptors[0].get(), welcome.ring_bytes,
                                welcome.request_key, base::Access::kReadWrite);
    completions =
        *base::Half::Map(got->descriptors[1].get(), welcome.ring_bytes,
                         welcome.completion_key, base::Access::kRead);
    const abi::SocketMessage ready = {abi::kMagic, abi::SocketKind::ready, 0};
    Send(&ready, sizeof(ready));
    writer = base::RingWriter(requests, 0);
  }
  void Send(const void* data, size_t bytes) {
    base::SendMessage(socket.get(), data, bytes).ok();
  }
  void Bell() {
    const abi::SocketMessage bell = {abi::kMagic, abi::SocketKind::bell, 0};
    Send(&bell, sizeof(bell));
  }
  bool Post(const void* data, size_t bytes) {
    if (!writer.HasRoom(bytes, completions.get())) return false;
    std::memcpy(writer.Payload(), data, bytes);
    abi::RecordHeader header = {};
    header.payload_bytes = static_cast<uint32_t>(bytes);
    writer.Publish(header);
    return true;
  }

  base::UniqueFd socket;
  abi::Welcome welcome = {};
  std::shared_ptr<base::Half> requests;
  std::shared_ptr<base::Half> completions;
  base::RingWriter writer;
};

// A sender's lane whose memory the test writes as it likes.
struct HostileLane {
  HostileLane(const std::shared_ptr<SessionCore>& core, const Capability& port)
      : session(core) {
    SessionCore::Expect expect(*session);
    answer = session->Call(abi::Syscall::port_connect, port.handle());
    EXPECT_EQ(answer.error(), Error::ok);
    handle = static_cast<Handle>(answer.value(0));
    MapHalf();
    writer = base::RingWriter(half, 0);
  }
  // It is the session's spare if there was one.
  void MapHalf() {
    abi::LaneGranted granted = {};
    EXPECT_TRUE(answer.Read(&granted));
    if (auto spare = session->TakeSpare(granted.spare); spare.has_value()) {
      half = std::move(spare->half);
      bell = std::move(spare->bell);
      return;
    }
    half = *base::Half::Map(answer.descriptors.at(0).get(),
                            static_cast<uint32_t>(answer.value(2)),
                            answer.value(1), base::Access::kReadWrite);
    bell = std::move(answer.descriptors.at(1));
    EXPECT_EQ(session->Call(abi::Syscall::lane_ready, handle).error(),
              Error::ok);
  }
  void Put(std::string_view payload, abi::RecordHeader header) {
    std::copy(payload.begin(), payload.end(), writer.Payload());
    header.payload_bytes = static_cast<uint32_t>(payload.size());
    writer.Publish(header);
    base::WakeWord(half->tail_word(), 1);
    base::RingBell(bell.get());
  }
  std::shared_ptr<SessionCore> session;
  Answer answer;
  Handle handle = 0;
  std::shared_ptr<base::Half> half;
  base::UniqueFd bell;
  base::RingWriter writer;
};

class Hostile : public ::testing::Test {
 protected:
  Capability SendRight(const Capability& port, uint64_t badge) {
    return Must(port.Mint(kRightSend | kRightDuplicate, badge));
  }
  // Everybody else is served as ever.
  void ExpectOthersServed() {
    Session session = world_->NewSession("bystander");
    for (int i = 0; i < 20; ++i) {
      Capability port = Must(session.CreatePort({}));
      EXPECT_TRUE(port.Info().ok());
    }
  }
  std::unique_ptr<World> world_ = World::Start();
};

TEST_F(Hostile, GarbageOnTheSocketEndsThatSessionOnly) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    ipc::NewProcess child = world_->NewProcess("garbage");
    char bytes[512];
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 2 == 0) std::memcpy(bytes, &abi::kMagic, 4);
    base::SendMessage(child.socket.get(), bytes, random() % sizeof(bytes)).ok();
    child.socket.Reset();
    EXPECT_EQ(Must(child.process.Wait(kSignalDead, Soon())), kSignalDead);
  }
  ExpectOthersServed();
}

TEST_F(Hostile, GarbageInTheRequestRingEndsOrFailsThatClientOnly) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 30; ++round) {
    RawSession raw(world_->NewProcess("garbage").socket);
    for (int i = 0; i < 200; ++i) {
      uint64_t words[24];
      for (uint64_t& word : words) word = random() >> (random() % 64);
      // Half of them name a call that exists.
      if (random() % 2 == 0) {
        const auto number = static_cast<uint32_t>(random() % 40);
        std::memcpy(words, &number, sizeof(number));
      }
      if (!raw.Post(words, random() % sizeof(words))) break;
    }
    // And one that lies about its size.
    auto* header = reinterpret_cast<abi::RecordHeader*>(
        raw.requests->ring() + raw.writer.position() % raw.welcome.ring_bytes);
    header->payload_bytes = 0xffff'fff0;
    header->stamp = raw.welcome.request_key + raw.writer.position();
    raw.requests->tail().store(~uint64_t{0});
    raw.requests->head().store(uint64_t{1} << 63);
    raw.Bell();
  }
  ExpectOthersServed();
}

TEST_F(Hostile, AClientThatReadsNoAnswersWaitsAlone) {
  RawSession raw(world_->NewProcess("deaf").socket);
  abi::Request request = {};
  request.number = static_cast<uint32_t>(abi::Syscall::session_info);
  uint64_t posted = 0;
  const int64_t end = base::NowNs() + 200'000'000;
  while (base::NowNs() < end) {
    if (raw.Post(&request, sizeof(request)))
      ++posted;
    else
      raw.Bell();
  }
  raw.Bell();
  // Its answers fill its ring, then it is not served any more.
  EXPECT_LE(posted, 2 * raw.welcome.ring_bytes / 128 + 1);
  ExpectOthersServed();
}

TEST_F(Hostile, AMalformedRecordEndsItsLaneOnly) {
  Capability port = world_->NewPort();
  Sender good = Must(Sender::Create(SendRight(port, 1)));
  Capability bad_right = SendRight(port, 2);
  HostileLane bad(world_->root().core(), bad_right);
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  bad.Put("fine", {});
  auto* header = reinterpret_cast<abi::RecordHeader*>(bad.half->ring() +
                                                      bad.writer.position());
  header->payload_bytes = 0xffff'ffff;
  header->stamp = bad.half->key() + bad.writer.position();
  bad.half->tail().store(bad.writer.position() + (uint64_t{1} << 40));
  Must(good.Send("after"));
  bool fine = false;
  bool after = false;
  while (!fine || !after) {
    Message message = Must(receiver.Receive(Soon()));
    fine |= message.badge() == 2 && message.text() == "fine";
    after |= message.badge() == 1 && message.text() == "after";
  }
  for (int i = 0; i < 100; ++i) {
    Must(good.Send("still"));
    EXPECT_EQ(Must(receiver.Receive(Soon())).text(), "still");
  }
}

TEST_F(Hostile, AnyRecordsFromASenderHarmNobodyElse) {
  Capability port = world_->NewPort();
  Sender good = Must(Sender::Create(SendRight(port, 1)));
  Capability bad_right = SendRight(port, 2);
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  std::mt19937_64 random(13);
  for (int round = 0; round < 300; ++round) {
    HostileLane bad(world_->root().core(), bad_right);
    for (int i = 0; i < 5; ++i) {
      abi::RecordHeader header = {};
      header.flags = static_cast<uint16_t>(random() % 2048);
      header.handle_count = static_cast<uint16_t>(random() % 80);
      header.correlation = static_cast<uint32_t>(random());
      std::string payload(random() % 64, '\0');
      for (char& byte : payload) byte = static_cast<char>(random());
      bad.Put(payload, header);
    }
    Must(good.Send("x"));
    while (true) {
      Message message = Must(receiver.Receive(Soon()));
      message.TakeCapabilities().status().IgnoreError();
      if (message.badge() == 1) break;
    }
    bad.session->Post(abi::Syscall::lane_close, bad.handle);
  }
}

TEST_F(Hostile, ACallerThatReadsNoAnswersNeverHoldsTheServer) {
  Capability port = world_->NewPort({.ring_bytes = 4096});
  Capability bad_right = SendRight(port, 2);
  Capability good_right = SendRight(port, 1);
  HostileLane bad(world_->root().core(), bad_right);
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  int refused = 0;
  for (uint32_t i = 1; i <= 200; ++i) {
    abi::RecordHeader header = {};
    header.flags = abi::kRecordCall;
    header.correlation = i;
    bad.Put("call", header);
    Message call = Must(receiver.Receive(Soon()));
    if (!call.Reply(std::string(500, 'x')).ok()) ++refused;
  }
  EXPECT_GT(refused, 100);
  const InitialCapability initial[] = {{"port", &good_right}};
  auto caller = world_->StartPeer("good", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    EXPECT_EQ(Must(sender.Call("x")).text(), "answer");
  });
  Must(Must(receiver.Receive(Soon())).Reply("answer"));
  caller->Join();
}

TEST_F(Hostile, AReturnerThatLiesGivesBackOnlyWhatItHas) {
  Capability port = world_->NewPort();
  Capability bad_right = SendRight(port, 2);
  HostileLane bad(world_->root().core(), bad_right);
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Pool pool = Must(Pool::Create(world_->root(), 1 << 20));
  const auto lend = [&](uint32_t call) {
    abi::RecordHeader header = {};
    header.flags = abi::kRecordCall;
    header.correlation = call;
    bad.Put("call", header);
    Message message = Must(receiver.Receive(Soon()));
    Must(message.ReplyLoan(Must(pool.Allocate(4'096))));
  };
  // Each is taken before the message behind it.
  const auto give_back = [&](abi::LoanReturn back, size_t bytes) {
    abi::RecordHeader header = {};
    header.flags = abi::kRecordReturn;
    bad.Put({reinterpret_cast<const char*>(&back), bytes}, header);
    bad.Put("behind", {});
    EXPECT_EQ(Must(receiver.Receive(Soon())).text(), "behind");
    return pool.bytes_in_use();
  };
  lend(1);  // the first attachment's first block
  lend(2);
  constexpr uint64_t kWhole = sizeof(abi::LoanReturn);
  EXPECT_EQ(give_back({1, 0, 0}, kWhole), 8'192u);
  EXPECT_EQ(give_back({~0u, 0, 0}, kWhole), 8'192u);
  EXPECT_EQ(give_back({0, 0, 64}, kWhole), 8'192u);
  EXPECT_EQ(give_back({0, 0, ~uint64_t{0}}, kWhole), 8'192u);
  EXPECT_EQ(give_back({0, 0, 0}, 5), 8'192u);
  EXPECT_EQ(give_back({0, 0, 0}, kWhole), 4'096u);
  // The block is somebody else's now.
  Loan next = Must(pool.Allocate(4'096));
  EXPECT_EQ(give_back({0, 0, 0}, kWhole), 8'192u);
  next = Loan();
  // Never returned: it comes back with the lane.
  bad.session->Post(abi::Syscall::lane_close, bad.handle);
  while (pool.bytes_in_use() > 0)
    receiver.Receive(Deadline::After(absl::Milliseconds(1)))
        .status()
        .IgnoreError();
}

TEST_F(Hostile, PartsThatCannotBeAreThrownAway) {
  Capability port = world_->NewPort();
  Capability bad_right = SendRight(port, 2);
  HostileLane bad(world_->root().core(), bad_right);
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  abi::RecordHeader header = {};
  header.flags = abi::kRecordLoan | abi::kRecordParts;
  struct {
    abi::LoanParts parts;
    abi::LoanRef refs[9];
  } record = {};
  const std::string_view whole(reinterpret_cast<const char*>(&record),
                               sizeof(record));
  for (const uint32_t count : {0u, 1u, 8u, 9u, 10u, ~0u, 0x0aaa'aaabu}) {
    record.parts.count = count;
    for (const uint64_t where : {uint64_t{0}, ~uint64_t{0}}) {
      for (abi::LoanRef& ref : record.refs) ref = {0, 0, where, where};
      bad.Put(whole, header);
      bad.Put(whole.substr(0, 20), header);
      bad.Put(whole.substr(0, 4), header);
      bad.Put({}, header);
    }
  }
  bad.Put("behind", {});
  EXPECT_EQ(Must(receiver.Receive(Soon())).text(), "behind");
}

TEST_F(Hostile, ACallerThatNeverMakesRoomLosesItsLane) {
  Capability port = world_->NewPort({.ring_bytes = 4096});
  Capability bad_right = SendRight(port, 2);
  Capability good_right = SendRight(port, 1);
  HostileLane bad(world_->root().core(), bad_right);
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  // Every call is dropped, and no notice of it is ever read.
  uint32_t taken = 0;
  for (uint32_t i = 1; i <= 20'000; ++i) {
    abi::RecordHeader header = {};
    header.flags = abi::kRecordCall;
    header.correlation = i;
    bad.Put("call", header);
    // The first waits for the lane to open.
    if (!receiver.Receive(taken == 0 ? Soon() : Deadline::Immediately()).ok())
      break;
    ++taken;
  }
  EXPECT_GT(taken, 16'384u);
  EXPECT_LT(taken, 17'000u);
  Sender good = Must(Sender::Create(std::move(good_right)));
  Must(good.Send("x"));
  EXPECT_EQ(Must(receiver.Receive(Soon())).text(), "x");
}

TEST_F(Hostile, AListenerThatLiesAboutWhatItTookHarmsItsPortOnly) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port, 1)));
  for (uint64_t lie : {~uint64_t{0}, uint64_t{1} << 63, uint64_t{13}}) {
    Must(sender.Send("x"));
    Session session = world_->NewSession(
        "liar", std::vector<InitialCapability>{{"port", &port}});
    Capability right = Must(session.Take("port"));
    SessionCore& core = *session.core();
    auto mailbox = std::make_shared<Mailbox>();
    {
      SessionCore::Expect expect(core);
      const Answer listening =
          core.Call(abi::Syscall::port_listen, right.handle());
      ASSERT_EQ(listening.error(), Error::ok);
      core.AddPort(listening.value(0), mailbox, listening);
    }
    while (!mailbox->HasMail()) {
      const uint32_t seen = core.epoch();
      core.Pump();
      if (!mailbox->HasMail()) core.Sleep(seen, {}, Soon().ns);
    }
    for (Answer& event : mailbox->Take()) {
      if (event.descriptors.size() != 3) continue;
      auto own = *base::Half::Map(event.descriptors[1].get(),
                                  static_cast<uint32_t>(event.value(0)),
                                  event.value(2), base::Access::kReadWrite);
      own->head().store(lie);
      own->tail().store(lie);
      const auto lane = static_cast<Handle>(event.completion.user_data);
      core.Call(abi::Syscall::lane_ready, lane);
    }
    session.Close();
    // The sender goes on, whatever became of this one message.
    Must(sender.Send("y", {.deadline = Soon()}));
  }
  ExpectOthersServed();
}

TEST_F(Hostile, DroppedCapabilitiesByTheThousandStallNobody) {
  Capability port = world_->NewPort();
  Capability gift = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port, 1)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 15; ++i) {
      std::vector<Capability> gifts;
      for (uint32_t k = 0; k < abi::kMessageHandlesMax; ++k)
        gifts.push_back(Must(gift.Duplicate()));
      Must(sender.Send("x", {.capabilities = std::span(gifts)}));
    }
    std::vector<Message> dropped;
    for (int i = 0; i < 15; ++i)
      dropped.push_back(Must(receiver.Receive(Soon())));
  }
  EXPECT_TRUE(gift.Info().ok());
  ExpectOthersServed();
}

TEST_F(Hostile, AFloodOfRecordsThatAreNoMessagesHoldsNobody) {
  Capability port = world_->NewPort();
  Sender good = Must(Sender::Create(SendRight(port, 1)));
  Capability bad_right = SendRight(port, 2);
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  std::atomic<bool> stop{false};
  HostileLane bad(world_->root().core(), bad_right);
  std::thread flood([&] {
    // As fast as it is read: its head is what the receiver has consumed.
    uint64_t sent = 0;
    while (!stop.load()) {
      abi::RecordHeader header = {};
      header.flags = abi::kRecordReply;
      header.correlation = 7;
      bad.writer.Publish(header);
      if (++sent % 1024 == 0) std::this_thread::yield();
    }
  });
  for (int i = 0; i < 200; ++i) {
    Must(good.Send("x"));
    Message message = Must(receiver.Receive(Soon()));
    EXPECT_EQ(message.badge(), 1u);
  }
  stop = true;
  flood.join();
}

}  // namespace
}  // namespace ipc
