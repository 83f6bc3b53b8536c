// The calls about processes.
#include <unistd.h>

#include <atomic>

#include "ipc/port.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

abi::InitialItem Item(const char* name, Handle handle,
                      Rights rights = kRightsSame,
                      uint32_t mode = abi::kTransferDuplicate) {
  abi::InitialItem item = {};
  std::strncpy(item.name, name, sizeof(item.name) - 1);
  item.handle = handle;
  item.rights = rights;
  item.mode = mode;
  return item;
}

abi::ProcessCreate Head(uint32_t count) {
  abi::ProcessCreate head = {.name = "child"};
  head.count = count;
  return head;
}

class Processes : public Syscalls {
 protected:
  Answer Create(const std::vector<abi::InitialItem>& items) {
    return CreateOf(account(), Head(static_cast<uint32_t>(items.size())),
                    items);
  }
  Answer CreateOf(Handle account, const abi::ProcessCreate& head,
                  const std::vector<abi::InitialItem>& items) {
    PayloadBytes payload;
    payload.Add(head);
    for (const abi::InitialItem& item : items) payload.Add(item);
    return Call(Syscall::process_create, account, {.payload = payload.bytes()});
  }
  Session Adopt(Answer& made) {
    return testing_kit::Must(
        Session::Adopt(std::move(made.descriptors.at(0)), "child"));
  }
};

// ---- process_create

using ProcessCreate = Processes;

TEST_F(ProcessCreate, ChecksHandleRightsAndFields) {
  PayloadBytes payload;
  payload.Add(Head(0));
  ExpectDoor(Syscall::process_create,
             {.payload = true, .good = {.payload = payload.bytes()}});
}

TEST_F(ProcessCreate, GivesExactlyWhatWasNamed) {
  const Handle moved = MakePort();
  const Handle copied = MakePort();
  const uint64_t moved_id = IdOf(moved);
  Answer made = Create({Item("moved", moved, kRightSend, abi::kTransferMove),
                        Item("copied", copied, kRightReceive)});
  ASSERT_EQ(made.error(), Error::ok);
  EXPECT_EQ(made.value(1), IdOf(static_cast<Handle>(made.value(0))));
  EXPECT_FALSE(IsOpen(moved));
  EXPECT_TRUE(IsOpen(copied));
  Session child = Adopt(made);
  const Answer info = child.core()->Call(Syscall::session_info, 0);
  EXPECT_EQ(info.value(1), made.value(1));
  ASSERT_EQ(info.value(3), 2u);
  abi::NamedCapability first = {}, second = {};
  info.Read(&first);
  info.Read(&second, sizeof(first));
  EXPECT_STREQ(first.name, "moved");
  EXPECT_EQ(first.rights, kRightSend);
  EXPECT_STREQ(second.name, "copied");
  EXPECT_EQ(second.rights, kRightReceive);
  EXPECT_EQ(child.core()->Call(Syscall::handle_info, first.handle).value(2),
            moved_id);
}

TEST_F(ProcessCreate, RefusesPayloadsOfTheWrongShape) {
  const std::string text(200, 'x');
  for (const size_t bytes : {0, 1, 55, 57, 120})
    EXPECT_EQ(ErrorOf(Syscall::process_create, account(),
                      {.payload = BytesOf(text.substr(0, bytes))}),
              bytes < sizeof(abi::ProcessCreate) ? Error::invalid_args
                                                 : Error::out_of_range);
  EXPECT_EQ(CreateOf(account(), Head(2), {Item("a", account())}).error(),
            Error::invalid_args);
  abi::ProcessCreate head = Head(0);
  head.reserved = 1;
  EXPECT_EQ(CreateOf(account(), head, {}).error(), Error::invalid_args);
}

TEST_F(ProcessCreate, BoundsTheItems) {
  std::vector<abi::InitialItem> items;
  for (uint32_t i = 0; i <= abi::kInitialHandlesMax; ++i)
    items.push_back(Item(std::to_string(i).c_str(), account()));
  const Answer many = Create(items);
  EXPECT_EQ(many.error(), Error::out_of_range);
  EXPECT_EQ(many.value(1), abi::kInitialHandlesMax);
  items.pop_back();
  EXPECT_EQ(Create(items).error(), Error::ok);
}

TEST_F(ProcessCreate, RefusesBadNames) {
  abi::InitialItem unended = Item("", account());
  std::memset(unended.name, 'n', sizeof(unended.name));
  abi::InitialItem more = Item("a", account());
  more.name[2] = 'b';
  for (const abi::InitialItem& bad : {unended, more, Item("", account())})
    EXPECT_EQ(Create({bad}).error(), Error::invalid_args);
  EXPECT_EQ(
      Create({Item("same", account()), Item("same", kernel_object())}).error(),
      Error::invalid_args);
  abi::ProcessCreate nameless = {};
  EXPECT_EQ(CreateOf(account(), nameless, {}).error(), Error::invalid_args);
}

TEST_F(ProcessCreate, ChecksEachCapabilityAndMovesNothing) {
  const Handle good = MakePort();
  const Handle port = MakePort();
  const Handle fixed = Weaker(port, kRightDuplicate);
  abi::InitialItem reserved = Item("bad", port);
  reserved.reserved = 1;
  const struct {
    abi::InitialItem item;
    Error error;
  } cases[] = {
      {Item("bad", 0), Error::bad_handle},
      {Item("bad", kNeverGiven), Error::bad_handle},
      {Item("bad", Weaker(port, kRightTransfer)), Error::access_denied},
      {Item("bad", fixed, kRightsSame, abi::kTransferMove),
       Error::access_denied},
      {Item("bad", fixed, kRightSend), Error::invalid_args},
      {Item("bad", port, kRightsSame, 2), Error::invalid_args},
      {Item("bad", good), Error::invalid_args},  // moved and copied
      {reserved, Error::invalid_args},
  };
  for (const auto& one : cases)
    EXPECT_EQ(
        Create({Item("good", good, kRightsSame, abi::kTransferMove), one.item})
            .error(),
        one.error);
  EXPECT_TRUE(IsOpen(good));
}

TEST_F(ProcessCreate, ChargesTheChildsHandlesToTheAccount) {
  const Handle budget = MakeAccount({.limit = {2, 0, 0, 0, 0}});
  const auto items = {Item("a", account()), Item("b", account())};
  EXPECT_EQ(CreateOf(budget, Head(2), items).error(), Error::quota_exceeded);
  EXPECT_EQ(CreateOf(budget, Head(1), {Item("a", account())}).error(),
            Error::ok);
}

TEST_F(ProcessCreate, LeavesADeadProcessWhenItsSocketIsDropped) {
  Answer made = Create({});
  made.descriptors.clear();
  const Answer dead =
      Call(Syscall::object_watch, static_cast<Handle>(made.value(0)),
           {.args = {kSignalDead}});
  EXPECT_EQ(dead.error(), Error::ok);
}

// ---- process_info

using ProcessInfo = Processes;

TEST_F(ProcessInfo, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::process_info, {});
}

TEST_F(ProcessInfo, FollowsTheProcessFromWaitingToDead) {
  Answer made = Create({Item("a", account())});
  const Handle process = static_cast<Handle>(made.value(0));
  const Answer waiting = Call(Syscall::process_info, process);
  EXPECT_EQ(waiting.value(0),
            static_cast<uint64_t>(abi::ProcessState::waiting));
  EXPECT_EQ(waiting.value(1), 0u);
  EXPECT_EQ(waiting.value(2), 1u);
  EXPECT_EQ(waiting.value(3), made.value(1));
  Session child = Adopt(made);
  const Answer running = Call(Syscall::process_info, process);
  EXPECT_EQ(running.value(0),
            static_cast<uint64_t>(abi::ProcessState::running));
  EXPECT_EQ(running.value(1), static_cast<uint64_t>(getpid()));
  child.Close();
  Call(Syscall::object_watch, process, {.args = {kSignalDead}});
  const Answer dead = Call(Syscall::process_info, process);
  EXPECT_EQ(dead.value(0), static_cast<uint64_t>(abi::ProcessState::dead));
  EXPECT_EQ(dead.value(2), 0u);
}

// ---- process_end

class ProcessEnd : public Processes {
 protected:
  static constexpr auto kWaiting =
      static_cast<uint64_t>(abi::ProcessState::waiting);
  static constexpr auto kRunning =
      static_cast<uint64_t>(abi::ProcessState::running);
  static constexpr auto kDead = static_cast<uint64_t>(abi::ProcessState::dead);

  Answer End(Handle process, uint32_t options = 0) {
    return Call(Syscall::process_end, process, {.options = options});
  }
  uint64_t StateOf(Handle process) {
    return Call(Syscall::process_info, process).value(0);
  }
  void AwaitDeath(Handle process) {
    Call(Syscall::object_watch, process, {.args = {kSignalDead}});
  }
  // A running session of this process that holds the port as "port".
  struct Child {
    Handle process;
    Session session;
    Capability port;
  };
  Child StartChild(Handle port, Rights rights,
                   uint32_t mode = abi::kTransferDuplicate) {
    Answer made =
        Create({Item("port", port, rights, mode), Item("account", account())});
    Session session = Adopt(made);
    Capability held = testing_kit::Must(session.Take("port"));
    return {static_cast<Handle>(made.value(0)), std::move(session),
            std::move(held)};
  }
};

TEST_F(ProcessEnd, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::process_end, {.known_options = abi::kProcessKill});
}

TEST_F(ProcessEnd, EndsARunningSessionAtOnce) {
  Answer made = Create({});
  const auto process = static_cast<Handle>(made.value(0));
  Session child = Adopt(made);
  const Answer ended = End(process);
  EXPECT_EQ(ended.error(), Error::ok);
  EXPECT_EQ(ended.value(0), kRunning);
  EXPECT_EQ(ended.value(1), 0u);
  EXPECT_EQ(StateOf(process), kDead);
  EXPECT_EQ(child.core()->Call(Syscall::session_info, 0).error(),
            Error::peer_closed);
}

TEST_F(ProcessEnd, HangsUpOnOneThatHasNotJoined) {
  Answer made = Create({Item("a", account())});
  const auto process = static_cast<Handle>(made.value(0));
  const Answer ended = End(process, abi::kProcessKill);
  EXPECT_EQ(ended.value(0), kWaiting);
  EXPECT_EQ(ended.value(1), 0u);
  EXPECT_EQ(StateOf(process), kDead);
  EXPECT_EQ(
      ipc::ErrorOf(
          Session::Adopt(std::move(made.descriptors.at(0)), "child").status()),
      Error::peer_closed);
}

TEST_F(ProcessEnd, DoesNothingToADeadOne) {
  Answer made = Create({});
  const auto process = static_cast<Handle>(made.value(0));
  End(process);
  for (int i = 0; i < 2; ++i) {
    for (const uint32_t options : {0u, uint32_t{abi::kProcessKill}}) {
      const Answer again = End(process, options);
      EXPECT_EQ(again.error(), Error::ok);
      EXPECT_EQ(again.value(0), kDead);
      EXPECT_EQ(again.value(1), 0u);
    }
    AwaitDeath(process);  // now it is cleared away
  }
}

TEST_F(ProcessEnd, NeverKillsTheKernelProcess) {
  if (testing_kit::CurrentFlavour() == testing_kit::Flavour::kProcesses)
    GTEST_SKIP() << "it is another process, and this one would be killed";
  Answer made = Create({});
  Session child = Adopt(made);
  const Answer ended =
      End(static_cast<Handle>(made.value(0)), abi::kProcessKill);
  EXPECT_EQ(ended.value(0), kRunning);
  EXPECT_EQ(ended.value(1), 0u);
}

TEST_F(ProcessEnd, ClosesWhatTheProcessHeld) {
  const Handle port = MakePort();
  const Handle sender = Weaker(port, kRightSend | kRightWait);
  Child child = StartChild(port, kRightsSame, abi::kTransferMove);
  EXPECT_EQ(ErrorOf(Syscall::port_connect, sender), Error::ok);
  End(child.process);
  AwaitDeath(child.process);
  EXPECT_EQ(ErrorOf(Syscall::port_connect, sender), Error::peer_closed);
  EXPECT_EQ(StateOf(child.process), kDead);
}

TEST_F(ProcessEnd, LeavesWhatWasPublishedToBeRead) {
  Capability port = world_->NewPort();
  Child child = StartChild(port.handle(), kRightSend);
  Receiver receiver = testing_kit::Must(Receiver::Create(std::move(port)));
  Sender sender = testing_kit::Must(Sender::Create(std::move(child.port)));
  for (const char* text : {"1", "2", "3"}) testing_kit::Must(sender.Send(text));
  End(child.process);
  AwaitDeath(child.process);
  testing_kit::Must(sender.Send("after the end"));  // into memory of its own
  for (const char* text : {"1", "2", "3"})
    EXPECT_EQ(testing_kit::Must(receiver.Receive(Soon())).text(), text);
  EXPECT_EQ(
      ipc::ErrorOf(
          receiver.Receive(Deadline::After(absl::Milliseconds(50))).status()),
      Error::timed_out);
}

TEST_F(ProcessEnd, FailsTheCallsThatWaitForTheProcess) {
  Capability port = world_->NewPort();
  Capability right =
      testing_kit::Must(port.Duplicate(kRightSend | kRightDuplicate));
  Child child = StartChild(port.Release(), kRightsSame, abi::kTransferMove);
  Receiver receiver =
      testing_kit::Must(Receiver::Create(std::move(child.port)));
  const InitialCapability initial[] = {{"port", &right}};
  auto caller = world_->StartPeer("caller", initial, [](Session& session) {
    Sender sender = testing_kit::Must(
        Sender::Create(testing_kit::Must(session.Take("port"))));
    EXPECT_EQ(ipc::ErrorOf(sender.Call("x", {.deadline = Soon()}).status()),
              Error::peer_closed);
  });
  const Message call = testing_kit::Must(receiver.Receive(Soon()));
  EXPECT_TRUE(call.wants_reply());
  End(child.process);
  caller->Join();
}

TEST_F(ProcessEnd, MayBeAskedForByTheProcessItself) {
  const Handle port = MakePort();
  Child child = StartChild(port, kRightReceive);
  const Handle self = Weaker(child.process, kRightManage | kRightTransfer);
  std::unique_ptr<Inbox> inbox =
      Listen(*child.session.core(), child.port.handle());
  std::unique_ptr<RawLane> lane = Connect(root(), port);
  std::unique_ptr<RawLane> opened = Join(*child.session.core(), *inbox);
  const abi::TransferItem item = {self, kRightsSame, abi::kTransferMove, 0};
  PayloadBytes payload;
  payload.Add(item);
  const Answer staged =
      Call(Syscall::transfer_stage, lane->handle, {.payload = payload.bytes()});
  const Answer redeemed = child.session.core()->Call(
      Syscall::transfer_redeem, opened->handle, {.args = {staged.value(0)}});
  abi::RedeemedItem itself = {};
  ASSERT_TRUE(redeemed.Read(&itself));
  EXPECT_EQ(
      child.session.core()->Call(Syscall::process_end, itself.handle).error(),
      Error::peer_closed);
  EXPECT_EQ(StateOf(child.process), kDead);
}

// ---- process_exited

class ProcessExited : public Processes {
 protected:
  static constexpr uint64_t kExitOf7 = 7 << 8;

  Error Tell(Handle process, uint64_t wait_status) {
    return ErrorOf(Syscall::process_exited, process, {.args = {wait_status}});
  }
  uint64_t ExitWordOf(Handle process) {
    return Call(Syscall::process_info, process).value(0) >> 32;
  }
};

TEST_F(ProcessExited, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::process_exited, {.args = 1});
}

TEST_F(ProcessExited, IsToldInTheInfoAndTheList) {
  for (const uint64_t status : {uint64_t{0}, kExitOf7, uint64_t{255 << 8},
                                uint64_t{9}, uint64_t{128 + 11}}) {
    const Handle process = MakeProcess();
    EXPECT_EQ(ExitWordOf(process), 0u);
    EXPECT_EQ(Tell(process, status), Error::ok);
    EXPECT_EQ(ExitWordOf(process), abi::kExitKnown | status);
    const Answer list =
        Call(Syscall::object_list, kernel_object(),
             {.args = {static_cast<uint64_t>(ObjectKind::process),
                       IdOf(process) - 1}});
    abi::ProcessEntry entry = {};
    ASSERT_TRUE(list.Read(&entry));
    EXPECT_EQ(entry.exit, abi::kExitKnown | status);
  }
}

TEST_F(ProcessExited, RefusesWhatIsNoEnd) {
  const Handle process = MakeProcess();
  constexpr uint64_t kStopped = 0x137f, kContinued = 0xffff;
  for (const uint64_t status :
       {kStopped, kContinued, uint64_t{0x7f}, uint64_t{0xff}, uint64_t{0x80},
        uint64_t{0x109}, uint64_t{0x1'0000}, uint64_t{0x1'0009},
        uint64_t{1} << 32, uint64_t{abi::kExitKnown}, ~uint64_t{0}})
    EXPECT_EQ(Tell(process, status), Error::invalid_args) << status;
  EXPECT_EQ(ExitWordOf(process), 0u);
}

TEST_F(ProcessExited, CountsOnce) {
  const Handle process = MakeProcess();
  EXPECT_EQ(Tell(process, 0), Error::ok);
  EXPECT_EQ(Tell(process, kExitOf7), Error::bad_state);
  EXPECT_EQ(ExitWordOf(process), abi::kExitKnown);
}

TEST_F(ProcessExited, MayBeToldOfOneInEachState) {
  Answer made = Create({});
  const auto running = static_cast<Handle>(made.value(0));
  Session child = Adopt(made);
  const Handle dead = MakeProcess();
  Call(Syscall::process_end, dead);
  for (const Handle process : {MakeProcess(), running, dead})
    EXPECT_EQ(Tell(process, kExitOf7), Error::ok);
  EXPECT_EQ(Call(Syscall::process_info, running).value(0) & 0xffff'ffff,
            static_cast<uint64_t>(abi::ProcessState::running));
  EXPECT_EQ(child.core()->Call(Syscall::session_info, 0).error(), Error::ok);
}

TEST_F(ProcessExited, WakesWhoWaitsForItAndNobodyElse) {
  Answer made = Create({});
  const auto process = static_cast<Handle>(made.value(0));
  Other watcher = MakeOther(process, kRightWait);
  struct Watching {
    std::atomic<bool> done{false};
    Answer answer;
  };
  const auto watch = [&](Signals signals) {
    auto started = std::make_shared<Watching>();
    watcher.core().Start(Syscall::object_watch, watcher.handle,
                         {.args = {signals}}, [started](Answer answer) {
                           started->answer = std::move(answer);
                           started->done = true;
                         });
    return started;
  };
  const auto exited = watch(kSignalExited);
  const auto death = watch(kSignalDead);
  watcher.core().Call(Syscall::session_info, 0);
  EXPECT_FALSE(exited->done);
  EXPECT_EQ(Tell(process, kExitOf7), Error::ok);
  const Answer later =
      watcher.core().Call(Syscall::object_watch, watcher.handle,
                          {.args = {kSignalExited | kSignalDead}});
  ASSERT_TRUE(exited->done);
  EXPECT_FALSE(death->done);
  const std::vector<const Answer*> both = {&later, &exited->answer};
  for (const Answer* answer : both) {
    EXPECT_EQ(answer->value(0), kSignalExited);
    EXPECT_EQ(answer->value(2), abi::kExitKnown | kExitOf7);
  }
  made.descriptors.clear();
}

}  // namespace
}  // namespace ipc
