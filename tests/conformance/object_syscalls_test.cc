// Watching objects, and listing them.
#include <atomic>

#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

// ---- object_watch

// A watch whose answer is looked at later.
struct Watch {
  std::atomic<bool> done{false};
  Answer answer;
  uint64_t user_data = 0;
};

class Objects : public Syscalls {
 protected:
  // Returns when the kernel process has taken the watch.
  std::shared_ptr<Watch> Start(Handle handle, Signals signals) {
    auto watch = std::make_shared<Watch>();
    watch->user_data =
        root().Start(Syscall::object_watch, handle, {.args = {signals}},
                     [watch](Answer answer) {
                       watch->answer = std::move(answer);
                       watch->done = true;
                     });
    Call(Syscall::session_info, abi::kNoHandle);
    return watch;
  }
  Handle Mint(Handle port, Rights rights) {
    return static_cast<Handle>(
        Call(Syscall::handle_mint, port, {.args = {rights, 1}}).value(0));
  }
};

using ObjectWatch = Objects;

TEST_F(ObjectWatch, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::object_watch,
             {.args = 1, .good = {.args = {kSignalPeerClosed}}});
}

TEST_F(ObjectWatch, RefusesKindsAndSignalsThatDoNotGoTogether) {
  for (const ObjectKind kind : {ObjectKind::kernel, ObjectKind::region})
    EXPECT_EQ(
        ErrorOf(Syscall::object_watch, Make(kind), {.args = {kSignalDead}}),
        Error::wrong_type);
  EXPECT_EQ(
      ErrorOf(Syscall::object_watch, account(), {.args = {kSignalPeerClosed}}),
      Error::wrong_type);
  const Handle port = MakePort();
  EXPECT_EQ(ErrorOf(Syscall::object_watch, port, {.args = {kSignalDead}}),
            Error::wrong_type);
  EXPECT_EQ(ErrorOf(Syscall::object_watch, MakeProcess(),
                    {.args = {kSignalNoSenders}}),
            Error::wrong_type);
  for (const uint64_t signals :
       {uint64_t{0}, uint64_t{abi::kSignalsAll} + 1, uint64_t{1} << 32})
    EXPECT_EQ(ErrorOf(Syscall::object_watch, port, {.args = {signals}}),
              Error::invalid_args);
}

TEST_F(ObjectWatch, TellsOfPeerClosedThenAndAfterwards) {
  const Handle port = MakePort();
  const Handle sender = Weaker(port, kRightSend | kRightWait);
  auto watch = Start(sender, kSignalPeerClosed | kSignalNoSenders);
  EXPECT_FALSE(watch->done);
  Call(Syscall::handle_close, port);
  ASSERT_TRUE(watch->done);
  EXPECT_EQ(watch->answer.value(0), kSignalPeerClosed);
  EXPECT_EQ(Call(Syscall::object_watch, sender, {.args = {kSignalPeerClosed}})
                .value(0),
            kSignalPeerClosed);
}

TEST_F(ObjectWatch, TellsOfNoSendersWithAGeneration) {
  const Handle port = MakePort();
  // There was none yet.
  EXPECT_FALSE(Start(port, kSignalNoSenders)->done);
  for (uint64_t generation = 1; generation <= 3; ++generation) {
    const Handle first = Mint(port, kRightSend);
    const Handle second = Mint(port, kRightSend);
    auto watch = Start(port, kSignalNoSenders);
    Call(Syscall::handle_close, first);
    EXPECT_FALSE(watch->done);
    Call(Syscall::handle_close, second);
    ASSERT_TRUE(watch->done);
    EXPECT_EQ(watch->answer.value(0), kSignalNoSenders);
    EXPECT_EQ(watch->answer.value(1), generation);
    EXPECT_TRUE(Start(port, kSignalNoSenders)->done);
  }
}

TEST_F(ObjectWatch, TellsOfDeath) {
  abi::ProcessCreate head = {.name = "child"};
  PayloadBytes payload;
  payload.Add(head);
  Answer made =
      Call(Syscall::process_create, account(), {.payload = payload.bytes()});
  const Handle process = static_cast<Handle>(made.value(0));
  auto watch = Start(process, kSignalDead);
  EXPECT_FALSE(watch->done);
  made.descriptors.clear();
  EXPECT_EQ(
      Call(Syscall::object_watch, process, {.args = {kSignalDead}}).value(0),
      kSignalDead);
  EXPECT_TRUE(watch->done);
}

TEST_F(ObjectWatch, EndsWithItsHandle) {
  const Handle port = MakePort();
  const Handle closed = Weaker(port, kRightsSame);
  auto canceled = Start(closed, kSignalPeerClosed);
  Call(Syscall::handle_close, closed);
  ASSERT_TRUE(canceled->done);
  EXPECT_EQ(canceled->answer.error(), Error::canceled);
  auto revoked = Start(Weaker(port, kRightsSame), kSignalPeerClosed);
  Call(Syscall::handle_revoke, port);
  ASSERT_TRUE(revoked->done);
  EXPECT_EQ(revoked->answer.error(), Error::revoked);
}

TEST_F(ObjectWatch, IsBoundedPerSession) {
  const Handle port = MakePort();
  std::atomic<int> refused{0};
  for (int i = 0; i < 4097; ++i) {
    root().Start(Syscall::object_watch, port, {.args = {kSignalPeerClosed}},
                 [&](Answer answer) {
                   if (answer.error() == Error::quota_exceeded) ++refused;
                 });
    // What is parked gives no answer that would tell of room in the ring.
    if (i % 128 == 0) Call(Syscall::session_info, abi::kNoHandle);
  }
  Call(Syscall::session_info, abi::kNoHandle);
  EXPECT_EQ(refused, 1);
  Call(Syscall::handle_close, port);
}

// ---- wait_cancel

using WaitCancel = Objects;

TEST_F(WaitCancel, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::wait_cancel, {.args = 1, .good = {.args = {1}}});
}

TEST_F(WaitCancel, EndsTheWatchWithCanceled) {
  auto watch = Start(MakePort(), kSignalPeerClosed);
  EXPECT_EQ(ErrorOf(Syscall::wait_cancel, 0, {.args = {watch->user_data}}),
            Error::ok);
  ASSERT_TRUE(watch->done);
  EXPECT_EQ(watch->answer.error(), Error::canceled);
  EXPECT_EQ(ErrorOf(Syscall::wait_cancel, 0, {.args = {watch->user_data}}),
            Error::not_found);
}

TEST_F(WaitCancel, OfWhatWasNeverMadeIsNotFound) {
  for (const uint64_t user_data : {uint64_t{0}, ~uint64_t{0}})
    EXPECT_EQ(ErrorOf(Syscall::wait_cancel, 0, {.args = {user_data}}),
              Error::not_found);
}

// ---- object_list

class Lists : public Objects {
 protected:
  template <typename Entry>
  std::vector<Entry> All(ObjectKind kind) {
    std::vector<Entry> entries;
    uint64_t after = 0;
    while (true) {
      const Answer page = Call(Syscall::object_list, kernel_object(),
                               {.args = {static_cast<uint64_t>(kind), after}});
      EXPECT_EQ(page.error(), Error::ok);
      EXPECT_EQ(page.payload.size(), page.value(0) * sizeof(Entry));
      EXPECT_LE(page.payload.size(), abi::kRequestPayloadMax);
      if (page.error() != Error::ok || page.value(0) == 0) return entries;
      Entry entry = {};
      for (uint64_t i = 0; i < page.value(0); ++i) {
        page.Read(&entry, i * sizeof(entry));
        entries.push_back(entry);
      }
      EXPECT_GT(page.value(1), after);
      after = page.value(1);
    }
  }
};

using ObjectList = Lists;

TEST_F(ObjectList, ChecksHandleRightsAndFields) {
  const uint64_t port = static_cast<uint64_t>(ObjectKind::port);
  ExpectDoor(Syscall::object_list, {.args = 2, .good = {.args = {port}}});
}

TEST_F(ObjectList, RefusesKindsThatAreNotListed) {
  for (const uint64_t kind :
       {uint64_t{0}, uint64_t{1}, uint64_t{abi::kObjectKinds} + 1,
        uint64_t{253}, uint64_t{1} << 32, ~uint64_t{0}})
    EXPECT_EQ(
        ErrorOf(Syscall::object_list, kernel_object(), {.args = {kind, 0}}),
        Error::invalid_args);
}

TEST_F(ObjectList, GivesEveryObjectOnceInPages) {
  std::vector<uint64_t> made;
  for (int i = 0; i < 300; ++i) made.push_back(IdOf(MakePort()));
  std::vector<uint64_t> listed;
  for (const auto& entry : All<abi::PortEntry>(ObjectKind::port))
    listed.push_back(entry.id);
  EXPECT_EQ(listed, made);
}

TEST_F(ObjectList, DescribesPortsLanesRegionsAndProcesses) {
  const Handle port = MakePort(abi::kPortShareable);
  Mint(port, kRightSend);
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  Publish(*lane, "one");
  const auto ports = All<abi::PortEntry>(ObjectKind::port);
  ASSERT_EQ(ports.size(), 1u);
  EXPECT_EQ(ports[0].owner_process, root().process_id());
  EXPECT_EQ(ports[0].options, abi::kPortShareable);
  EXPECT_EQ(ports[0].ring_bytes, 4096u);
  EXPECT_EQ(ports[0].listeners, 1u);
  EXPECT_EQ(ports[0].listener_process, root().process_id());
  EXPECT_EQ(ports[0].lanes, 1u);
  EXPECT_EQ(ports[0].send_capabilities, 2u);
  EXPECT_EQ(ports[0].receive_capabilities, 1u);
  EXPECT_EQ(ports[0].queued_bytes, 64u);
  const auto lanes = All<abi::LaneEntry>(ObjectKind::lane);
  ASSERT_EQ(lanes.size(), 1u);
  EXPECT_EQ(lanes[0].id, lane->id);
  EXPECT_EQ(lanes[0].port, ports[0].id);
  EXPECT_EQ(lanes[0].sender_process, root().process_id());
  EXPECT_EQ(lanes[0].receiver_process, root().process_id());
  EXPECT_EQ(lanes[0].queued_bytes, 64u);
  EXPECT_EQ(lanes[0].sent_bytes, 64u);
  EXPECT_EQ(lanes[0].cut, 0u);
  MakeRegion(8192);
  const auto regions = All<abi::RegionEntry>(ObjectKind::region);
  ASSERT_EQ(regions.size(), 1u);
  EXPECT_EQ(regions[0].bytes, 8192u);
  EXPECT_EQ(regions[0].capabilities, 1u);
  const auto processes = All<abi::ProcessEntry>(ObjectKind::process);
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_STREQ(processes[0].name, "root");
  EXPECT_EQ(processes[0].state, abi::ProcessState::running);
  EXPECT_EQ(processes[0].lanes_sending, 1u);
  EXPECT_EQ(processes[0].lanes_receiving, 1u);
  EXPECT_GE(All<abi::AccountEntry>(ObjectKind::account).size(), 1u);
}

TEST_F(ObjectList, TellsWhatBothEndsOfALaneHaveCounted) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  abi::LaneCounters& sent = lane->own->control()->counters;
  sent.messages = 5;
  sent.message_bytes = 70;
  sent.full = 1;
  abi::LaneCounters& received = end->own->control()->counters;
  received.taken = 4;
  received.queued_bytes_most = 128;
  const auto lanes = All<abi::LaneEntry>(ObjectKind::lane);
  ASSERT_EQ(lanes.size(), 1u);
  EXPECT_EQ(lanes[0].sender_counters.messages, 5u);
  EXPECT_EQ(lanes[0].receiver_counters.taken, 4u);
  const auto ports = All<abi::PortEntry>(ObjectKind::port);
  ASSERT_EQ(ports.size(), 1u);
  EXPECT_EQ(ports[0].sender_counters.messages, 5u);
  EXPECT_EQ(ports[0].sender_counters.message_bytes, 70u);
  EXPECT_EQ(ports[0].sender_counters.full, 1u);
  EXPECT_EQ(ports[0].receiver_counters.taken, 4u);
  EXPECT_EQ(ports[0].receiver_counters.queued_bytes_most, 128u);
  EXPECT_EQ(ports[0].receiver_counters.messages, 0u);
}

TEST_F(ObjectList, FiguresOfAPortOutliveItsLanesAndBelieveNoNonsense) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  auto liar = Connect(root(), port);
  lane->own->control()->counters.taken = 3;
  liar->own->control()->counters.messages = ~uint64_t{0};
  liar->own->control()->counters.queued_bytes_most = ~uint64_t{0};
  const auto told = All<abi::PortEntry>(ObjectKind::port);
  ASSERT_EQ(told.size(), 1u);
  // As many as the nanoseconds that it is there.
  EXPECT_LT(told[0].sender_counters.messages, uint64_t{1} << 50);
  EXPECT_EQ(told[0].sender_counters.queued_bytes_most, 4096u);
  liar->own->control()->counters.messages = 0;
  for (RawLane* one : {lane.get(), liar.get()})
    EXPECT_EQ(ErrorOf(Syscall::lane_close, one->handle), Error::ok);
  while (!All<abi::LaneEntry>(ObjectKind::lane).empty()) {
  }
  const auto kept = All<abi::PortEntry>(ObjectKind::port);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].sender_counters.taken, 3u);
  EXPECT_EQ(kept[0].sender_counters.messages, told[0].sender_counters.messages);
  EXPECT_EQ(kept[0].sender_counters.queued_bytes_most, 4096u);
}

TEST_F(ObjectList, TellsWhichAccountIsCharged) {
  const Handle budget = MakeAccount({});
  const uint64_t id = IdOf(budget);
  Call(Syscall::port_create, budget);
  Call(Syscall::region_create, budget, {.args = {4096}});
  Call(Syscall::notification_create, budget);
  const auto ports = All<abi::PortEntry>(ObjectKind::port);
  ASSERT_EQ(ports.size(), 1u);
  EXPECT_EQ(ports[0].account, id);
  const auto regions = All<abi::RegionEntry>(ObjectKind::region);
  ASSERT_EQ(regions.size(), 1u);
  EXPECT_EQ(regions[0].account, id);
  const auto notifications =
      All<abi::NotificationEntry>(ObjectKind::notification);
  ASSERT_EQ(notifications.size(), 1u);
  EXPECT_EQ(notifications[0].account, id);
}

TEST_F(ObjectList, OfAnyKindGivesCapabilitiesWithTheirParents) {
  const Handle port = MakePort();
  const Handle child = Mint(port, kRightSend);
  uint64_t parent_serial = 0;
  bool found = false;
  for (const auto& entry : All<abi::CapabilityEntry>(ObjectKind::any)) {
    if (entry.handle == port && entry.object == IdOf(port))
      parent_serial = entry.serial;
    if (entry.handle != child) continue;
    found = true;
    EXPECT_EQ(entry.parent, parent_serial);
    EXPECT_EQ(entry.badge, 1u);
    EXPECT_EQ(entry.rights, kRightSend);
    EXPECT_EQ(entry.kind, ObjectKind::port);
    EXPECT_EQ(entry.process, root().process_id());
  }
  EXPECT_TRUE(found);
}

TEST_F(ObjectList, OfAnyKindTellsWhatMayBeTracedAtMost) {
  const abi::TraceLimits limits = {.snaplen_max = 9, .rate_max = 3};
  const Handle port = MakePort();
  const Handle limited = static_cast<Handle>(
      Call(Syscall::handle_mint, port,
           {.args = {kRightTraceMeta},
            .payload = std::as_bytes(std::span(&limits, 1))})
          .value(0));
  int found = 0;
  for (const auto& entry : All<abi::CapabilityEntry>(ObjectKind::any)) {
    if (entry.object != IdOf(port)) continue;
    ++found;
    EXPECT_EQ(entry.trace_limits,
              entry.handle == limited ? limits : abi::TraceLimits());
  }
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace ipc
