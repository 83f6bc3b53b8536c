// Processes that are cut off, by others and by themselves, and what is told
// of them.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class ProcessEndTest : public KernelTest {
 protected:
  std::unique_ptr<RawClient> AddOne() {
    return AddChild(*root_, {{"account", root_->Named("account")}});
  }
  // Puts a capability to the process into the table of a client.
  Handle Hold(RawClient& holder, RawClient& process) {
    return kernel_.Place(
        *holder.session(),
        *kernel_.NewCapability(
            {.object = process.session()->process, .rights = abi::kRightsAll}));
  }
  uint64_t StateOf(Handle process) {
    return root_->Call(Syscall::process_info, process).value(0);
  }
  bool RootIsServed() {
    return root_->Call(Syscall::session_info, 0).error() == Error::ok;
  }
  static constexpr auto kRunning =
      static_cast<uint64_t>(abi::ProcessState::running);
  static constexpr auto kDead = static_cast<uint64_t>(abi::ProcessState::dead);
};

TEST_F(ProcessEndTest, NothingBehindTheOwnEndIsDone) {
  const Handle port = CreatePort(*root_);
  auto child = AddChild(*root_, {{"port", port}});
  const Handle self = Hold(*child, *child);
  const Handle watched = Hold(*root_, *child);
  child->Submit(Syscall::handle_revoke, child->Named("port"), {},
                {.user_data = 1});
  child->Submit(Syscall::process_end, self, {}, {.user_data = 2});
  child->Submit(Syscall::process_exited, self, {0}, {.user_data = 3});
  Settle();
  EXPECT_FALSE(child->alive());
  EXPECT_FALSE(child->TryTake().has_value());
  EXPECT_EQ(StateOf(watched), kDead);  // and no exit word
  EXPECT_EQ(kernel_.FindSession(child->id()), nullptr);
  EXPECT_TRUE(RootIsServed());
}

TEST_F(ProcessEndTest, WhatStandsOnTheRingIsDoneFirst) {
  const Handle port = CreatePort(*root_);
  auto child = AddChild(*root_, {{"port", port}});
  const Handle self = Hold(*child, *child);
  const Handle process = Hold(*root_, *child);
  root_->Submit(Syscall::process_end, process, {}, {.user_data = 1});
  child->Submit(Syscall::process_exited, self, {5 << 8});
  Settle();
  const Done done = root_->Take();
  EXPECT_EQ(done.error(), Error::ok);
  EXPECT_EQ(done.value(0), kRunning);
  EXPECT_EQ(StateOf(process), kDead | uint64_t{abi::kExitKnown | 5 << 8} << 32);
}

TEST_F(ProcessEndTest, TwoMayEndEachOther) {
  auto one = AddOne();
  auto two = AddOne();
  const Handle first = Hold(*root_, *one);
  const Handle second = Hold(*root_, *two);
  one->Submit(Syscall::process_end, Hold(*one, *two));
  two->Submit(Syscall::process_end, Hold(*two, *one));
  Settle();
  EXPECT_EQ(StateOf(first), kDead);
  EXPECT_EQ(StateOf(second), kDead);
  EXPECT_TRUE(RootIsServed());
}

TEST_F(ProcessEndTest, TheAnswerSaysThatItIsOver) {
  auto child = AddOne();
  const Handle process = Hold(*root_, *child);
  root_->Submit(Syscall::process_end, process, {}, {.user_data = 1});
  root_->Submit(Syscall::process_info, process, {}, {.user_data = 2});
  root_->Submit(Syscall::process_end, process, {}, {.user_data = 3});
  Settle();
  EXPECT_EQ(root_->Take().value(0), kRunning);
  EXPECT_EQ(root_->Take().value(0), kDead);
  EXPECT_EQ(root_->Take().value(0), kDead);
  EXPECT_FALSE(child->alive());
}

// Each with the end of the next on its ring: more than a stack could hold of
// one inside the other.
TEST_F(ProcessEndTest, AChainOfEndsDoesNotNest) {
  constexpr int kProcesses = 800;
  std::vector<std::unique_ptr<RawClient>> chain;
  for (int i = 0; i < kProcesses; ++i) chain.push_back(AddOne());
  const Handle first = Hold(*root_, *chain.front());
  const Handle last = Hold(*root_, *chain.back());
  root_->Submit(Syscall::process_end, first, {}, {.user_data = 1});
  for (int i = 0; i + 1 < kProcesses; ++i)
    chain[i]->Submit(Syscall::process_end, Hold(*chain[i], *chain[i + 1]));
  Settle();
  EXPECT_EQ(StateOf(last), kDead);
  for (const auto& client : chain) EXPECT_FALSE(client->alive());
  EXPECT_FALSE(kernel_.HasWork());
  EXPECT_TRUE(RootIsServed());
}

TEST_F(ProcessEndTest, ADyingProcessMayEndAnother) {
  auto dying = AddOne();
  auto other = AddOne();
  const Handle process = Hold(*root_, *other);
  const Handle held = Hold(*dying, *other);
  for (int i = 0; i < 3; ++i) dying->Submit(Syscall::process_end, held);
  kernel_.HangUp(*dying->session());
  EXPECT_TRUE(kernel_.HasWork());
  Settle();
  EXPECT_EQ(StateOf(process), kDead);
}

TEST_F(ProcessEndTest, TheSignalGoesToAKnownProcessOnly) {
  const auto kill = [&](Handle process) {
    return root_
        ->Call(Syscall::process_end, process, {},
               {.options = abi::kProcessKill})
        .value(1);
  };
  auto known = AddOne();
  known->socket()->has_process = true;
  auto spared = AddOne();
  spared->socket()->has_process = true;
  auto unknown = AddOne();
  const Handle first = Hold(*root_, *known);
  EXPECT_EQ(kill(first), 1u);
  EXPECT_EQ(kill(first), 0u);
  EXPECT_EQ(known->socket()->kills, 1);
  EXPECT_EQ(kill(Hold(*root_, *unknown)), 0u);
  EXPECT_FALSE(unknown->alive());
  root_->Call(Syscall::process_end, Hold(*root_, *spared));
  EXPECT_EQ(spared->socket()->kills, 0);
  EXPECT_FALSE(spared->alive());
}

TEST_F(ProcessEndTest, DeathIsToldWhenEverythingIsCleared) {
  auto child = AddOne();
  const Handle port = CreatePort(*child);
  for (int i = 0; i < 5'000; ++i)
    child->Call(Syscall::handle_duplicate, port, {abi::kRightsSame});
  const Handle process = Hold(*root_, *child);
  root_->Submit(Syscall::process_end, process, {}, {.user_data = 1});
  root_->Submit(Syscall::object_watch, process, {abi::kSignalDead},
                {.user_data = 2});
  root_->Submit(Syscall::process_exited, process, {0}, {.user_data = 3});
  kernel_.Turn();
  EXPECT_EQ(root_->Take().completion.user_data, 1u);
  EXPECT_EQ(root_->Take().completion.user_data, 3u);
  EXPECT_FALSE(root_->TryTake().has_value());
  ASSERT_NE(kernel_.FindSession(child->id()), nullptr);
  while (kernel_.FindSession(child->id()) != nullptr) kernel_.Turn();
  EXPECT_EQ(root_->Take().completion.user_data, 2u);
  Settle();
  EXPECT_TRUE(kernel_.objects(ObjectKind::port).empty());
}

TEST_F(ProcessEndTest, WatchersOfBothAreToldBoth) {
  auto child = AddOne();
  const Handle process = Hold(*root_, *child);
  root_->Call(Syscall::process_exited, process, {9});
  root_->Call(Syscall::process_end, process);
  const Done told = root_->Call(Syscall::object_watch, process,
                                {abi::kSignalDead | abi::kSignalExited});
  EXPECT_EQ(told.value(0), abi::kSignalDead | abi::kSignalExited);
  EXPECT_EQ(told.value(2), abi::kExitKnown | 9u);
}

TEST_F(ProcessEndTest, TheEndOfARootSessionCounts) {
  auto second = AddRoot("second");
  EXPECT_EQ(kernel_.live_roots(), 2u);
  root_->Call(Syscall::process_end, Hold(*root_, *second));
  EXPECT_EQ(kernel_.live_roots(), 1u);
}

}  // namespace
}  // namespace kernel
