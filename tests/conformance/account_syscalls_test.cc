// The calls about accounts.
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using abi::AccountItem;
using ::testing::ElementsAre;

class Accounts : public Syscalls {
 protected:
  Answer Create(Handle parent, const abi::AccountLimits& limits,
                std::string_view name) {
    PayloadBytes payload;
    payload.Add(limits).AddText(name);
    return Call(Syscall::account_create, parent, {.payload = payload.bytes()});
  }
  abi::AccountEntry Info(Handle handle) {
    abi::AccountEntry entry = {};
    EXPECT_TRUE(Call(Syscall::account_info, handle).Read(&entry));
    return entry;
  }
};

// ---- account_create

using AccountCreate = Accounts;

TEST_F(AccountCreate, ChecksHandleRightsAndFields) {
  PayloadBytes payload;
  payload.Add(abi::AccountLimits{});
  ExpectDoor(Syscall::account_create,
             {.payload = true, .good = {.payload = payload.bytes()}});
}

TEST_F(AccountCreate, TakesTheParentsLimitForZero) {
  const Handle parent = MakeAccount({.limit = {10, 20, 30, 40, 50}});
  const Answer made = Create(parent, {.limit = {5, 0, 100, 0, 1}}, "inner");
  ASSERT_EQ(made.error(), Error::ok);
  const abi::AccountEntry entry = Info(static_cast<Handle>(made.value(0)));
  EXPECT_EQ(entry.id, made.value(1));
  EXPECT_EQ(entry.parent, IdOf(parent));
  EXPECT_STREQ(entry.name, "inner");
  EXPECT_THAT(entry.limit, ElementsAre(5, 20, 100, 40, 1));
}

TEST_F(AccountCreate, RefusesShortPayloadsAndBadNames) {
  EXPECT_EQ(ErrorOf(Syscall::account_create, account()), Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::account_create, account(),
                    {.payload = BytesOf("far too short")}),
            Error::invalid_args);
  EXPECT_EQ(Create(account(), {}, std::string(47, 'n')).error(), Error::ok);
  EXPECT_EQ(Create(account(), {}, std::string(48, 'n')).error(),
            Error::out_of_range);
  EXPECT_EQ(Create(account(), {}, std::string_view("a\0", 2)).error(),
            Error::invalid_args);
}

TEST_F(AccountCreate, BoundsTheDepth) {
  Handle inner = account();
  Answer answer;
  int depth = 0;
  while (depth < 100) {
    answer = Create(inner, {}, "deeper");
    if (answer.error() != Error::ok) break;
    inner = static_cast<Handle>(answer.value(0));
    ++depth;
  }
  EXPECT_EQ(answer.error(), Error::out_of_range);
  EXPECT_EQ(depth, 64);
}

TEST_F(AccountCreate, NeedsRoomForItsHandle) {
  Other poor = MakePoor(MakeAccount({.limit = {2, 0, 0, 0, 0}}), account());
  PayloadBytes limits;
  limits.Add(abi::AccountLimits{});
  const auto create = [&] {
    return poor.core()
        .Call(Syscall::account_create, poor.handle, {.payload = limits.bytes()})
        .error();
  };
  EXPECT_EQ(create(), Error::ok);
  EXPECT_EQ(create(), Error::quota_exceeded);
}

TEST_F(AccountCreate, CountsInEveryAccountUpToTheRoot) {
  const Handle outer = MakeAccount({.limit = {0, 1, 0, 0, 0}});
  const Handle inner = static_cast<Handle>(
      Create(outer, {.limit = {0, 100, 0, 0, 0}}, "inner").value(0));
  EXPECT_EQ(ErrorOf(Syscall::port_create, inner), Error::ok);
  const Answer full = Call(Syscall::port_create, inner);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(2), IdOf(outer));
  EXPECT_EQ(Info(inner).used[1], 1u);
  EXPECT_EQ(Info(outer).used[1], 1u);
}

// ---- account_info

using AccountInfo = Accounts;

TEST_F(AccountInfo, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::account_info, {});
}

TEST_F(AccountInfo, TellsWhatIsUsed) {
  const Handle budget = MakeAccount({}, "mine");
  Call(Syscall::port_create, budget);
  Call(Syscall::region_create, budget, {.args = {5000}});
  const abi::AccountEntry entry = Info(budget);
  EXPECT_STREQ(entry.name, "mine");
  EXPECT_EQ(entry.used[static_cast<size_t>(AccountItem::ports)], 1u);
  EXPECT_EQ(entry.used[static_cast<size_t>(AccountItem::regions)], 1u);
  EXPECT_EQ(entry.used[static_cast<size_t>(AccountItem::bytes)], 8192u);
  for (const uint64_t limit : entry.limit) EXPECT_EQ(limit, ~uint64_t{0});
}

}  // namespace
}  // namespace ipc
