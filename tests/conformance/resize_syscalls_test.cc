// The calls by which the ring of a lane's requests grows and shrinks, and the
// events that tell of it.
#include <tuple>

#include "libipc/base/memory.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;

class Resizing : public Syscalls {
 protected:
  static constexpr uint32_t kBase = 4096;
  static constexpr uint32_t kMost = 64u << 10;

  Answer Resize(const RawLane& lane, uint64_t bytes) {
    return Call(Syscall::lane_resize, lane.handle, {.args = {bytes}});
  }
  Error Resized(const RawLane& lane) {
    return ErrorOf(Syscall::lane_resized, lane.handle,
                   {.args = {lane.out.position()}});
  }
  // Has the lane go on in a ring of this size.
  void GoOnIn(RawLane& lane, uint32_t bytes) {
    const Answer granted = Resize(lane, bytes);
    ASSERT_EQ(granted.error(), Error::ok);
    const auto ring = bytes == kBase ? lane.own : Map(lane.own, granted);
    ASSERT_EQ(Resized(lane), Error::ok);
    lane.out.GoOnIn(ring);
  }
  static std::shared_ptr<base::Half> Map(
      const std::shared_ptr<base::Half>& base, const Answer& granted) {
    return *base::Half::WithRing(base, granted.descriptors.at(0).get(),
                                 static_cast<uint32_t>(granted.value(1)),
                                 granted.value(0), base::Access::kReadWrite);
  }
  uint64_t BytesCharged() {
    abi::AccountEntry entry = {};
    Call(Syscall::account_info, account()).Read(&entry);
    return entry.used[static_cast<size_t>(abi::AccountItem::bytes)];
  }

  const Handle port_ = MakePort(0, kBase, kMost);
};

// Where, in which ring, and whether memory came with it.
std::tuple<uint64_t, uint64_t, bool> Told(const Answer& event) {
  return {event.value(0), event.value(1), !event.descriptors.empty()};
}

// ---- lane_resize

using LaneResize = Resizing;

TEST_F(LaneResize, ChecksHandleAndFields) {
  ExpectDoor(Syscall::lane_resize, {.args = 1});
}

TEST_F(LaneResize, GivesMemoryForItsWriterAndChargesIt) {
  auto lane = Connect(root(), port_);
  const uint64_t before = BytesCharged();
  const Answer granted = Resize(*lane, 16'384);
  ASSERT_EQ(granted.error(), Error::ok);
  EXPECT_NE(granted.value(0), lane->own->key());
  EXPECT_EQ(granted.value(1), 16'384u);
  EXPECT_TRUE(base::IsMemoryOf(granted.descriptors.at(0).get(), 16'384));
  EXPECT_EQ(BytesCharged(), before + 16'384);
  Call(Syscall::lane_close, lane->handle);
  EXPECT_LT(BytesCharged(), before);
}

TEST_F(LaneResize, OfTheBaseRingsSizeGivesNoMemory) {
  auto lane = Connect(root(), port_);
  GoOnIn(*lane, 16'384);
  const uint64_t before = BytesCharged();
  const Answer granted = Resize(*lane, kBase);
  EXPECT_EQ(granted.error(), Error::ok);
  EXPECT_EQ(granted.value(0), lane->own->key());
  EXPECT_EQ(granted.value(1), kBase);
  EXPECT_TRUE(granted.descriptors.empty());
  EXPECT_EQ(BytesCharged(), before);
}

TEST_F(LaneResize, AgainGivesUpWhatWasAskedForBefore) {
  auto lane = Connect(root(), port_);
  const uint64_t before = BytesCharged();
  Resize(*lane, 16'384);
  Resize(*lane, 32'768);
  EXPECT_EQ(BytesCharged(), before + 32'768);
  // Of the size that it has: nothing more.
  EXPECT_EQ(Resize(*lane, kBase).error(), Error::ok);
  EXPECT_EQ(BytesCharged(), before);
  EXPECT_EQ(Resized(*lane), Error::bad_state);
}

TEST_F(LaneResize, RefusesSizesThatThePortDoesNotAllow) {
  auto lane = Connect(root(), port_);
  for (const uint64_t bytes :
       {uint64_t{0}, uint64_t{2048}, uint64_t{128u << 10}, ~uint64_t{0}}) {
    const Answer answer = Resize(*lane, bytes);
    EXPECT_EQ(answer.error(), Error::out_of_range) << bytes;
    EXPECT_EQ(answer.value(0), kBase);
    EXPECT_EQ(answer.value(1), kMost);
  }
  EXPECT_EQ(Resize(*lane, 12'288).error(), Error::invalid_args);
  auto fixed = Connect(root(), MakePort());
  EXPECT_EQ(Resize(*fixed, 8192).error(), Error::out_of_range);
}

TEST_F(LaneResize, IsTheSendersWhileTheLaneIsWhole) {
  auto inbox = Listen(root(), port_);
  auto unready = ConnectOnly(root(), port_);
  EXPECT_EQ(Resize(*unready, 8192).error(), Error::bad_state);
  Call(Syscall::lane_ready, unready->handle);
  auto end = Join(root(), *inbox);
  EXPECT_EQ(Resize(*end, 8192).error(), Error::bad_state);
  Call(Syscall::lane_close, end->handle);
  EXPECT_EQ(Resize(*unready, 8192).error(), Error::peer_closed);
}

TEST_F(LaneResize, WaitsUntilTheListenerHasComeToTheRingInUse) {
  auto inbox = Listen(root(), port_);
  auto lane = Connect(root(), port_);
  auto end = Join(root(), *inbox);
  Publish(*lane, "one");
  GoOnIn(*lane, 8192);
  EXPECT_EQ(Resize(*lane, 16'384).error(), Error::should_wait);
  EXPECT_EQ(Resize(*lane, kBase).error(), Error::should_wait);
  end->own->head().store(64);
  EXPECT_EQ(Resize(*lane, 16'384).error(), Error::ok);
}

TEST_F(LaneResize, IsRefusedByAnAccountWithoutRoom) {
  const uint64_t lanes = 2 * (abi::kControlBytes + kBase);
  Other poor =
      MakePoor(MakeAccount({.limit = {0, 0, 0, 0, lanes + 8192}}), port_);
  auto lane = Connect(poor.core(), poor.handle);
  const auto resize = [&](uint64_t bytes) {
    return poor.core().Call(Syscall::lane_resize, lane->handle,
                            {.args = {bytes}}, Soon());
  };
  const Answer refused = resize(16'384);
  EXPECT_EQ(refused.error(), Error::quota_exceeded);
  EXPECT_EQ(refused.value(1), lanes + 8192);
  EXPECT_EQ(resize(8192).error(), Error::ok);
}

// ---- lane_resized

using LaneResized = Resizing;

TEST_F(LaneResized, ChecksHandleAndFields) {
  ExpectDoor(Syscall::lane_resized, {.args = 1});
}

TEST_F(LaneResized, TellsTheListenerWhereItGoesOn) {
  auto inbox = Listen(root(), port_);
  auto lane = Connect(root(), port_);
  auto end = Join(root(), *inbox);
  Publish(*lane, "one");
  GoOnIn(*lane, 8192);
  const Answer grown = end->inbox.Await(abi::Event::lane_ring);
  EXPECT_EQ(Told(grown), std::tuple(64u, 8192u, true));
  EXPECT_EQ(grown.value(2), lane->out.half()->key());
  end->own->head().store(64);
  Publish(*lane, "two");
  GoOnIn(*lane, kBase);
  const Answer back = end->inbox.Await(abi::Event::lane_ring);
  EXPECT_EQ(Told(back), std::tuple(128u, kBase, false));
  EXPECT_EQ(back.value(2), lane->own->key());
}

TEST_F(LaneResized, SealsTheRing) {
  auto inbox = Listen(root(), port_);
  auto lane = Connect(root(), port_);
  auto end = Join(root(), *inbox);
  GoOnIn(*lane, 8192);
  const Answer grown = end->inbox.Await(abi::Event::lane_ring);
  const int ring = grown.descriptors.at(0).get();
  EXPECT_TRUE(base::Mapping::Map(ring, 0, 8192, base::Access::kRead).ok());
  EXPECT_FALSE(
      base::Mapping::Map(ring, 0, 8192, base::Access::kReadWrite).ok());
}

TEST_F(LaneResized, WithoutAskingOrByTheListenerIsBadState) {
  auto inbox = Listen(root(), port_);
  auto lane = Connect(root(), port_);
  auto end = Join(root(), *inbox);
  EXPECT_EQ(Resized(*lane), Error::bad_state);
  Resize(*lane, 8192);
  EXPECT_EQ(Resized(*end), Error::bad_state);
  EXPECT_EQ(Resized(*lane), Error::ok);
  EXPECT_EQ(Resized(*lane), Error::bad_state);
}

TEST_F(LaneResized, BelievesNoPositionButWhatIsPublished) {
  auto lane = Connect(root(), port_);
  Publish(*lane, "one");
  Resize(*lane, 8192);
  for (const uint64_t start : {uint64_t{0}, uint64_t{63}, uint64_t{1} << 63,
                               ~uint64_t{0}, ~uint64_t{63}}) {
    lane->own->tail().store(start);
    const Answer answer =
        Call(Syscall::lane_resized, lane->handle, {.args = {start}});
    EXPECT_EQ(answer.error(), Error::out_of_range) << start;
    EXPECT_LE(answer.value(0), kBase) << start;
  }
  lane->own->tail().store(64);
  EXPECT_EQ(Resized(*lane), Error::ok);
}

TEST_F(LaneResized, LeavesTheChargeUntilTheListenerHasComeSoFar) {
  auto inbox = Listen(root(), port_);
  auto lane = Connect(root(), port_);
  auto end = Join(root(), *inbox);
  const uint64_t before = BytesCharged();
  GoOnIn(*lane, 8192);
  Publish(*lane, "one");
  GoOnIn(*lane, kBase);
  EXPECT_EQ(BytesCharged(), before + 8192);
  end->own->head().store(64);
  while (BytesCharged() != before) {
  }
}

TEST_F(LaneResized, OfACutLaneIsPeerClosed) {
  const Handle sender = Weaker(port_, kRightSend);
  auto lane = Connect(root(), sender);
  Resize(*lane, 8192);
  Call(Syscall::handle_close, sender);
  lane->inbox.Await(abi::Event::lane_cut);
  EXPECT_NE(Resized(*lane), Error::ok);
}

TEST_F(LaneResized, TellsANextListenerOfBothRings) {
  auto lane = Connect(root(), port_);
  GoOnIn(*lane, 8192);
  Publish(*lane, "one");
  GoOnIn(*lane, kBase);
  Publish(*lane, "two");
  auto inbox = Listen(root(), port_);
  auto end = Opened(root(), *inbox);
  const Answer first = end->inbox.Await(abi::Event::lane_ring);
  const Answer second = end->inbox.Await(abi::Event::lane_ring);
  EXPECT_EQ(Told(first), std::tuple(0u, 8192u, true));
  EXPECT_EQ(Told(second), std::tuple(64u, kBase, false));
  Call(Syscall::lane_close, lane->handle);
  EXPECT_EQ(end->inbox.Await(abi::Event::lane_cut).value(0), 128u);
}

TEST_F(LaneResized, TellsANextListenerWhoStartsInTheRingInUse) {
  auto lane = Connect(root(), port_);
  Publish(*lane, "one");
  Other other = MakeOther(port_);
  auto first_inbox = Listen(other.core(), other.handle);
  auto first = Join(other.core(), *first_inbox);
  GoOnIn(*lane, 8192);
  Publish(*lane, "two");
  Publish(*lane, "three");
  first->own->head().store(128);
  other.session.Close();
  lane->inbox.Await(abi::Event::lane_orphaned);
  auto inbox = Listen(root(), port_);
  auto end = Opened(root(), *inbox);
  EXPECT_EQ(Told(end->inbox.Await(abi::Event::lane_ring)),
            std::tuple(128u, 8192u, true));
}

TEST_F(LaneResized, HasAnIdleLaneToldThatItMayGiveBack) {
  auto inbox = Listen(root(), port_);
  auto lane = Connect(root(), port_);
  auto end = Join(root(), *inbox);
  GoOnIn(*lane, 8192);
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_idle).value(0), 0u);
}

}  // namespace
}  // namespace ipc
