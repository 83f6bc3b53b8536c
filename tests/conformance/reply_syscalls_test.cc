// The calls about Reply capabilities, and their events.
#include "ipc/reply.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using abi::Event;
using abi::ReplyState;
using ::testing::ElementsAre;
using testing_kit::Must;

constexpr uint32_t kCall = 5;  // a correlation

// A caller's lane to a port that the root session listens on.
class Replies : public Syscalls {
 protected:
  Answer Create(uint64_t correlation = kCall) {
    return Call(Syscall::reply_create, end_->handle,
                {.args = {correlation, 77, 1234}});
  }
  Handle MakeOne(uint64_t correlation = kCall) {
    return static_cast<Handle>(Create(correlation).value(0));
  }
  Answer Send(SessionCore& core, Handle reply, std::string_view text,
              const std::vector<abi::TransferItem>& items = {}) {
    PayloadBytes payload;
    for (const abi::TransferItem& item : items) payload.Add(item);
    payload.AddText(text);
    return core.Call(Syscall::reply_send, reply,
                     {.args = {items.size()}, .payload = payload.bytes()});
  }
  static std::string TextOf(const Answer& event) {
    return {event.payload.begin(), event.payload.end()};
  }
  ReplyState StateOf(Handle reply) {
    return static_cast<ReplyState>(Call(Syscall::reply_info, reply).value(0));
  }
  // Another session that was given the reply.
  struct Holder {
    Session session;
    Handle handle;
    SessionCore& core() const { return *session.core(); }
  };
  Holder GiveAway(Handle reply) {
    PayloadBytes payload;
    payload.Add(abi::ProcessCreate{.name = "answerer", .count = 1});
    payload.Add(abi::InitialItem{.name = "reply",
                                 .handle = reply,
                                 .rights = kRightsSame,
                                 .mode = abi::kTransferMove});
    Answer made =
        Call(Syscall::process_create, account(), {.payload = payload.bytes()});
    Holder holder = {
        Must(Session::Adopt(std::move(made.descriptors.at(0)), "answerer")), 0};
    abi::NamedCapability named;
    holder.core().Call(Syscall::session_info, abi::kNoHandle).Read(&named);
    holder.handle = named.handle;
    return holder;
  }

  Handle port_ = MakePort();
  Other caller_ = MakeOther(port_, kRightSend);
  std::unique_ptr<Inbox> inbox_ = Listen(root(), port_);
  std::unique_ptr<RawLane> lane_ = Connect(caller_.core(), caller_.handle);
  std::unique_ptr<RawLane> end_ = Join(root(), *inbox_);
};

// ---- reply_create

using ReplyCreate = Replies;

TEST_F(ReplyCreate, ChecksHandleAndFields) {
  ExpectDoor(Syscall::reply_create, {.args = 4});
  EXPECT_EQ(Create(0).error(), Error::invalid_args);
}

TEST_F(ReplyCreate, TellsTheCallerAndGivesAOneShotRight) {
  const Answer made = Create();
  ASSERT_EQ(made.error(), Error::ok);
  const Answer moved = lane_->inbox.Await(Event::call_moved);
  EXPECT_THAT(moved.completion.values, ElementsAre(kCall, made.value(1), 0, 0));
  const auto reply = static_cast<Handle>(made.value(0));
  // It cannot be copied.
  EXPECT_EQ(ErrorOf(Syscall::handle_duplicate, reply, {.args = {kRightsSame}}),
            Error::access_denied);
  EXPECT_EQ(Create().error(), Error::already_exists);
}

TEST_F(ReplyCreate, IsForTheListenersEnd) {
  EXPECT_EQ(caller_.core()
                .Call(Syscall::reply_create, lane_->handle, {.args = {kCall}})
                .error(),
            Error::bad_state);
}

TEST_F(ReplyCreate, OfALeftLaneIsPeerClosed) {
  caller_.core().Call(Syscall::lane_close, lane_->handle);
  EXPECT_EQ(Create().error(), Error::peer_closed);
}

TEST_F(ReplyCreate, IsBoundedPerLaneAndCharged) {
  abi::AccountEntry before, after;
  Call(Syscall::account_info, account()).Read(&before);
  for (uint32_t i = 1; i <= abi::kOpenRepliesMax; ++i)
    ASSERT_EQ(Create(i).error(), Error::ok);
  EXPECT_EQ(Create(abi::kOpenRepliesMax + 1).error(), Error::quota_exceeded);
  Call(Syscall::account_info, account()).Read(&after);
  const auto messages = static_cast<size_t>(abi::AccountItem::messages);
  EXPECT_EQ(after.used[messages] - before.used[messages], abi::kOpenRepliesMax);
}

// ---- reply_send

using ReplySend = Replies;

TEST_F(ReplySend, ChecksHandleRightsAndFields) {
  ExpectDoor(
      Syscall::reply_send,
      {.known_options = abi::kReplyInRegion, .args = 1, .payload = true});
  const Handle reply = MakeOne();
  EXPECT_EQ(ErrorOf(Syscall::reply_send, reply,
                    {.args = {abi::kMessageHandlesMax + 1}}),
            Error::out_of_range);
  EXPECT_EQ(ErrorOf(Syscall::reply_send, reply, {.args = {1}}),
            Error::invalid_args);
  EXPECT_EQ(
      ErrorOf(Syscall::reply_send, reply, {.options = abi::kReplyInRegion}),
      Error::invalid_args);
}

TEST_F(ReplySend, AnswersFromAnotherProcessOnce) {
  Holder holder = GiveAway(MakeOne());
  EXPECT_EQ(Send(holder.core(), holder.handle, "forty-two").error(), Error::ok);
  const Answer answered = lane_->inbox.Await(Event::call_answered);
  EXPECT_THAT(answered.completion.values, ElementsAre(kCall, 0, 0, 0));
  EXPECT_EQ(TextOf(answered), "forty-two");
  const Answer again = Send(holder.core(), holder.handle, "again");
  EXPECT_EQ(again.error(), Error::bad_handle);
  EXPECT_EQ(again.value(0), static_cast<uint64_t>(abi::HandleFate::moved));
}

TEST_F(ReplySend, CarriesCapabilitiesAllOrNothing) {
  const Handle reply = MakeOne();
  const Handle region = MakeRegion();
  const Answer wrong = Send(root(), reply, "x",
                            {{region, kRightsSame, abi::kTransferMove, 0},
                             {kNeverGiven, kRightsSame, abi::kTransferMove, 0},
                             {reply, kRightsSame, abi::kTransferMove, 0}});
  EXPECT_EQ(wrong.error(), Error::bad_handle);
  std::vector<Error> each(3);
  for (size_t i = 0; i < 3; ++i) wrong.Read(&each[i], i * sizeof(Error));
  EXPECT_THAT(each,
              ElementsAre(Error::ok, Error::bad_handle, Error::invalid_args));
  EXPECT_TRUE(IsOpen(region));
  EXPECT_EQ(StateOf(reply), ReplyState::open);
  EXPECT_EQ(
      Send(root(), reply, "x", {{region, kRightMap, abi::kTransferMove, 0}})
          .error(),
      Error::ok);
  const Answer answered = lane_->inbox.Await(Event::call_answered);
  EXPECT_EQ(answered.value(2), 1u);
  const Answer redeemed = caller_.core().Call(
      Syscall::transfer_redeem, lane_->handle, {.args = {answered.value(1)}});
  abi::RedeemedItem item;
  ASSERT_TRUE(redeemed.Read(&item));
  EXPECT_EQ(item.kind, ObjectKind::region);
  EXPECT_EQ(item.rights, kRightMap);
}

TEST_F(ReplySend, AfterTheListenerIsGoneAndThePortIsClosed) {
  Holder holder = GiveAway(MakeOne());
  Call(Syscall::handle_close, port_);
  lane_->inbox.Await(Event::lane_cut);
  EXPECT_EQ(Send(holder.core(), holder.handle, "still").error(), Error::ok);
  EXPECT_EQ(TextOf(lane_->inbox.Await(Event::call_answered)), "still");
}

TEST_F(ReplySend, ToACallerThatIsGoneIsPeerClosed) {
  const Handle reply = MakeOne();
  caller_.session.Close();
  EXPECT_EQ(Call(Syscall::object_watch, reply, {.args = {kSignalPeerClosed}})
                .value(0),
            kSignalPeerClosed);
  EXPECT_EQ(Send(root(), reply, "x").error(), Error::peer_closed);
  EXPECT_EQ(StateOf(reply), ReplyState::gone);
}

TEST_F(ReplySend, ToACallerWhoseRightWasRevokedIsPeerClosed) {
  const Handle reply = MakeOne();
  Call(Syscall::handle_revoke, port_);
  lane_->inbox.Await(Event::lane_cut);
  EXPECT_EQ(Send(root(), reply, "x").error(), Error::peer_closed);
}

TEST_F(ReplySend, ToACallerThatReadsNothingShouldWait) {
  // Two sessions of one process that does not look at its completions.
  const std::string large(16'000, 'x');
  Error last = Error::ok;
  uint32_t sent = 0;
  while (last == Error::ok && sent < 1000)
    last = Send(root(), MakeOne(++sent), large).error();
  EXPECT_EQ(last, Error::should_wait);
  // At most the ring, and a megabyte.
  EXPECT_LT(sent, 80u);
}

// A listener cannot make a caller that does not look lose its session.
TEST_F(ReplyCreate, OfACallerThatLooksAtNothingShouldWait) {
  Error last = Error::ok;
  int made = 0;
  while (last == Error::ok && made < 20'000) {
    const Answer answer = Create();
    last = answer.error();
    if (last == Error::ok)
      Call(Syscall::handle_close, static_cast<Handle>(answer.value(0)));
    ++made;
  }
  EXPECT_EQ(last, Error::should_wait);
  EXPECT_EQ(caller_.core().Call(Syscall::session_info, 0).error(), Error::ok);
  EXPECT_EQ(Create().error(), Error::ok);
}

// ---- reply_cancel

using ReplyCancel = Replies;

TEST_F(ReplyCancel, ChecksHandleAndFields) {
  ExpectDoor(Syscall::reply_cancel, {.args = 1});
}

TEST_F(ReplyCancel, MakesTheAnswerStale) {
  const Handle reply = MakeOne();
  const auto cancel = [&](uint64_t correlation) {
    return caller_.core()
        .Call(Syscall::reply_cancel, lane_->handle, {.args = {correlation}})
        .error();
  };
  EXPECT_EQ(cancel(kCall + 1), Error::not_found);
  EXPECT_EQ(cancel(uint64_t{1} << 32 | kCall), Error::not_found);
  EXPECT_EQ(cancel(kCall), Error::ok);
  EXPECT_EQ(cancel(kCall), Error::not_found);
  EXPECT_EQ(StateOf(reply), ReplyState::stale);
  EXPECT_EQ(Send(root(), reply, "late").error(), Error::stale_reply);
  EXPECT_FALSE(lane_->inbox.Has(Event::call_answered));
  EXPECT_EQ(ErrorOf(Syscall::reply_cancel, end_->handle, {.args = {kCall}}),
            Error::bad_state);
}

// ---- reply_info

using ReplyInfo = Replies;

TEST_F(ReplyInfo, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::reply_info, {});
}

TEST_F(ReplyInfo, TellsWhatTheListenerSaidOfTheCall) {
  const Handle reply = MakeOne(kCall | uint64_t{9} << 32);
  EXPECT_THAT(Call(Syscall::reply_info, reply).completion.values,
              ElementsAre(0, 1234, 77, 9));
}

// ---- dropped

using ReplyDropped = Replies;

TEST_F(ReplyDropped, WheneverItsLastCapabilityGoesUnused) {
  Call(Syscall::handle_close, MakeOne(1));
  EXPECT_EQ(lane_->inbox.Await(Event::call_answered).value(3),
            static_cast<uint64_t>(Error::dropped));
  { Holder holder = GiveAway(MakeOne(2)); }  // its session ends
  EXPECT_EQ(lane_->inbox.Await(Event::call_answered).value(0), 2u);
  // In a message that nobody takes.
  const Handle inner = MakePort();
  auto way = Connect(root(), Weaker(inner, kRightSend));
  PayloadBytes items;
  items.Add(abi::TransferItem{MakeOne(3), kRightsSame, abi::kTransferMove, 0});
  Call(Syscall::transfer_stage, way->handle, {.payload = items.bytes()});
  Call(Syscall::lane_close, way->handle);
  EXPECT_EQ(lane_->inbox.Await(Event::call_answered).value(0), 3u);
}

}  // namespace
}  // namespace ipc
