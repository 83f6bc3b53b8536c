// The calls about accounts.
#include <atomic>

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
  ExpectDoor(Syscall::account_create, {.known_options = abi::kAccountShared,
                                       .payload = true,
                                       .good = {.payload = payload.bytes()}});
}

TEST_F(AccountCreate, TakesTheParentsLimitForZero) {
  const Handle parent = MakeAccount({.limit = {10, 20, 30, 40, 50}});
  const Answer made = Create(parent, {.limit = {5, 0, 30, 0, 1}}, "inner");
  ASSERT_EQ(made.error(), Error::ok);
  const abi::AccountEntry entry = Info(static_cast<Handle>(made.value(0)));
  EXPECT_EQ(entry.id, made.value(1));
  EXPECT_EQ(entry.parent, IdOf(parent));
  EXPECT_STREQ(entry.name, "inner");
  EXPECT_THAT(std::vector(entry.limit, entry.limit + 5),
              ElementsAre(5, 20, 30, 40, 1));
  EXPECT_EQ(entry.limit[static_cast<size_t>(AccountItem::processes)],
            ~uint64_t{0});
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

TEST_F(AccountCreate, SharedGivesEachBelowItsShare) {
  PayloadBytes payload;
  payload.Add(abi::AccountLimits{.limit = {0, 12}});
  const Handle shared = static_cast<Handle>(
      Call(Syscall::account_create, account(),
           {.options = abi::kAccountShared, .payload = payload.bytes()})
          .value(0));
  const auto below = [&] {
    return static_cast<Handle>(Create(shared, {}, "below").value(0));
  };
  const auto ports = [&](Handle budget) {
    int made = 0;
    while (ErrorOf(Syscall::port_create, budget) == Error::ok) ++made;
    return made;
  };
  const Handle first = below();
  EXPECT_EQ(ports(first), 6);  // half of twelve
  const Answer full = Call(Syscall::port_create, first);
  EXPECT_THAT(full.completion.values,
              ElementsAre(6, 6, IdOf(shared),
                          static_cast<uint64_t>(AccountItem::ports) |
                              abi::kQuotaShare));
  EXPECT_EQ(ports(below()), 2);  // a third of six
  EXPECT_EQ(ports(below()), 1);  // a fourth of four
  // What is charged to the shared account itself is bound by its limit only.
  EXPECT_EQ(ports(shared), 3);
}

// ---- account_limit

using AccountLimit = Accounts;

TEST_F(AccountLimit, ChecksHandleRightsAndFields) {
  PayloadBytes payload;
  payload.Add(abi::AccountLimits{});
  ExpectDoor(Syscall::account_limit,
             {.args = 1,
              .payload = true,
              .good = {.args = {MakeAccount({})}, .payload = payload.bytes()}});
}

TEST_F(AccountLimit, TakesEffectWhileRunningAndKeepsWhatIsUsed) {
  const Handle budget = MakeAccount({.limit = {0, 3}});
  for (int i = 0; i < 3; ++i) Call(Syscall::port_create, budget);
  const auto set = [&](uint64_t ports) {
    PayloadBytes payload;
    payload.Add(abi::AccountLimits{.limit = {0, ports}});
    return ErrorOf(Syscall::account_limit, account(),
                   {.args = {budget}, .payload = payload.bytes()});
  };
  EXPECT_EQ(set(1), Error::ok);
  EXPECT_EQ(Info(budget).used[1], 3u);
  EXPECT_EQ(Call(Syscall::port_create, budget).value(1), 1u);
  EXPECT_EQ(set(4), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::port_create, budget), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::port_create, budget), Error::quota_exceeded);
}

TEST_F(AccountLimit, IsForAccountsBelowOnly) {
  const Handle outer = MakeAccount({});
  const Handle inner = static_cast<Handle>(Create(outer, {}, "in").value(0));
  const Handle other = MakeAccount({});
  PayloadBytes payload;
  payload.Add(abi::AccountLimits{});
  const auto set = [&](Handle above, Handle below) {
    return ErrorOf(Syscall::account_limit, above,
                   {.args = {below}, .payload = payload.bytes()});
  };
  EXPECT_EQ(set(outer, inner), Error::ok);
  EXPECT_EQ(set(account(), inner), Error::ok);
  // Not its own, not its parent's, not its neighbour's.
  for (const auto& [above, below] :
       {std::pair{inner, inner}, {inner, outer}, {other, inner}})
    EXPECT_EQ(set(above, below), Error::invalid_args);
  EXPECT_EQ(set(outer, kNeverGiven), Error::bad_handle);
  EXPECT_EQ(set(outer, MakePort()), Error::wrong_type);
  EXPECT_EQ(ErrorOf(Syscall::account_limit, outer,
                    {.args = {inner}, .payload = BytesOf("short")}),
            Error::invalid_args);
}

TEST_F(AccountLimit, SoftLimitsSignalFirst) {
  const Handle budget = MakeAccount({.limit = {0, 4}, .soft = {0, 3}});
  std::atomic<int> answered{0};
  Answer told;
  const auto watch = [&] {
    root().Start(Syscall::object_watch, budget, {.args = {kSignalQuota}},
                 [&](Answer answer) {
                   told = std::move(answer);
                   ++answered;
                 });
  };
  watch();
  std::vector<Handle> ports;
  for (int i = 1; i <= 3; ++i) {
    ports.push_back(
        static_cast<Handle>(Call(Syscall::port_create, budget).value(0)));
    EXPECT_EQ(answered, i < 3 ? 0 : 1);
  }
  EXPECT_THAT(told.completion.values, ElementsAre(kSignalQuota, 1, 2, 0));
  // Below it again: the next one is told when it comes back.
  Call(Syscall::handle_close, ports[0]);
  watch();
  Call(Syscall::session_info, abi::kNoHandle);
  EXPECT_EQ(answered, 1);
  Call(Syscall::port_create, budget);
  EXPECT_EQ(answered, 2);
  EXPECT_EQ(told.value(1), 2u);
  EXPECT_EQ(Info(budget).at_soft_limit, 2u);
}

TEST_F(AccountLimit, WhatMovesWithinAnAccountIsNoNewUse) {
  abi::AccountLimits limits = {};
  limits.soft[static_cast<size_t>(AccountItem::handles)] = 2;
  const Handle budget = MakeAccount(limits);
  Other poor = MakePoor(budget, MakePort());
  const auto copy = static_cast<Handle>(
      poor.core()
          .Call(Syscall::handle_duplicate, poor.handle, {.args = {kRightsSame}})
          .value(0));
  const auto generation = [&] {
    return Call(Syscall::object_watch, budget, {.args = {kSignalQuota}})
        .value(1);
  };
  EXPECT_EQ(generation(), 1u);
  poor.core().Call(Syscall::handle_replace, copy, {.args = {kRightsSame}});
  EXPECT_EQ(generation(), 1u);
}

TEST_F(AccountLimit, AWatchThatItselfReachesTheSoftLimitIsTold) {
  abi::AccountLimits limits = {};
  limits.soft[static_cast<size_t>(AccountItem::watches)] = 1;
  const Handle budget = MakeAccount(limits);
  Other poor = MakePoor(budget, budget);
  const Answer told = poor.core().Call(Syscall::object_watch, poor.handle,
                                       {.args = {kSignalQuota}}, Soon());
  EXPECT_EQ(told.error(), Error::ok);
  EXPECT_EQ(told.value(0), kSignalQuota);
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
