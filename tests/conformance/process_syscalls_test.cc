// The calls about processes.
#include <unistd.h>

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

}  // namespace
}  // namespace ipc
