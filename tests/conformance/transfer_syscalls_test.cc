// The calls that move capabilities through a lane.
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;

// A port that the root session listens on, with another session's lane to it.
class Transfers : public Syscalls {
 protected:
  struct Staged {
    Error error = Error::ok;
    uint64_t token = 0;
    std::vector<Error> items;
  };
  Staged Stage(const std::vector<abi::TransferItem>& items) {
    return StageOn(root(), end_->handle, items);
  }
  static Staged StageOn(SessionCore& core, Handle lane,
                        const std::vector<abi::TransferItem>& items) {
    PayloadBytes payload;
    for (const abi::TransferItem& item : items) payload.Add(item);
    const Answer answer =
        core.Call(Syscall::transfer_stage, lane, {.payload = payload.bytes()});
    Staged staged = {answer.error(), answer.value(0), {}};
    Error error;
    for (size_t at = 0; answer.Read(&error, at); at += sizeof(error))
      staged.items.push_back(error);
    return staged;
  }
  static std::vector<abi::RedeemedItem> ItemsOf(const Answer& answer) {
    std::vector<abi::RedeemedItem> items;
    abi::RedeemedItem item;
    for (size_t at = 0; answer.Read(&item, at); at += sizeof(item))
      items.push_back(item);
    EXPECT_EQ(items.size(), answer.value(0));
    return items;
  }
  Answer Redeem(uint64_t token) {
    return other_.core().Call(Syscall::transfer_redeem, lane_->handle,
                              {.args = {token}});
  }

  Handle port_ = MakePort();
  Other other_ = MakeOther(port_);
  std::unique_ptr<Inbox> inbox_ = Listen(root(), port_);
  std::unique_ptr<RawLane> lane_ = Connect(other_.core(), other_.handle);
  std::unique_ptr<RawLane> end_ = Join(root(), *inbox_);
};

abi::TransferItem Move(Handle handle, Rights rights = kRightsSame) {
  return {handle, rights, abi::kTransferMove, 0};
}
abi::TransferItem Copy(Handle handle, Rights rights = kRightsSame) {
  return {handle, rights, abi::kTransferDuplicate, 0};
}

// ---- transfer_stage

using TransferStage = Transfers;

TEST_F(TransferStage, ChecksHandleAndFields) {
  ExpectDoor(Syscall::transfer_stage, {.payload = true});
}

TEST_F(TransferStage, MovesTakeTheHandleAwayCopiesLeaveIt) {
  const Handle moved = MakeRegion();
  const Handle copied = MakeRegion();
  const Staged staged = Stage({Move(moved), Copy(copied)});
  EXPECT_EQ(staged.error, Error::ok);
  EXPECT_NE(staged.token, 0u);
  EXPECT_FALSE(IsOpen(moved));
  EXPECT_TRUE(IsOpen(copied));
}

TEST_F(TransferStage, BoundsTheCountAndThePayload) {
  EXPECT_EQ(Stage({}).error, Error::out_of_range);
  const Handle region = MakeRegion();
  const std::vector<abi::TransferItem> items(65, Copy(region));
  EXPECT_EQ(Stage(items).error, Error::out_of_range);
  EXPECT_EQ(ErrorOf(Syscall::transfer_stage, end_->handle,
                    {.payload = BytesOf("seventeen bytes..")}),
            Error::invalid_args);
}

TEST_F(TransferStage, TellsWhatIsWrongItemByItemAndMovesNothing) {
  const Handle good = MakeRegion();
  const Handle twice = MakeRegion();
  abi::TransferItem reserved = Copy(MakeRegion());
  reserved.reserved = 1;
  abi::TransferItem mode = Copy(MakeRegion());
  mode.mode = 2;
  const Staged staged = Stage(
      {Move(good), Move(kNeverGiven), Move(0),
       Move(Weaker(MakeRegion(), kRightDuplicate)),
       Copy(Weaker(MakeRegion(), kRightTransfer)),
       Copy(Weaker(MakeRegion(), kRightDuplicate | kRightRead), kRightWrite),
       Move(twice), Copy(twice), reserved, mode, Move(end_->handle),
       Move(port_), Copy(port_, kRightSend)});
  EXPECT_EQ(staged.error, Error::bad_handle);
  EXPECT_THAT(
      staged.items,
      ElementsAre(Error::ok, Error::bad_handle, Error::bad_handle,
                  Error::access_denied, Error::access_denied,
                  Error::invalid_args, Error::ok, Error::invalid_args,
                  Error::invalid_args, Error::invalid_args,
                  Error::access_denied, Error::invalid_args, Error::ok));
  for (const Handle kept : {good, twice, port_}) EXPECT_TRUE(IsOpen(kept));
}

TEST_F(TransferStage, OnACutLaneIsPeerClosed) {
  other_.core().Call(Syscall::lane_close, lane_->handle);
  end_->inbox.Await(abi::Event::lane_cut);
  EXPECT_EQ(Stage({Move(MakeRegion())}).error, Error::peer_closed);
  EXPECT_EQ(Stage({Move(kNeverGiven)}).error, Error::bad_handle);
}

TEST_F(TransferStage, IsBoundedPerLane) {
  const Handle region = MakeRegion();
  for (uint32_t i = 0; i < abi::kStagedTransfersMax; ++i)
    ASSERT_EQ(Stage({Copy(region)}).error, Error::ok);
  EXPECT_EQ(Stage({Copy(region)}).error, Error::quota_exceeded);
}

TEST_F(TransferStage, EndsListeningWithAMovedReceiveRight) {
  const Handle second = MakePort();
  auto inbox = Listen(root(), second);
  EXPECT_EQ(Stage({Move(second)}).error, Error::ok);
  EXPECT_EQ(inbox->Await(abi::Event::listen_ended).value(0),
            static_cast<uint64_t>(Error::canceled));
}

// ---- transfer_redeem

using TransferRedeem = Transfers;

TEST_F(TransferRedeem, ChecksHandleAndFields) {
  ExpectDoor(Syscall::transfer_redeem, {.args = 1, .good = {.args = {1}}});
}

TEST_F(TransferRedeem, GivesWhatWasStagedInOrderOnce) {
  const Handle region = MakeRegion();
  const uint64_t region_id = IdOf(region);
  const Handle second = MakePort();
  const Staged staged =
      Stage({Move(region, kRightRead | kRightMap), Copy(second, kRightSend)});
  const Answer answer = Redeem(staged.token);
  ASSERT_EQ(answer.error(), Error::ok);
  const auto items = ItemsOf(answer);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].kind, ObjectKind::region);
  EXPECT_EQ(items[0].rights, kRightRead | kRightMap);
  EXPECT_EQ(items[0].error, Error::ok);
  EXPECT_EQ(items[1].kind, ObjectKind::port);
  EXPECT_EQ(items[1].rights, kRightSend);
  const Answer info = other_.core().Call(Syscall::handle_info, items[0].handle);
  EXPECT_EQ(info.value(2), region_id);
  EXPECT_EQ(Redeem(staged.token).error(), Error::not_found);
}

TEST_F(TransferRedeem, IsForTheOtherEndOnly) {
  const Staged staged = Stage({Move(MakeRegion())});
  EXPECT_EQ(
      ErrorOf(Syscall::transfer_redeem, end_->handle, {.args = {staged.token}}),
      Error::not_found);
  EXPECT_EQ(Redeem(staged.token + 1).error(), Error::not_found);
  EXPECT_EQ(Redeem(staged.token).error(), Error::ok);
}

TEST_F(TransferRedeem, MarksWhatWasRevokedOnItsWay) {
  const Handle region = MakeRegion();
  const Staged staged = Stage({Copy(region), Copy(MakeRegion())});
  Call(Syscall::handle_revoke, region);
  const auto items = ItemsOf(Redeem(staged.token));
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].handle, abi::kNoHandle);
  EXPECT_EQ(items[0].error, Error::revoked);
  EXPECT_EQ(items[1].error, Error::ok);
}

TEST_F(TransferRedeem, WithoutRoomStaysForLater) {
  const Handle budget = MakeAccount({.limit = {3, 0, 0, 0, 0}});
  Other poor = MakePoor(budget, port_);
  SessionCore& core = poor.core();
  auto lane = Connect(core, poor.handle);
  auto end = Join(root(), *inbox_);
  const Handle region = MakeRegion();
  const Staged staged =
      StageOn(root(), end->handle, {Copy(region), Copy(MakeRegion())});
  const CallArguments token = {.args = {staged.token}};
  EXPECT_EQ(core.Call(Syscall::transfer_redeem, lane->handle, token).error(),
            Error::quota_exceeded);
  Call(Syscall::handle_revoke, region);
  EXPECT_EQ(core.Call(Syscall::transfer_redeem, lane->handle, token).error(),
            Error::ok);
}

TEST_F(TransferRedeem, WaitsForTheNextListener) {
  const Handle region = static_cast<Handle>(
      other_.core()
          .Call(Syscall::region_create, other_.core().account(), {.args = {1}})
          .value(0));
  const Staged staged = StageOn(other_.core(), lane_->handle, {Move(region)});
  ASSERT_EQ(staged.error, Error::ok);
  const Handle copy = Weaker(port_, kRightsSame);
  inbox_.reset();
  Call(Syscall::handle_close, port_);
  auto inbox = Listen(root(), copy);
  auto next = Join(root(), *inbox);
  EXPECT_EQ(
      ErrorOf(Syscall::transfer_redeem, next->handle, {.args = {staged.token}}),
      Error::ok);
}

// ---- transfer_cancel

using TransferCancel = Transfers;

TEST_F(TransferCancel, ChecksHandleAndFields) {
  ExpectDoor(Syscall::transfer_cancel, {.args = 1, .good = {.args = {1}}});
}

TEST_F(TransferCancel, GivesBackInOrder) {
  const Handle first = MakeRegion();
  const Handle second = MakeRegion();
  const uint64_t ids[] = {IdOf(first), IdOf(second)};
  const Staged staged = Stage({Move(first), Move(second)});
  const Answer answer =
      Call(Syscall::transfer_cancel, end_->handle, {.args = {staged.token}});
  ASSERT_EQ(answer.error(), Error::ok);
  ASSERT_EQ(answer.value(0), 2u);
  for (size_t i = 0; i < 2; ++i) {
    Handle back = 0;
    ASSERT_TRUE(answer.Read(&back, i * sizeof(back)));
    EXPECT_EQ(IdOf(back), ids[i]);
  }
  EXPECT_EQ(Redeem(staged.token).error(), Error::not_found);
}

TEST_F(TransferCancel, OfTheOtherEndsOrTakenOnesIsNotFound) {
  const Staged staged = Stage({Move(MakeRegion())});
  const CallArguments token = {.args = {staged.token}};
  EXPECT_EQ(other_.core()
                .Call(Syscall::transfer_cancel, lane_->handle, token)
                .error(),
            Error::not_found);
  EXPECT_EQ(Redeem(staged.token).error(), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::transfer_cancel, end_->handle, token),
            Error::not_found);
}

}  // namespace
}  // namespace ipc
