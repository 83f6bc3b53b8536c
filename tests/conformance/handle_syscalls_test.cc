// The calls about any handle, and session_info.
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;

// ---- session_info

using SessionInfo = Syscalls;

TEST_F(SessionInfo, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::session_info, {});
}

TEST_F(SessionInfo, TellsIdsVersionAndInitialCapabilities) {
  Other other = MakeOther(MakePort(), kRightSend | kRightWait);
  const Answer info = other.core().Call(Syscall::session_info, 0);
  ASSERT_EQ(info.error(), Error::ok);
  EXPECT_NE(info.value(0), 0u);
  EXPECT_EQ(info.value(0), info.value(1));
  EXPECT_EQ(info.value(2), abi::kVersion);
  ASSERT_EQ(info.value(3), 2u);
  ASSERT_EQ(info.payload.size(), 2 * sizeof(abi::NamedCapability));
  abi::NamedCapability first = {};
  info.Read(&first);
  EXPECT_STREQ(first.name, "it");
  EXPECT_EQ(first.handle, other.handle);
  EXPECT_EQ(first.kind, ObjectKind::port);
  EXPECT_EQ(first.rights, kRightSend | kRightWait);
  EXPECT_EQ(first.reserved, 0u);
}

TEST_F(SessionInfo, GivesNoHandleForWhatWasClosed) {
  Other other = MakeOther(MakePort());
  other.core().Call(Syscall::handle_close, other.handle);
  const Answer info = other.core().Call(Syscall::session_info, 0);
  abi::NamedCapability first = {};
  ASSERT_TRUE(info.Read(&first));
  EXPECT_EQ(first.handle, abi::kNoHandle);
  EXPECT_EQ(first.kind, ObjectKind::none);
}

// ---- handle_duplicate

using HandleDuplicate = Syscalls;

TEST_F(HandleDuplicate, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::handle_duplicate,
             {.args = 1, .good = {.args = {kRightsSame}}});
}

TEST_F(HandleDuplicate, KeepsOrShrinksRightsAndKeepsTheBadge) {
  const Answer minted = Call(Syscall::handle_mint, MakePort(),
                             {.args = {kRightSend | kRightDuplicate, 9}});
  const Handle badged = static_cast<Handle>(minted.value(0));
  for (const Rights asked : {kRightsSame, kRightSend, Rights{0}}) {
    const Handle copy = Weaker(badged, asked);
    const Answer info = Call(Syscall::handle_info, copy);
    EXPECT_EQ(info.value(0) >> 32,
              asked == kRightsSame ? kRightSend | kRightDuplicate : asked);
    EXPECT_EQ(info.value(1), 9u);
    EXPECT_EQ(info.value(2), IdOf(badged));
  }
}

TEST_F(HandleDuplicate, RefusesMoreRightsThanItHas) {
  const Handle weak = Weaker(MakePort(), kRightSend | kRightDuplicate);
  for (const uint64_t asked :
       {uint64_t{kRightSend | kRightReceive}, uint64_t{kRightsAll},
        uint64_t{1} << 14, uint64_t{1} << 40, ~uint64_t{0}})
    EXPECT_EQ(ErrorOf(Syscall::handle_duplicate, weak, {.args = {asked}}),
              Error::invalid_args);
}

TEST_F(HandleDuplicate, IsChargedToTheSessionsAccount) {
  const Handle budget = MakeAccount({.limit = {4, 0, 0, 0, 0}});
  Other poor = MakePoor(budget, MakePort());
  Answer full;
  int copies = 0;
  while (copies < 10) {
    full = poor.core().Call(Syscall::handle_duplicate, poor.handle,
                            {.args = {kRightsSame}});
    if (full.error() != Error::ok) break;
    ++copies;
  }
  EXPECT_EQ(copies, 3);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_THAT(full.completion.values,
              ElementsAre(4, 4, IdOf(budget),
                          static_cast<uint64_t>(abi::AccountItem::handles)));
}

// ---- handle_mint

using HandleMint = Syscalls;

TEST_F(HandleMint, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::handle_mint,
             {.args = 4, .payload = true, .good = {.args = {kRightsSame, 1}}});
  for (const size_t bytes : {1u, 15u, 17u}) {
    const std::vector<std::byte> payload(bytes);
    EXPECT_EQ(ErrorOf(Syscall::handle_mint, MakePort(),
                      {.args = {kRightsSame, 1}, .payload = payload}),
              Error::invalid_args);
  }
}

TEST_F(HandleMint, TakesABandWithABadgeOfAPortOnly) {
  const Handle port = MakePort();
  const auto mint = [&](Handle handle, uint64_t badge, uint64_t band) {
    const auto end = static_cast<uint64_t>(Deadline::After(absl::Hours(1)).ns);
    return Call(Syscall::handle_mint, handle,
                {.args = {kRightsSame, badge, end, band}});
  };
  const auto badged = static_cast<Handle>(mint(port, 7, 3).value(0));
  EXPECT_EQ(Call(Syscall::handle_info, badged).value(0),
            static_cast<uint64_t>(ObjectKind::port) |
                uint64_t{3} << abi::kInfoBandShift |
                uint64_t{kRightsAll} << 32);
  EXPECT_EQ(mint(port, 0, 1).error(), Error::invalid_args);
  EXPECT_EQ(mint(badged, 0, 1).error(), Error::invalid_args);
  EXPECT_EQ(mint(MakeRegion(), 7, 1).error(), Error::invalid_args);
  for (const uint64_t band : {uint64_t{abi::kBands}, ~uint64_t{0}}) {
    const Answer answer = mint(port, 7, band);
    EXPECT_EQ(answer.error(), Error::out_of_range);
    EXPECT_EQ(answer.value(1), abi::kBands - 1);
  }
}

TEST_F(HandleMint, WithAnEndTellsItAndGivesItToWhatIsDerived) {
  const auto end = static_cast<uint64_t>(Deadline::After(absl::Hours(1)).ns);
  const Answer made =
      Call(Syscall::handle_mint, MakePort(), {.args = {kRightsSame, 7, end}});
  ASSERT_EQ(made.error(), Error::ok);
  const auto handle = static_cast<Handle>(made.value(0));
  const auto end_of = [&](Handle of) {
    return Call(Syscall::handle_info, of).value(3);
  };
  EXPECT_EQ(end_of(handle), end);
  EXPECT_EQ(end_of(Weaker(handle, kRightSend)), end);
  // Earlier is possible, later is not; the badge stays.
  const auto mint_until = [&](uint64_t until) {
    return static_cast<Handle>(
        Call(Syscall::handle_mint, handle, {.args = {kRightsSame, 0, until}})
            .value(0));
  };
  EXPECT_EQ(end_of(mint_until(end - 1)), end - 1);
  EXPECT_EQ(end_of(mint_until(end + 1)), end);
  EXPECT_EQ(Call(Syscall::handle_info, mint_until(end - 1)).value(1), 7u);
}

TEST_F(HandleMint, RefusesAnEndThatHasPassedOrCannotBe) {
  const Handle port = MakePort();
  EXPECT_EQ(ErrorOf(Syscall::handle_mint, port, {.args = {kRightsSame, 1, 1}}),
            Error::timed_out);
  EXPECT_EQ(ErrorOf(Syscall::handle_mint, port,
                    {.args = {kRightsSame, 1, ~uint64_t{0}}}),
            Error::invalid_args);
}

TEST_F(HandleMint, AtItsEndItGoesAsIfRevokedEverywhere) {
  const Handle port = MakePort();
  // Long enough for what is to be done before, on a machine at its limit.
  const auto end =
      static_cast<uint64_t>(Deadline::After(absl::Milliseconds(400)).ns);
  const auto brief = static_cast<Handle>(
      Call(Syscall::handle_mint, port, {.args = {kRightsSame, 7, end}})
          .value(0));
  Other other = MakeOther(brief);
  auto lane = Connect(other.core(), other.handle);
  // The watch ends by itself, when the time has come.
  const Answer watched =
      other.core().Call(Syscall::object_watch, other.handle,
                        {.args = {kSignalPeerClosed}}, Soon());
  EXPECT_EQ(watched.error(), Error::revoked);
  EXPECT_GE(static_cast<uint64_t>(base::NowNs()), end);
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_cut).value(2),
            static_cast<uint64_t>(Error::revoked));
  const Answer gone = Call(Syscall::handle_info, brief);
  EXPECT_EQ(gone.error(), Error::bad_handle);
  EXPECT_EQ(gone.value(0), static_cast<uint64_t>(abi::HandleFate::expired));
  EXPECT_TRUE(IsOpen(port));
}

TEST_F(HandleMint, SetsTheBadge) {
  const Answer made = Call(Syscall::handle_mint, MakePort(),
                           {.args = {kRightSend, ~uint64_t{0}}});
  ASSERT_EQ(made.error(), Error::ok);
  const Answer info =
      Call(Syscall::handle_info, static_cast<Handle>(made.value(0)));
  EXPECT_EQ(info.value(0) >> 32, kRightSend);
  EXPECT_EQ(info.value(1), ~uint64_t{0});
}

TEST_F(HandleMint, RefusesNoBadgeASecondBadgeAndMoreRights) {
  const Handle port = MakePort();
  EXPECT_EQ(ErrorOf(Syscall::handle_mint, port, {.args = {kRightsSame, 0}}),
            Error::invalid_args);
  const Answer made =
      Call(Syscall::handle_mint, port, {.args = {kRightsSame, 5}});
  EXPECT_EQ(ErrorOf(Syscall::handle_mint, static_cast<Handle>(made.value(0)),
                    {.args = {kRightsSame, 6}}),
            Error::invalid_args);
  const Handle weak = Weaker(port, kRightDuplicate);
  EXPECT_EQ(ErrorOf(Syscall::handle_mint, weak, {.args = {kRightSend, 5}}),
            Error::invalid_args);
}

// ---- handle_replace

using HandleReplace = Syscalls;

TEST_F(HandleReplace, ChecksHandleAndFields) {
  ExpectDoor(Syscall::handle_replace,
             {.args = 1, .good = {.args = {kRightsSame}}});
}

TEST_F(HandleReplace, KeepsTheCapabilityUnderANewValue) {
  const Handle port = MakePort();
  const auto badged = static_cast<Handle>(
      Call(Syscall::handle_mint, port, {.args = {kRightsSame, 9}}).value(0));
  const Handle child = Weaker(badged, kRightSend);
  const Answer replaced = Call(Syscall::handle_replace, badged,
                               {.args = {kRightSend | kRightManage}});
  ASSERT_EQ(replaced.error(), Error::ok);
  const auto handle = static_cast<Handle>(replaced.value(0));
  EXPECT_NE(handle, badged);
  const Answer info = Call(Syscall::handle_info, handle);
  EXPECT_EQ(info.value(0) >> 32, kRightSend | kRightManage);
  EXPECT_EQ(info.value(1), 9u);
  EXPECT_EQ(Call(Syscall::handle_info, badged).value(0),
            static_cast<uint64_t>(abi::HandleFate::moved));
  // What was derived from it still is.
  EXPECT_EQ(Call(Syscall::handle_revoke, handle).value(0), 1u);
  EXPECT_FALSE(IsOpen(child));
}

TEST_F(HandleReplace, RefusesMoreRightsAndLanes) {
  const Handle weak = Weaker(MakePort(), kRightSend);
  EXPECT_EQ(ErrorOf(Syscall::handle_replace, weak,
                    {.args = {kRightSend | kRightReceive}}),
            Error::invalid_args);
  EXPECT_TRUE(IsOpen(weak));
  EXPECT_EQ(ErrorOf(Syscall::handle_replace, Make(ObjectKind::lane),
                    {.args = {kRightsSame}}),
            Error::wrong_type);
}

TEST_F(HandleReplace, EndsListeningAndKeepsTheQueue) {
  const Handle port = MakePort();
  Other other = MakeOther(port);
  auto inbox = Listen(root(), port);
  auto lane = Connect(other.core(), other.handle);
  Join(root(), *inbox);
  const Answer replaced =
      Call(Syscall::handle_replace, port, {.args = {kRightsSame}});
  EXPECT_EQ(inbox->Await(abi::Event::listen_ended).value(0),
            static_cast<uint64_t>(Error::canceled));
  lane->inbox.Await(abi::Event::lane_orphaned);
  inbox.reset();
  auto again = Listen(root(), static_cast<Handle>(replaced.value(0)));
  EXPECT_EQ(Join(root(), *again)->id, lane->id);
}

// ---- handle_close

using HandleClose = Syscalls;

TEST_F(HandleClose, ChecksHandleAndFields) {
  ExpectDoor(Syscall::handle_close, {});
}

TEST_F(HandleClose, MakesTheHandleStaleAndLeavesCopies) {
  const Handle port = MakePort();
  const Handle copy = Weaker(port, kRightsSame);
  EXPECT_EQ(ErrorOf(Syscall::handle_close, port), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::handle_close, port), Error::bad_handle);
  EXPECT_TRUE(IsOpen(copy));
}

TEST_F(HandleClose, DoesNotGiveAValueAgainSoon) {
  const Handle port = MakePort();
  absl::flat_hash_map<Handle, int> seen;
  for (int i = 0; i < 2048; ++i) {
    const Handle copy = Weaker(port, kRightsSame);
    EXPECT_EQ(++seen[copy], 1);
    root().Post(Syscall::handle_close, copy);
  }
}

TEST_F(HandleClose, EndsWaitsOnTheHandle) {
  const Handle port = MakePort();
  std::atomic<int> error{-1};
  root().Start(Syscall::object_watch, port, {.args = {kSignalPeerClosed}},
               [&](Answer answer) { error = int(answer.error()); });
  EXPECT_EQ(ErrorOf(Syscall::handle_close, port), Error::ok);
  EXPECT_EQ(error, static_cast<int>(Error::canceled));
}

// ---- handle_revoke

using HandleRevoke = Syscalls;

TEST_F(HandleRevoke, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::handle_revoke,
             {.known_options = abi::kRevokeBadge, .args = 1});
}

TEST_F(HandleRevoke, WantsABadgeWithTheOptionAndOnlyThen) {
  const Handle port = MakePort();
  EXPECT_EQ(
      ErrorOf(Syscall::handle_revoke, port, {.options = abi::kRevokeBadge}),
      Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::handle_revoke, port, {.args = {7}}),
            Error::invalid_args);
}

TEST_F(HandleRevoke, OfNothingDerivedSucceeds) {
  const Answer answer = Call(Syscall::handle_revoke, MakePort());
  EXPECT_EQ(answer.error(), Error::ok);
  EXPECT_THAT(answer.completion.values, ElementsAre(0, 0, 0, 0));
}

TEST_F(HandleRevoke, DestroysAllThatWasDerivedAndKeepsItself) {
  const Handle port = MakePort();
  const Handle child = Weaker(port, kRightsSame);
  const Handle grandchild = Weaker(child, kRightsSame);
  // Closed in between: what came of it is still reached.
  const Handle closed = Weaker(port, kRightsSame);
  const Handle orphan = Weaker(closed, kRightsSame);
  Call(Syscall::handle_close, closed);
  Other other = MakeOther(child);
  const Answer answer = Call(Syscall::handle_revoke, port);
  EXPECT_EQ(answer.value(0), 4u);
  EXPECT_TRUE(IsOpen(port));
  for (const Handle gone : {child, grandchild, orphan})
    EXPECT_FALSE(IsOpen(gone));
  EXPECT_EQ(other.core().Call(Syscall::handle_info, other.handle).error(),
            Error::bad_handle);
}

TEST_F(HandleRevoke, ByBadgeHitsOnlyThatBadge) {
  const Handle port = MakePort();
  std::vector<Handle> made;
  for (const uint64_t badge : {1, 2, 2})
    made.push_back(static_cast<Handle>(
        Call(Syscall::handle_mint, port, {.args = {kRightsSame, badge}})
            .value(0)));
  const Answer answer = Call(Syscall::handle_revoke, port,
                             {.options = abi::kRevokeBadge, .args = {2}});
  EXPECT_EQ(answer.value(0), 2u);
  EXPECT_TRUE(IsOpen(made[0]));
  EXPECT_FALSE(IsOpen(made[1]));
  EXPECT_FALSE(IsOpen(made[2]));
}

TEST_F(HandleRevoke, CutsLanesEndsWaitsAndReachesWhatIsInFlight) {
  const Handle port = MakePort();
  Other other = MakeOther(port);
  auto lane = Connect(other.core(), other.handle);
  std::atomic<int> error{-1};
  other.core().Start(Syscall::object_watch, other.handle,
                     {.args = {kSignalPeerClosed}},
                     [&](Answer answer) { error = int(answer.error()); });
  // In flight through a lane of another port.
  auto way = Connect(root(), MakePort());
  PayloadBytes items;
  items.Add(abi::TransferItem{.handle = Weaker(port, kRightsSame),
                              .rights = kRightsSame});
  ASSERT_EQ(
      ErrorOf(Syscall::transfer_stage, way->handle, {.payload = items.bytes()}),
      Error::ok);
  const Answer receipt = Call(Syscall::handle_revoke, port);
  EXPECT_THAT(receipt.completion.values, ElementsAre(2, 1, 0, 1));
  const Answer cut = lane->inbox.Await(abi::Event::lane_cut);
  EXPECT_EQ(cut.value(2), static_cast<uint64_t>(Error::revoked));
  EXPECT_EQ(error, static_cast<int>(Error::revoked));
}

TEST_F(HandleRevoke, CountsMappingsGivenOut) {
  const Handle region = MakeRegion();
  Other other = MakeOther(region);
  ASSERT_EQ(other.core().Call(Syscall::region_map, other.handle).error(),
            Error::ok);
  EXPECT_EQ(Call(Syscall::handle_revoke, region).value(2), 1u);
}

// ---- handle_info

using HandleInfo = Syscalls;

TEST_F(HandleInfo, ChecksHandleAndFields) {
  ExpectDoor(Syscall::handle_info, {});
}

TEST_F(HandleInfo, OfABadHandleTellsWhatBecameOfIt) {
  const auto fate = [&](Handle handle) {
    const Answer answer = Call(Syscall::handle_info, handle);
    EXPECT_EQ(answer.error(), Error::bad_handle);
    return static_cast<abi::HandleFate>(answer.value(0));
  };
  const Handle port = MakePort();
  EXPECT_EQ(fate(abi::kNoHandle), abi::HandleFate::zero);
  EXPECT_EQ(fate(kNeverGiven), abi::HandleFate::never_given);
  const Handle revoked = Weaker(port, kRightsSame);
  Call(Syscall::handle_revoke, port);
  EXPECT_EQ(fate(revoked), abi::HandleFate::revoked);
  const Handle closed = Weaker(port, kRightsSame);
  Call(Syscall::handle_close, closed);
  EXPECT_EQ(fate(closed), abi::HandleFate::closed);
  EXPECT_EQ(fate(revoked), abi::HandleFate::stale);
}

TEST_F(HandleInfo, TellsKindRightsBadgeAndObjectOfEveryKind) {
  for (uint32_t kind = 1; kind <= abi::kObjectKinds; ++kind) {
    const Handle handle = Make(static_cast<ObjectKind>(kind));
    const Answer info = Call(Syscall::handle_info, handle);
    EXPECT_EQ(info.value(0) & 0xffff'ffff, kind);
    Rights rights = kRightsAll;
    if (static_cast<ObjectKind>(kind) == ObjectKind::lane ||
        static_cast<ObjectKind>(kind) == ObjectKind::subscription)
      rights = 0;
    if (static_cast<ObjectKind>(kind) == ObjectKind::reply)
      rights = kRightSend | kRightTransfer | kRightWait | kRightInspect;
    EXPECT_EQ(info.value(0) >> 32, rights);
    EXPECT_EQ(info.value(1), 0u);
    EXPECT_NE(info.value(2), 0u);
    EXPECT_EQ(info.value(3), 0u);
  }
}

}  // namespace
}  // namespace ipc
