// Lanes: opened, orphaned, cut, and measured against hostile words.
#include "kernel/object/lane_positions.h"
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Event;
using abi::Syscall;

class LanesTest : public KernelTest {
 protected:
  LanesTest() {
    port_ = CreatePort(*root_, 0, 4096);
    server_ = AddChild(*root_, {{"port", port_}});
    client_ = AddChild(*root_, {{"port", port_, abi::kRightSend}});
    served_ = server_->Named("port");
    used_ = client_->Named("port");
  }
  Lane& OnlyLane() {
    return As<Lane>(*kernel_.objects(ObjectKind::lane).begin()->second);
  }
  void Kill(RawClient& client) {
    kernel_.EndSession(*client.session());
    Settle();
  }

  Handle port_ = 0;
  std::unique_ptr<RawClient> server_;
  std::unique_ptr<RawClient> client_;
  Handle served_ = 0;
  Handle used_ = 0;
};

TEST_F(LanesTest, MessagesAndRepliesPassWithoutTheKernel) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("early");
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  abi::LaneOpened opened;
  RawEnd listener = Open(*server_, &opened);
  EXPECT_EQ(opened.sender_process, client_->id());
  EXPECT_EQ(opened.port_handle, served_);
  EXPECT_EQ(listener.Take(), "early");
  Joined(*client_, &sender);
  listener.Send("answer");
  EXPECT_EQ(sender.Take(), "answer");
}

// Though it is served first.
TEST_F(LanesTest, AListenerHasHeardOfALaneWhenItsSenderIsAnswered) {
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  const Handle lane = client_->Call(Syscall::port_connect, used_).handle();
  client_->Collect();
  const uint64_t before = client_->completions()->tail().load();
  bool told = false;
  server_->socket()->before_send = [&] {
    told = true;
    EXPECT_EQ(client_->completions()->tail().load(), before);
  };
  // The listener is marked to be flushed before the sender is.
  server_->Submit(Syscall::session_info, 0);
  client_->Submit(Syscall::lane_ready, lane);
  Settle();
  server_->socket()->before_send = nullptr;
  EXPECT_TRUE(told);
  EXPECT_NE(client_->completions()->tail().load(), before);
}

TEST_F(LanesTest, HalvesCannotBeMappedForWritingOnceReady) {
  Connect(*client_, used_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  const Done event = server_->TakeEvent(Event::lane_opened);
  ASSERT_EQ(event.descriptors.size(), 3u);
  EXPECT_FALSE(base::Half::Map(event.descriptors[0].get(), 4096, 0,
                               base::Access::kReadWrite)
                   .ok());
}

TEST_F(LanesTest, DeadListenerLeavesTheLaneWhereItStood) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("one");
  sender.Send("two");
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  RawEnd listener = Open(*server_);
  EXPECT_EQ(listener.Take(), "one");
  listener.Send("reply");
  Kill(*server_);
  const Done orphaned = client_->TakeEvent(Event::lane_orphaned);
  EXPECT_EQ(orphaned.value(0), 64u);
  EXPECT_EQ(orphaned.value(1), 64u);

  ASSERT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::ok);
  abi::LaneOpened opened;
  RawEnd next = Open(*root_, &opened);
  EXPECT_EQ(opened.request_start, 64u);
  EXPECT_EQ(opened.reply_start, 64u);
  EXPECT_EQ(next.Take(), "two");
  EXPECT_EQ(next.Take(), "-");
}

TEST_F(LanesTest, ReadyIsHeardOfAListenerThatHungUpRightAfter) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("one");
  sender.Send("two");
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  const Done event = server_->TakeEvent(Event::lane_opened);
  auto own = *base::Half::Map(event.descriptors[1].get(), 4096, event.value(2),
                              base::Access::kReadWrite);
  server_->Submit(Syscall::lane_ready,
                  static_cast<Handle>(event.completion.user_data));
  own->head().store(64);
  kernel_.HangUp(*server_->session());
  Settle();
  EXPECT_EQ(client_->TakeEvent(Event::lane_orphaned).value(0), 64u);
}

// The kernel process finds out by an event that it cannot tell any more, before
// it has looked at the ring.
TEST_F(LanesTest, ReadyIsHeardOfASenderThatHungUpRightAfter) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("one");
  const Done made = client_->Call(Syscall::port_connect, used_);
  base::RingWriter other(
      *base::Half::Map(made.descriptors[0].get(), 4096, made.value(1),
                       base::Access::kReadWrite),
      0);
  other.Publish({});
  const abi::Request ready = {
      .number = static_cast<uint32_t>(Syscall::lane_ready),
      .handle = made.handle()};
  std::memcpy(client_->writer().Payload(), &ready, sizeof(ready));
  client_->writer().Publish({.payload_bytes = sizeof(ready)});
  client_->socket()->gone = true;
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  Open(*server_);
  EXPECT_FALSE(client_->alive());
  const RawEnd second = Open(*server_);
  ASSERT_NE(second.theirs, nullptr) << "the other lane is lost";
  EXPECT_TRUE(second.reader.Ready());
}

// A session's end is much for a turn as it is.
TEST_F(LanesTest, WhatBecomesReadyAtAnEndIsSettledInParts) {
  constexpr uint32_t kLanes = 4 * Lanes::kSettledPerTurn;
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  std::vector<Handle> lanes;
  for (uint32_t i = 0; i < kLanes; ++i) {
    const Done made = client_->Call(Syscall::port_connect, used_);
    ASSERT_EQ(made.error(), Error::ok) << i;
    lanes.push_back(made.handle());
    base::RingWriter writer(
        *base::Half::Map(made.descriptors[0].get(), 4096, made.value(1),
                         base::Access::kReadWrite),
        0);
    writer.Publish({});
  }
  for (const Handle lane : lanes) client_->Submit(Syscall::lane_ready, lane);
  kernel_.HangUp(*client_->session());
  kernel_.Turn();
  const auto take_opened = [&] {
    uint32_t count = 0;
    for (; server_->HasEvent(Event::lane_opened); ++count)
      server_->TakeEvent(Event::lane_opened);
    return count;
  };
  uint32_t opened = take_opened();
  EXPECT_LE(opened, Lanes::kSettledPerTurn);
  // As much as its ring holds at a time.
  for (uint32_t more = 1; more > 0; opened += more) {
    server_->Bell();
    Settle();
    more = take_opened();
  }
  EXPECT_EQ(opened, kLanes);
}

TEST_F(LanesTest, StampedRecordCountsThoughItsTailWasNotMoved) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("one");
  sender.Send("two");
  sender.own->tail().store(64);
  EXPECT_EQ(Measure(OnlyLane()).request_end, 128u);
}

TEST_F(LanesTest, FalsePositionsAreBounded) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("one");
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  RawEnd listener = Open(*server_);
  const uint64_t lies[] = {0,        1,          63,         65,    4096,
                           1u << 20, 1ull << 62, 1ull << 63, ~0ull, ~0ull - 63};
  for (const uint64_t tail : lies)
    for (const uint64_t head : lies) {
      sender.own->tail().store(tail);
      sender.own->head().store(head);
      listener.own->head().store(head);
      listener.own->tail().store(tail);
      const LanePositions at = Measure(OnlyLane());
      EXPECT_EQ(at.request_end % 64, 0u);
      EXPECT_EQ(at.taken % 64, 0u);
      EXPECT_EQ(at.reply_end % 64, 0u);
      EXPECT_LE(at.taken, at.request_end);
      EXPECT_LE(at.request_end - at.taken, 4096u);
    }
  Kill(*server_);
  EXPECT_TRUE(client_->HasEvent(Event::lane_orphaned));
}

TEST_F(LanesTest, TheNextListenerBeginsWithARecordWhateverTheLastOneSaid) {
  RawEnd sender = Connect(*client_, used_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  RawEnd listener = Open(*server_);
  Joined(*client_, &sender);
  for (int i = 0; i < 32; ++i) sender.Send(std::string(64, 'x'));  // 128 bytes
  listener.own->head().store(4096);
  for (int i = 0; i < 11; ++i)  // 192 bytes
    sender.Send(std::string(128, 'x'), listener.own.get());
  // What it says it has not taken has been overwritten.
  listener.own->head().store(64);
  Kill(*server_);
  EXPECT_EQ(client_->TakeEvent(Event::lane_orphaned).value(0), 64u);
  ASSERT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::ok);
  abi::LaneOpened opened;
  RawEnd next = Open(*root_, &opened);
  EXPECT_EQ(opened.request_start, 2176u);
  EXPECT_EQ(client_->TakeEvent(Event::lane_joined).value(1), 2176u);
  int taken = 0;
  while (next.Take() != "-") ++taken;
  EXPECT_EQ(taken, 15 + 11);
}

// An overwriting port: the sender goes on past what nobody has taken.
class OverwritingLanesTest : public LanesTest {
 protected:
  OverwritingLanesTest() {
    port_ = CreatePort(*root_, abi::kPortOverwriting, 4096);
    server_ = AddChild(*root_, {{"port", port_}});
    client_ = AddChild(*root_, {{"port", port_, abi::kRightSend}});
    served_ = server_->Named("port");
    used_ = client_->Named("port");
  }
  static void Send(RawEnd& sender, int count) {
    for (int i = 0; i < count; ++i) {
      abi::RecordHeader header = {};
      header.payload_bytes = 8;
      sender.writer.MakeRoom(header.payload_bytes);
      sender.writer.Publish(header);
    }
  }
};

TEST_F(OverwritingLanesTest, WhatIsOverwrittenIsNotQueued) {
  RawEnd sender = Connect(*client_, used_);
  Send(sender, 1'000);
  const LanePositions at = Measure(OnlyLane());
  EXPECT_EQ(at.request_end, 64'000u);
  EXPECT_EQ(at.taken, sender.own->oldest().load());
  EXPECT_LE(at.request_end - at.taken, 4096u);
}

TEST_F(OverwritingLanesTest, TheNextListenerBeginsWithTheOldestThatStands) {
  RawEnd sender = Connect(*client_, used_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  RawEnd listener = Open(*server_);
  Send(sender, 2);
  EXPECT_NE(listener.Take(), "-");
  listener.own->next_number().store(1);
  Send(sender, 1'000);
  Kill(*server_);
  ASSERT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::ok);
  abi::LaneOpened opened;
  RawEnd next = Open(*root_, &opened);
  EXPECT_EQ(opened.request_start, sender.own->oldest().load());
  EXPECT_EQ(opened.next_number, 1u);
  uint64_t taken = 0;
  while (next.Take() != "-") ++taken;
  EXPECT_EQ(opened.request_start + 64 * taken, 64 * 1'002u);
}

TEST_F(OverwritingLanesTest, WhatADeadSenderSentWaitsForAListener) {
  RawEnd sender = Connect(*client_, used_);
  Send(sender, 1'000);
  Kill(*client_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  abi::LaneOpened opened;
  RawEnd listener = Open(*server_, &opened);
  EXPECT_EQ(server_->TakeEvent(Event::lane_cut).value(0), 64'000u);
  // Where nobody has read yet a listener finds the oldest by itself.
  EXPECT_EQ(opened.request_start, 0u);
  ASSERT_TRUE(listener.reader.IsOverrun());
  ASSERT_TRUE(listener.reader.SkipToOldest(nullptr));
  uint64_t taken = 0;
  while (listener.Take() != "-") ++taken;
  EXPECT_EQ(sender.own->oldest().load() + 64 * taken, 64'000u);
}

TEST_F(OverwritingLanesTest, FalsePositionsAreBounded) {
  RawEnd sender = Connect(*client_, used_);
  Send(sender, 100);
  const uint64_t lies[] = {0,        1,          63,         65,    4096,
                           1u << 20, 1ull << 62, 1ull << 63, ~0ull, ~0ull - 63};
  for (const uint64_t tail : lies)
    for (const uint64_t oldest : lies) {
      sender.own->tail().store(tail);
      sender.own->oldest().store(oldest);
      const LanePositions at = Measure(OnlyLane());
      EXPECT_EQ(at.request_end % 64, 0u);
      EXPECT_EQ(at.taken % 64, 0u);
      EXPECT_LE(at.taken, at.request_end);
      EXPECT_LE(at.request_end - at.taken, 4096u);
    }
}

TEST_F(LanesTest, DeadSenderIsReportedAfterWhatItSent) {
  RawEnd sender = Connect(*client_, used_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  RawEnd listener = Open(*server_);
  sender.Send("last");
  Kill(*client_);
  const Done cut = server_->TakeEvent(Event::lane_cut);
  EXPECT_EQ(cut.value(0), 64u);
  EXPECT_EQ(cut.value(2), static_cast<uint64_t>(Error::peer_closed));
  EXPECT_EQ(listener.Take(), "last");
  EXPECT_EQ(kernel_.objects(ObjectKind::lane).size(), 1u);
  EXPECT_EQ(server_->Call(Syscall::lane_close, listener.lane).error(),
            Error::ok);
  EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty());
}

TEST_F(LanesTest, MessagesOfADeadSenderWaitForAListener) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("testament");
  Kill(*client_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  RawEnd listener = Open(*server_);
  EXPECT_EQ(server_->TakeEvent(Event::lane_cut).value(0), 64u);
  EXPECT_EQ(listener.Take(), "testament");
}

TEST_F(LanesTest, EmptyLaneOfADeadSenderIsGone) {
  Connect(*client_, used_);
  Kill(*client_);
  EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty());
}

TEST_F(LanesTest, ClosingTheLastReceiveRightCutsTheLanes) {
  Connect(*client_, used_);
  server_->Call(Syscall::handle_close, served_);
  EXPECT_FALSE(client_->HasEvent(Event::lane_cut));
  root_->Call(Syscall::handle_close, port_);
  const Done cut = client_->TakeEvent(Event::lane_cut);
  EXPECT_EQ(cut.value(2), static_cast<uint64_t>(Error::peer_closed));
  EXPECT_EQ(client_->Call(Syscall::port_connect, used_).error(),
            Error::peer_closed);
}

TEST_F(LanesTest, RevokedSendCapabilityCutsBothEnds) {
  Connect(*client_, used_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  Open(*server_);
  // The server's came from the same one: only the badge-less client's goes.
  const Done receipt = root_->Call(Syscall::handle_revoke, port_);
  EXPECT_EQ(receipt.value(0), 2u);
  EXPECT_EQ(receipt.value(1), 1u);
  EXPECT_EQ(client_->TakeEvent(Event::lane_cut).value(2),
            static_cast<uint64_t>(Error::revoked));
  EXPECT_EQ(server_->TakeEvent(Event::listen_ended).value(0),
            static_cast<uint64_t>(Error::revoked));
}

TEST_F(LanesTest, SecondListenerIsRefusedUnlessShareable) {
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  EXPECT_EQ(server_->Call(Syscall::port_listen, served_).error(),
            Error::bad_state);
  EXPECT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::bad_state);
  const Handle shared = CreatePort(*root_, abi::kPortShareable);
  auto worker = AddChild(*root_, {{"port", shared}});
  EXPECT_EQ(root_->Call(Syscall::port_listen, shared).error(), Error::ok);
  EXPECT_EQ(worker->Call(Syscall::port_listen, worker->Named("port")).error(),
            Error::ok);
}

TEST_F(LanesTest, SharedPortSpreadsLanesAndTellsSenders) {
  const Handle shared = CreatePort(*root_, abi::kPortShareable);
  auto one = AddChild(*root_, {{"port", shared}});
  auto two = AddChild(*root_, {{"port", shared}});
  auto sender = AddChild(*root_, {{"port", shared, abi::kRightSend}});
  one->Call(Syscall::port_listen, one->Named("port"));
  Connect(*sender, sender->Named("port"));
  Open(*one);
  two->Call(Syscall::port_listen, two->Named("port"));
  EXPECT_EQ(sender->TakeEvent(Event::listeners_changed).value(0), 2u);
  Connect(*sender, sender->Named("port"));
  EXPECT_FALSE(one->HasEvent(Event::lane_opened));
  Open(*two);
  Kill(*one);
  EXPECT_TRUE(sender->HasEvent(Event::lane_orphaned));
  EXPECT_TRUE(two->HasEvent(Event::lane_opened));
}

TEST_F(LanesTest, ReadyTwiceIsRefused) {
  const RawEnd sender = Connect(*client_, used_);
  EXPECT_EQ(client_->Call(Syscall::lane_ready, sender.lane).error(),
            Error::bad_state);
  EXPECT_EQ(
      client_->Call(Syscall::handle_duplicate, sender.lane, {abi::kRightsSame})
          .error(),
      Error::access_denied);
}

TEST_F(LanesTest, ListeningAgainOpensTheLanesAnew) {
  RawEnd sender = Connect(*client_, used_);
  sender.Send("one");
  const Handle second =
      server_->Call(Syscall::handle_duplicate, served_, {abi::kRightsSame})
          .handle();
  ASSERT_EQ(server_->Call(Syscall::port_listen, served_).error(), Error::ok);
  Open(*server_);
  // Both in one turn: the lane must not stay with the ended listening.
  server_->Submit(Syscall::handle_close, served_);
  server_->Submit(Syscall::port_listen, second);
  server_->Settle();
  RawEnd again = Open(*server_);
  EXPECT_EQ(again.Take(), "one");
  EXPECT_TRUE(client_->HasEvent(Event::lane_orphaned));
}

}  // namespace
}  // namespace kernel
