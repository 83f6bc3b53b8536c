// The calls about lanes, and the events that tell of them.
#include "libipc/base/memory.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

uint64_t Number(Error error) { return static_cast<uint64_t>(error); }

// ---- lane_ready

using LaneReady = Syscalls;

TEST_F(LaneReady, ChecksHandleAndFields) {
  ExpectDoor(Syscall::lane_ready, {});
}

TEST_F(LaneReady, TwiceIsBadStateAtBothEnds) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  EXPECT_EQ(ErrorOf(Syscall::lane_ready, lane->handle), Error::bad_state);
  auto end = Join(root(), *inbox);
  EXPECT_EQ(ErrorOf(Syscall::lane_ready, end->handle), Error::bad_state);
}

TEST_F(LaneReady, ShowsTheLaneOnlyThen) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = ConnectOnly(root(), port);
  EXPECT_FALSE(inbox->Has(abi::Event::lane_opened));
  EXPECT_EQ(ErrorOf(Syscall::lane_ready, lane->handle), Error::ok);
  auto end = Opened(root(), *inbox);
  EXPECT_FALSE(lane->inbox.Has(abi::Event::lane_joined));
  EXPECT_EQ(ErrorOf(Syscall::lane_ready, end->handle), Error::ok);
  const Answer joined = lane->inbox.Await(abi::Event::lane_joined);
  EXPECT_EQ(joined.value(0), end->answer.value(2));
  EXPECT_EQ(joined.value(1), 0u);
  EXPECT_EQ(joined.value(2), 0u);
  EXPECT_EQ(joined.value(3), root().process_id());
  EXPECT_EQ(joined.descriptors.size(), 1u);
}

TEST_F(LaneReady, SealsBothHalvesForTheOtherSide) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  const Answer joined = lane->inbox.Await(abi::Event::lane_joined);
  const uint64_t bytes = abi::kControlBytes + 4096;
  for (const int half :
       {end->answer.descriptors.at(0).get(), joined.descriptors.at(0).get()}) {
    EXPECT_TRUE(base::Mapping::Map(half, 0, bytes, base::Access::kRead).ok());
    EXPECT_FALSE(
        base::Mapping::Map(half, 0, bytes, base::Access::kReadWrite).ok());
  }
}

// ---- half_spare

class HalfSpare : public Syscalls {
 protected:
  struct Held {
    uint64_t number = 0;
    uint64_t key = 0;
    std::shared_ptr<base::Half> half;
    std::vector<base::UniqueFd> descriptors;
  };
  static Held Granted(SessionCore& core) {
    Answer answer = core.Call(Syscall::half_spare, 0, {}, Soon());
    EXPECT_EQ(answer.error(), Error::ok);
    Held held = {answer.value(0), answer.value(1), nullptr,
                 std::move(answer.descriptors)};
    held.half =
        *base::Half::Map(held.descriptors.at(0).get(), abi::kRingBytesDefault,
                         held.key, base::Access::kReadWrite);
    return held;
  }
  static Held Ready(SessionCore& core) {
    Held held = Granted(core);
    EXPECT_EQ(SayReady(core, held.number), Error::ok);
    return held;
  }
  static Error SayReady(SessionCore& core, uint64_t number) {
    return core.Call(Syscall::half_spare, 0, {.args = {number}}, Soon())
        .error();
  }
  // A port with rings as large as a spare's.
  Handle LargePort() { return MakePort(0, 0); }
  static abi::LaneGranted GrantOf(const Answer& connected) {
    abi::LaneGranted granted = {};
    EXPECT_TRUE(connected.Read(&granted));
    return granted;
  }
  static abi::LaneOpened OpeningOf(const Answer& event) {
    abi::LaneOpened opened = {};
    EXPECT_TRUE(event.Read(&opened));
    return opened;
  }
};

TEST_F(HalfSpare, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::half_spare, {.args = 1});
}

TEST_F(HalfSpare, GrantsOneHalfWithABell) {
  const Answer answer = Call(Syscall::half_spare, 0);
  ASSERT_EQ(answer.error(), Error::ok);
  EXPECT_NE(answer.value(0), 0u);
  EXPECT_EQ(answer.value(2), abi::kRingBytesDefault);
  EXPECT_EQ(answer.descriptors.size(), 2u);
  EXPECT_EQ(ErrorOf(Syscall::half_spare, 0), Error::bad_state);
}

TEST_F(HalfSpare, IsReadyOnceAndByItsNumber) {
  EXPECT_EQ(SayReady(root(), 1), Error::not_found);
  const Held held = Granted(root());
  EXPECT_EQ(SayReady(root(), held.number + 1), Error::not_found);
  EXPECT_EQ(SayReady(root(), held.number), Error::ok);
  EXPECT_EQ(SayReady(root(), held.number), Error::bad_state);
}

TEST_F(HalfSpare, CanBeMappedForWritingByNobodyElseOnceReady) {
  const Held held = Ready(root());
  EXPECT_FALSE(base::Mapping::Map(held.descriptors[0].get(), 0, 4096,
                                  base::Access::kReadWrite)
                   .ok());
}

TEST_F(HalfSpare, IsTakenByTheNextLaneThatIsMade) {
  const Handle port = LargePort();
  auto inbox = Listen(root(), port);
  Other other = MakeOther(port);
  const Held held = Ready(other.core());
  const Answer made = other.core().Call(Syscall::port_connect, other.handle);
  ASSERT_EQ(made.error(), Error::ok);
  EXPECT_EQ(made.value(1), held.key);
  EXPECT_TRUE(made.descriptors.empty());
  EXPECT_EQ(GrantOf(made).spare, held.number);
  // No lane_ready is needed, nor is one good.
  EXPECT_EQ(inbox->Await(abi::Event::lane_opened).value(1), held.key);
  EXPECT_EQ(other.core()
                .Call(Syscall::lane_ready, static_cast<Handle>(made.value(0)))
                .error(),
            Error::bad_state);
  // It is used once.
  EXPECT_EQ(
      GrantOf(other.core().Call(Syscall::port_connect, other.handle)).spare,
      0u);
  EXPECT_GT(Granted(other.core()).number, held.number);
}

TEST_F(HalfSpare, IsTakenByTheNextLaneThatIsOpened) {
  const Handle port = LargePort();
  auto inbox = Listen(root(), port);
  const Held held = Ready(root());
  Other other = MakeOther(port);
  auto lane = Connect(other.core(), other.handle);
  const Answer event = inbox->Await(abi::Event::lane_opened);
  EXPECT_EQ(OpeningOf(event).spare, held.number);
  EXPECT_EQ(event.value(2), held.key);
  EXPECT_EQ(event.descriptors.size(), 2u);
  // The sender is told at once: the listener has nothing to map.
  const Answer joined = lane->inbox.Await(abi::Event::lane_joined);
  EXPECT_EQ(joined.value(0), held.key);
  EXPECT_EQ(joined.descriptors.size(), 1u);
}

TEST_F(HalfSpare, CarriesWhatIsPublishedInIt) {
  const Handle port = LargePort();
  auto inbox = Listen(root(), port);
  Other other = MakeOther(port);
  const Held held = Ready(other.core());
  base::RingWriter out(held.half, 0);
  std::memcpy(out.Payload(), "one", 3);
  abi::RecordHeader header = {};
  header.payload_bytes = 3;
  out.Publish(header);
  ASSERT_EQ(other.core().Call(Syscall::port_connect, other.handle).error(),
            Error::ok);
  const Answer event = inbox->Await(abi::Event::lane_opened);
  auto seen =
      *base::Half::Map(event.descriptors.at(0).get(), abi::kRingBytesDefault,
                       event.value(1), base::Access::kRead);
  base::RingReader in(seen, 0);
  ASSERT_EQ(in.Peek(&header), base::RingReader::State::kRecord);
  EXPECT_EQ(std::memcmp(in.Payload(), "one", 3), 0);
}

TEST_F(HalfSpare, IsNotTakenBeforeItIsReady) {
  const Handle port = LargePort();
  const Held held = Granted(root());
  const Answer made = Call(Syscall::port_connect, port);
  EXPECT_EQ(GrantOf(made).spare, 0u);
  EXPECT_EQ(made.descriptors.size(), 2u);
  EXPECT_EQ(SayReady(root(), held.number), Error::ok);
}

TEST_F(HalfSpare, IsNotTakenForRingsOfAnotherSize) {
  const Held held = Ready(root());
  EXPECT_EQ(GrantOf(Call(Syscall::port_connect, MakePort(0, 8192))).spare, 0u);
  EXPECT_EQ(GrantOf(Call(Syscall::port_connect, LargePort())).spare,
            held.number);
}

TEST_F(HalfSpare, IsKeptWhenTheLaneIsRefused) {
  const Handle port = LargePort();
  Other poor = MakePoor(MakeAccount({.limit = {0, 0, 1, 0, 0}}), port);
  ASSERT_EQ(poor.core().Call(Syscall::port_connect, poor.handle).error(),
            Error::ok);
  const Held held = Ready(poor.core());
  EXPECT_EQ(poor.core().Call(Syscall::port_connect, poor.handle).error(),
            Error::quota_exceeded);
  EXPECT_EQ(SayReady(poor.core(), held.number), Error::bad_state);
}

// ---- lane_close

using LaneClose = Syscalls;

TEST_F(LaneClose, ChecksHandleAndFields) {
  ExpectDoor(Syscall::lane_close, {});
}

TEST_F(LaneClose, ByTheSenderTellsTheListenerWhereItEnds) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  Publish(*lane, "one");
  EXPECT_EQ(ErrorOf(Syscall::lane_close, lane->handle), Error::ok);
  EXPECT_FALSE(IsOpen(lane->handle));
  const Answer cut = end->inbox.Await(abi::Event::lane_cut);
  EXPECT_EQ(cut.value(0), abi::RecordBytes(3));
  EXPECT_EQ(cut.value(2), Number(Error::peer_closed));
  EXPECT_EQ(ErrorOf(Syscall::lane_close, end->handle), Error::ok);
}

TEST_F(LaneClose, ByTheListenerTellsTheSenderWhatWasTaken) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  Publish(*lane, "one");
  Publish(*lane, "two");
  end->own->head().store(64);
  Publish(*end, "reply");
  EXPECT_EQ(ErrorOf(Syscall::lane_close, end->handle), Error::ok);
  const Answer cut = lane->inbox.Await(abi::Event::lane_cut);
  EXPECT_EQ(cut.value(0), 64u);
  EXPECT_EQ(cut.value(1), 64u);
  EXPECT_EQ(cut.value(2), Number(Error::peer_closed));
}

TEST_F(LaneClose, BelievesNoImpossiblePosition) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  for (const uint64_t lie :
       {uint64_t{1} << 63, ~uint64_t{0}, uint64_t{7}, uint64_t{1} << 40}) {
    auto lane = Connect(root(), port);
    auto end = Join(root(), *inbox);
    lane->own->tail().store(lie);
    EXPECT_EQ(ErrorOf(Syscall::lane_close, lane->handle), Error::ok);
    const Answer cut = end->inbox.Await(abi::Event::lane_cut);
    EXPECT_LE(cut.value(0), 4096u) << lie;
    EXPECT_EQ(cut.value(0) % 64, 0u);
    Call(Syscall::lane_close, end->handle);

    auto honest = Connect(root(), port);
    auto liar = Join(root(), *inbox);
    Publish(*honest, "one");
    liar->own->head().store(lie);
    liar->own->tail().store(lie);
    EXPECT_EQ(ErrorOf(Syscall::lane_close, liar->handle), Error::ok);
    const Answer told = honest->inbox.Await(abi::Event::lane_cut);
    EXPECT_LE(told.value(0), 4096u) << lie;
    EXPECT_LE(told.value(1), 64u) << lie;
    Call(Syscall::lane_close, honest->handle);
  }
}

TEST_F(LaneClose, LeavesMessagesForANextListener) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  Publish(*lane, "one");
  Call(Syscall::lane_close, lane->handle);
  auto inbox = Listen(root(), port);
  auto end = Opened(root(), *inbox);
  EXPECT_EQ(end->id, lane->id);
  EXPECT_EQ(end->inbox.Await(abi::Event::lane_cut).value(0), 64u);
}

TEST_F(LaneClose, HappensWhenTheSenderDies) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  Other other = MakeOther(port);
  auto lane = Connect(other.core(), other.handle);
  auto end = Join(root(), *inbox);
  Publish(*lane, "one");
  other.session.Close();
  const Answer cut = end->inbox.Await(abi::Event::lane_cut);
  EXPECT_EQ(cut.value(0), 64u);
  EXPECT_EQ(cut.value(2), Number(Error::peer_closed));
}

TEST_F(LaneClose, OfADeadListenerOrphansTheLaneAndTheNextGoesOn) {
  const Handle port = MakePort();
  Other other = MakeOther(port);
  auto inbox = Listen(other.core(), other.handle);
  auto lane = Connect(root(), port);
  auto end = Join(other.core(), *inbox);
  Publish(*lane, "one");
  Publish(*lane, "two");
  Publish(*end, "reply");
  end->own->head().store(64);
  other.session.Close();
  const Answer orphaned = lane->inbox.Await(abi::Event::lane_orphaned);
  EXPECT_EQ(orphaned.value(0), 64u);
  EXPECT_EQ(orphaned.value(1), 64u);
  auto next_inbox = Listen(root(), port);
  auto next = Join(root(), *next_inbox);
  abi::LaneOpened opened = {};
  next->answer.Read(&opened);
  EXPECT_EQ(opened.lane_id, lane->id);
  EXPECT_EQ(opened.request_start, 64u);
  EXPECT_EQ(opened.reply_start, 64u);
  const Answer joined = lane->inbox.Await(abi::Event::lane_joined);
  EXPECT_EQ(joined.value(1), 64u);
  EXPECT_EQ(joined.value(2), 64u);
}

TEST_F(LaneClose, HappensToAllWhenThePortCloses) {
  const Handle port = MakePort();
  const Handle sender = Weaker(port, kRightSend);
  auto lane = Connect(root(), sender);
  Call(Syscall::handle_close, port);
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_cut).value(2),
            Number(Error::peer_closed));
}

TEST_F(LaneClose, HappensWhenTheSendCapabilityIsClosed) {
  const Handle port = MakePort();
  const Handle sender = Weaker(port, kRightSend);
  auto lane = Connect(root(), sender);
  Call(Syscall::handle_close, sender);
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_cut).value(2),
            Number(Error::canceled));
}

// ---- lane_attach

using LaneAttach = Syscalls;

TEST_F(LaneAttach, ChecksHandleAndFields) {
  const Handle region = MakeRegion();
  ExpectDoor(Syscall::lane_attach, {.args = 1, .good = {.args = {region}}});
}

TEST_F(LaneAttach, NumbersAttachmentsUpToTheLimit) {
  auto lane = Connect(root(), MakePort());
  const Handle region = MakeRegion();
  Call(Syscall::region_seal, region);
  for (uint32_t i = 0; i < abi::kAttachedRegionsMax; ++i)
    EXPECT_EQ(
        Call(Syscall::lane_attach, lane->handle, {.args = {region}}).value(0),
        i);
  const Answer full =
      Call(Syscall::lane_attach, lane->handle, {.args = {region}});
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(1), abi::kAttachedRegionsMax);
}

TEST_F(LaneAttach, ChecksTheRegionsHandleTypeAndRights) {
  auto lane = Connect(root(), MakePort());
  for (const uint64_t handle :
       {uint64_t{0}, uint64_t{kNeverGiven}, uint64_t{1} << 32})
    EXPECT_EQ(ErrorOf(Syscall::lane_attach, lane->handle, {.args = {handle}}),
              Error::bad_handle);
  EXPECT_EQ(ErrorOf(Syscall::lane_attach, lane->handle,
                    {.args = {Weaker(MakePort(), 0)}}),
            Error::wrong_type);
  const Handle region = MakeRegion();
  const Answer denied = Call(Syscall::lane_attach, lane->handle,
                             {.args = {Weaker(region, kRightMap)}});
  EXPECT_EQ(denied.error(), Error::access_denied);
  EXPECT_EQ(denied.value(0), kRightRead);
}

TEST_F(LaneAttach, WantsASealedRegionAndAWholeLane) {
  const Handle port = MakePort();
  const Handle sender = Weaker(port, kRightSend);
  auto lane = Connect(root(), sender);
  const Handle region = MakeRegion();
  EXPECT_EQ(ErrorOf(Syscall::lane_attach, lane->handle, {.args = {region}}),
            Error::bad_state);
  Call(Syscall::handle_close, sender);
  lane->inbox.Await(abi::Event::lane_cut);
  EXPECT_EQ(ErrorOf(Syscall::lane_attach, lane->handle, {.args = {region}}),
            Error::peer_closed);
}

// ---- lane_detach

using LaneDetach = LaneAttach;

TEST_F(LaneDetach, ChecksHandleAndFields) {
  ExpectDoor(Syscall::lane_detach, {.args = 1});
}

TEST_F(LaneDetach, MakesRoomAndNumbersAreNotGivenAgain) {
  auto lane = Connect(root(), MakePort());
  const Handle region = MakeRegion();
  Call(Syscall::region_seal, region);
  for (uint64_t i = 0; i < 3 * abi::kAttachedRegionsMax; ++i) {
    const Answer attached =
        Call(Syscall::lane_attach, lane->handle, {.args = {region}});
    ASSERT_EQ(attached.error(), Error::ok);
    EXPECT_EQ(attached.value(0), i);
    EXPECT_EQ(ErrorOf(Syscall::lane_detach, lane->handle, {.args = {i}}),
              Error::ok);
    EXPECT_EQ(ErrorOf(Syscall::lane_detach, lane->handle, {.args = {i}}),
              Error::not_found);
  }
}

TEST_F(LaneDetach, GivesTheRegionBackThatNobodyElseHas) {
  const Handle budget = MakeAccount({.limit = {0, 0, 0, 1, 0}});
  auto lane = Connect(root(), MakePort());
  const auto region = static_cast<Handle>(
      Call(Syscall::region_create, budget, {.args = {4096}}).value(0));
  Call(Syscall::region_seal, region);
  Call(Syscall::lane_attach, lane->handle, {.args = {region}});
  Call(Syscall::handle_close, region);
  EXPECT_EQ(ErrorOf(Syscall::region_create, budget, {.args = {4096}}),
            Error::quota_exceeded);
  Call(Syscall::lane_detach, lane->handle);
  EXPECT_EQ(ErrorOf(Syscall::region_create, budget, {.args = {4096}}),
            Error::ok);
}

TEST_F(LaneDetach, OfALaneThatIsCutIsPeerClosed) {
  const Handle sender = Weaker(MakePort(), kRightSend);
  auto lane = Connect(root(), sender);
  const Handle region = MakeRegion();
  Call(Syscall::region_seal, region);
  Call(Syscall::lane_attach, lane->handle, {.args = {region}});
  Call(Syscall::handle_close, sender);
  lane->inbox.Await(abi::Event::lane_cut);
  EXPECT_EQ(ErrorOf(Syscall::lane_detach, lane->handle), Error::peer_closed);
}

// ---- lane_map

class LaneMap : public Syscalls {
 protected:
  // A lane whose sender has attached a region by a capability derived from
  // the first, and that of its listener.
  struct Attached {
    Handle region;
    Handle derived;
    std::unique_ptr<RawLane> lane;
    std::unique_ptr<RawLane> peer;
  };
  Attached Attach() {
    const Handle port = MakePort();
    port_inboxes_.push_back(Listen(root(), port));
    Attached made;
    made.lane = Connect(root(), port);
    made.peer = Join(root(), *port_inboxes_.back());
    made.region = MakeRegion();
    Call(Syscall::region_seal, made.region);
    made.derived =
        Weaker(made.region, kRightRead | kRightMap | kRightDuplicate);
    Call(Syscall::lane_attach, made.lane->handle, {.args = {made.derived}});
    return made;
  }
  Error MapFirst(const RawLane& lane) {
    return ErrorOf(Syscall::lane_map, lane.handle, {.args = {0}});
  }

 private:
  std::vector<std::unique_ptr<Inbox>> port_inboxes_;
};

TEST_F(LaneMap, GivesNothingThatWasAttachedByARevokedCapability) {
  const Attached attached = Attach();
  EXPECT_EQ(MapFirst(*attached.peer), Error::ok);
  Call(Syscall::handle_revoke, attached.region);
  EXPECT_EQ(MapFirst(*attached.peer), Error::revoked);
}

TEST_F(LaneMap, GivesWhatWasAttachedByAClosedOneUntilThatWouldBeRevoked) {
  for (const Syscall call : {Syscall::handle_close, Syscall::handle_replace}) {
    const Attached attached = Attach();
    const bool closes = call == Syscall::handle_close;
    EXPECT_EQ(
        ErrorOf(call, attached.derived, {.args = {closes ? 0u : kRightMap}}),
        Error::ok);
    EXPECT_EQ(MapFirst(*attached.peer), Error::ok);
    Call(Syscall::handle_revoke, attached.region);
    EXPECT_EQ(MapFirst(*attached.peer), Error::revoked);
  }
}

TEST_F(LaneMap, GivesNothingOfAClosedOneWhoseAncestorIsRevoked) {
  const Attached attached = Attach();
  const Handle child = Weaker(attached.derived, kRightRead | kRightMap);
  Call(Syscall::lane_attach, attached.lane->handle, {.args = {child}});
  Call(Syscall::handle_close, child);
  Call(Syscall::handle_close, attached.derived);
  EXPECT_EQ(ErrorOf(Syscall::lane_map, attached.peer->handle, {.args = {1}}),
            Error::ok);
  Call(Syscall::handle_revoke, attached.region);
  for (const uint64_t number : {0u, 1u})
    EXPECT_EQ(
        ErrorOf(Syscall::lane_map, attached.peer->handle, {.args = {number}}),
        Error::revoked);
}

TEST_F(LaneMap, GivesNothingOfWhatIsDetachedAndThePeerThatMappedItIsTold) {
  const Attached attached = Attach();
  EXPECT_EQ(MapFirst(*attached.peer), Error::ok);
  Call(Syscall::lane_detach, attached.lane->handle);
  EXPECT_EQ(attached.peer->inbox.Await(abi::Event::lane_detached).value(0), 0u);
  EXPECT_EQ(MapFirst(*attached.peer), Error::not_found);
  Call(Syscall::lane_attach, attached.lane->handle,
       {.args = {attached.region}});
  Call(Syscall::lane_detach, attached.lane->handle, {.args = {1}});
  EXPECT_FALSE(attached.peer->inbox.Has(abi::Event::lane_detached))
      << "it had not mapped it";
}

TEST_F(LaneMap, GoesOnWhenAnotherCapabilityIsRevoked) {
  const Attached attached = Attach();
  Call(Syscall::lane_attach, attached.lane->handle,
       {.args = {attached.region}});
  Call(Syscall::handle_revoke, attached.region);
  EXPECT_EQ(MapFirst(*attached.peer), Error::revoked);
  EXPECT_EQ(ErrorOf(Syscall::lane_map, attached.peer->handle, {.args = {1}}),
            Error::ok);
}

TEST_F(LaneMap, ChecksHandleAndFields) {
  ExpectDoor(Syscall::lane_map, {.args = 1});
}

TEST_F(LaneMap, GivesThePeersAttachmentForReading) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  const Handle region = MakeRegion(8192);
  Call(Syscall::region_seal, region);
  Call(Syscall::lane_attach, lane->handle, {.args = {region}});
  const Answer answer = Call(Syscall::lane_map, end->handle);
  ASSERT_EQ(answer.error(), Error::ok);
  EXPECT_EQ(answer.value(0), 8192u);
  const int fd = answer.descriptors.at(0).get();
  EXPECT_TRUE(base::Mapping::Map(fd, 0, 8192, base::Access::kRead).ok());
  EXPECT_FALSE(base::Mapping::Map(fd, 0, 8192, base::Access::kReadWrite).ok());
}

TEST_F(LaneMap, OfWhatThePeerDidNotAttachIsNotFound) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const Handle region = MakeRegion();
  Call(Syscall::region_seal, region);
  Call(Syscall::lane_attach, lane->handle, {.args = {region}});
  // Its own is not the peer's.
  for (const uint64_t attachment : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}})
    EXPECT_EQ(ErrorOf(Syscall::lane_map, lane->handle, {.args = {attachment}}),
              Error::not_found);
}

}  // namespace
}  // namespace ipc
