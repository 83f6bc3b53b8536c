// Handle tables, rights, minting, error order, revocation.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class HandlesTest : public KernelTest {
 protected:
  HandlesTest() : port_(CreatePort(*root_)) {}
  Handle Duplicate(RawClient& client, Handle handle,
                   uint64_t rights = abi::kRightsSame) {
    return client.Call(Syscall::handle_duplicate, handle, {rights}).handle();
  }
  bool Valid(RawClient& client, Handle handle) {
    return client.Call(Syscall::handle_info, handle).error() == Error::ok;
  }
  Handle port_;
};

TEST(CapabilityTreeTest, KeepsAPlaceForAsManyRevokesAsNeedIt) {
  constexpr int kRevokes = 200'000;
  CapabilityTree tree;
  KernelObject object(1);
  Capability* capability = tree.Make({.object = &object, .rights = 0});
  const Capability::Index index = capability->index;
  const uint64_t serial = capability->serial;
  for (int i = 0; i < kRevokes; ++i) tree.Pin(capability);
  tree.Kill(capability);
  for (int i = 0; i < kRevokes; ++i) {
    ASSERT_NE(tree.Find(index, serial), nullptr) << i;
    tree.Unpin(capability);
  }
  EXPECT_EQ(tree.Find(index, serial), nullptr);
}

TEST(HandleTableTest, ValuesComeBackOnlyAfterThousandsOfReuses) {
  CapabilityTree tree;
  KernelObject object(1);
  Capability* capability = tree.Make({.object = &object, .rights = 0});
  HandleTable table(&tree);
  absl::flat_hash_set<Handle> seen;
  for (int i = 0; i < 2048; ++i) {
    const Handle handle = table.Insert(*capability);
    EXPECT_NE(handle, 0u);
    EXPECT_TRUE(seen.insert(handle).second);
    EXPECT_EQ(table.Find(handle), capability);
    table.Remove(handle, HandleFate::closed);
    EXPECT_EQ(table.Find(handle), nullptr);
  }
  for (int i = 0; i < 5000; ++i) {
    const Handle handle = table.Insert(*capability);
    EXPECT_NE(handle, 0u);
    table.Remove(handle, HandleFate::closed);
  }
  EXPECT_EQ(table.size(), 0u);
}

TEST(HandleTableTest, TellsWhatBecameOfAHandle) {
  CapabilityTree tree;
  KernelObject object(1);
  Capability* capability = tree.Make({.object = &object, .rights = 0});
  HandleTable table(&tree);
  EXPECT_EQ(table.FateOf(0), HandleFate::zero);
  EXPECT_EQ(table.FateOf(1u << 20), HandleFate::never_given);
  const Handle first = table.Insert(*capability);
  EXPECT_EQ(table.FateOf(first + (1u << 20)), HandleFate::never_given);
  table.Remove(first, HandleFate::revoked);
  EXPECT_EQ(table.FateOf(first), HandleFate::revoked);
  const Handle second = table.Insert(*capability);
  EXPECT_EQ(table.FateOf(first), HandleFate::revoked);
  table.Remove(second, HandleFate::moved);
  EXPECT_EQ(table.FateOf(second), HandleFate::moved);
  EXPECT_EQ(table.FateOf(first), HandleFate::stale);
}

TEST(CapabilityTreeTest, EmptyBlocksAreGivenBackAndUsedAgain) {
  CapabilityTree tree;
  KernelObject object(1);
  for (int round = 0; round < 3; ++round) {
    std::vector<Capability*> made;
    for (int i = 0; i < 10'000; ++i)
      made.push_back(tree.Make({.object = &object, .rights = 0}));
    EXPECT_EQ(tree.living(), 10'000u);
    uint64_t listed = 0;
    for (const Capability* at = tree.LivingAfter(0); at != nullptr;
         at = tree.LivingAfter(at->index))
      ++listed;
    EXPECT_EQ(listed, 10'000u);
    for (Capability* one : made) tree.Kill(one);
    EXPECT_EQ(tree.living(), 0u);
    EXPECT_EQ(tree.LivingAfter(0), nullptr);
    EXPECT_LE(tree.blocks(), 2u);
  }
}

TEST_F(HandlesTest, StaleAndForeignHandlesAreBad) {
  const Handle copy = Duplicate(*root_, port_);
  EXPECT_EQ(root_->Call(Syscall::handle_close, copy).error(), Error::ok);
  for (const Handle bad : {copy, Handle{0}, ~Handle{0}, Handle{2} << 20})
    EXPECT_EQ(root_->Call(Syscall::handle_info, bad).error(),
              Error::bad_handle);
}

TEST_F(HandlesTest, ErrorsComeInOrder) {
  const Handle region = CreateRegion(*root_, 1);
  const Handle weak = Duplicate(*root_, port_, abi::kRightSend);
  // Each request is wrong in every way that comes later.
  EXPECT_EQ(root_->Call(Syscall::port_listen, 0, {1}, {.options = 8}).error(),
            Error::bad_handle);
  EXPECT_EQ(
      root_->Call(Syscall::port_listen, region, {1}, {.options = 8}).error(),
      Error::wrong_type);
  const Done denied =
      root_->Call(Syscall::port_listen, weak, {1}, {.options = 8});
  EXPECT_EQ(denied.error(), Error::access_denied);
  EXPECT_EQ(denied.value(0), abi::kRightReceive);
  ASSERT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::ok);
  EXPECT_EQ(
      root_->Call(Syscall::port_listen, port_, {1}, {.options = 8}).error(),
      Error::invalid_args);
  EXPECT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::bad_state);
}

TEST_F(HandlesTest, EveryCallRefusesWhatItDoesNotName) {
  for (uint32_t number = 1; number <= 31; ++number) {
    for (const bool in_reserved : {false, true}) {
      abi::Request request = {};
      request.number = number;
      request.user_data = 7;
      request.handle = port_;
      if (in_reserved)
        request.reserved = 1;
      else
        request.options = 0x8000'0000;
      root_->SubmitRaw(request);
      Settle();
      const Done done = root_->Take();
      EXPECT_NE(done.error(), Error::ok) << "call " << number;
      EXPECT_EQ(done.completion.user_data, 7u);
    }
  }
  EXPECT_TRUE(Valid(*root_, port_));
}

TEST_F(HandlesTest, UnknownCallIsNotSupported) {
  for (const uint32_t number : {0u, abi::kSyscalls + 1, 1000u})
    EXPECT_EQ(root_->Call(static_cast<Syscall>(number), port_).error(),
              Error::not_supported);
}

TEST_F(HandlesTest, RightsOnlyShrink) {
  const Handle weak =
      Duplicate(*root_, port_, abi::kRightSend | abi::kRightDuplicate);
  EXPECT_EQ(root_
                ->Call(Syscall::handle_duplicate, weak,
                       {abi::kRightSend | abi::kRightReceive})
                .error(),
            Error::invalid_args);
  EXPECT_EQ(
      root_->Call(Syscall::handle_mint, weak, {abi::kRightReceive, 5}).error(),
      Error::invalid_args);
  EXPECT_EQ(
      root_->Call(Syscall::handle_duplicate, weak, {uint64_t{1} << 40}).error(),
      Error::invalid_args);
}

TEST_F(HandlesTest, BadgeIsSetOnceAndKept) {
  const Handle badged =
      root_->Call(Syscall::handle_mint, port_, {abi::kRightsSame, 42}).handle();
  const Handle copy = Duplicate(*root_, badged);
  EXPECT_EQ(root_->Call(Syscall::handle_info, copy).value(1), 42u);
  EXPECT_EQ(
      root_->Call(Syscall::handle_mint, copy, {abi::kRightsSame, 43}).error(),
      Error::invalid_args);
  EXPECT_EQ(
      root_->Call(Syscall::handle_mint, port_, {abi::kRightsSame, 0}).error(),
      Error::invalid_args);
}

TEST_F(HandlesTest, RevokeTakesEverythingDerivedAndKeepsTheNamed) {
  const Handle child = Duplicate(*root_, port_);
  const Handle grandchild = Duplicate(*root_, child);
  auto other = AddChild(*root_, {{"port", grandchild}});
  const Done receipt = root_->Call(Syscall::handle_revoke, child);
  EXPECT_EQ(receipt.value(0), 2u);
  EXPECT_TRUE(Valid(*root_, port_));
  EXPECT_TRUE(Valid(*root_, child));
  EXPECT_FALSE(Valid(*root_, grandchild));
  EXPECT_FALSE(Valid(*other, other->Named("port")));
  EXPECT_EQ(root_->Call(Syscall::handle_revoke, child).value(0), 0u);
}

TEST_F(HandlesTest, RevokeReachesPastClosedAncestors) {
  const Handle child = Duplicate(*root_, port_);
  const Handle grandchild = Duplicate(*root_, child);
  const Handle second = Duplicate(*root_, child);
  root_->Call(Syscall::handle_close, child);
  EXPECT_EQ(root_->Call(Syscall::handle_revoke, port_).value(0), 2u);
  EXPECT_FALSE(Valid(*root_, grandchild));
  EXPECT_FALSE(Valid(*root_, second));
}

TEST_F(HandlesTest, RevokeByBadgeSparesOthers) {
  const auto mint = [&](uint64_t badge) {
    return root_->Call(Syscall::handle_mint, port_, {abi::kRightsSame, badge})
        .handle();
  };
  const Handle one = mint(1);
  const Handle one_copy = Duplicate(*root_, one);
  const Handle two = mint(2);
  const Done receipt = root_->Call(Syscall::handle_revoke, port_, {1},
                                   {.options = abi::kRevokeBadge});
  EXPECT_EQ(receipt.value(0), 2u);
  EXPECT_FALSE(Valid(*root_, one));
  EXPECT_FALSE(Valid(*root_, one_copy));
  EXPECT_TRUE(Valid(*root_, two));
}

TEST_F(HandlesTest, LargeRevokeLetsOthersBeServed) {
  Handle last = port_;
  for (int i = 0; i < 5000; ++i) {
    Duplicate(*root_, port_);
    last = Duplicate(*root_, last);
  }
  auto other = AddChild(*root_, {});
  root_->Submit(Syscall::handle_revoke, port_, {}, {.user_data = 9});
  kernel_.Turn();
  other->Submit(Syscall::session_info, 0, {}, {.user_data = 1});
  kernel_.Turn();
  EXPECT_TRUE(other->TryTake().has_value());
  EXPECT_FALSE(root_->TryTake().has_value());
  Settle();
  EXPECT_EQ(root_->Take().value(0), 10'000u);
}

TEST_F(HandlesTest, CopiesMadeDuringARevokeOfTheirParentGoToo) {
  auto other = AddChild(*root_, {{"port", port_}});
  const Handle held = other->Named("port");
  for (int i = 0; i < 3000; ++i) Duplicate(*root_, port_);
  for (int i = 0; i < 3000; ++i) Duplicate(*other, held);
  root_->Submit(Syscall::handle_revoke, port_, {}, {.user_data = 9});
  kernel_.Turn();
  // Copies of what is being revoked, its parent closed behind them; and a
  // new copy of the root, which came after the request.
  other->Submit(Syscall::handle_duplicate, held, {abi::kRightsSame});
  other->Submit(Syscall::handle_close, held);
  root_->Submit(Syscall::handle_duplicate, port_, {abi::kRightsSame},
                {.user_data = 10});
  Settle();
  EXPECT_EQ(other->session()->handles.size(), 0u);
  Handle fresh = 0;
  while (auto done = root_->TryTake())
    if (done->completion.user_data == 10) fresh = done->handle();
  EXPECT_TRUE(Valid(*root_, fresh));
}

TEST(CapabilityTreeTest, GhostsNeverOutnumberTheLiving) {
  CapabilityTree tree;
  KernelObject object(1);
  Capability* top = tree.Make({.object = &object, .rights = 0});
  Capability* node = top;
  for (int i = 0; i < 10'000; ++i) {
    Capability* child =
        tree.Make({.object = &object, .rights = 0, .parent = node});
    if (node != top) tree.Kill(node);
    node = child;
  }
  EXPECT_EQ(tree.Parent(*node), top);
  EXPECT_EQ(tree.FirstChild(*top), node);
  EXPECT_EQ(tree.LivingParent(*node), top);
}

// Every shape of tree, with copies, closings and two revokes running.
TEST(RevokeTest, RandomTreesAreRevokedCompletely) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    CapabilityTree tree;
    KernelObject object(1);
    uint32_t state = seed * 2654435761u;
    const auto random = [&](size_t below) {
      state = state * 1664525u + 1013904223u;
      return (state >> 8) % below;
    };
    Capability* root = tree.Make({.object = &object, .rights = 0});
    const auto living = [&]() -> Capability* {
      const Capability* found =
          tree.LivingAfter(static_cast<Capability::Index>(random(80)));
      return found == nullptr ? root : tree.At(found->index);
    };
    for (int i = 0; i < 60; ++i)
      tree.Make({.object = &object,
                 .rights = 0,
                 .badge = random(3),
                 .parent = living()});
    Capability* middle = living();
    {
      RevokeJob all(&tree, root, 0);
      RevokeJob some(&tree, middle, 1 + random(2));
      const auto destroy = [&](Capability* doomed) { tree.Kill(doomed); };
      bool all_done = false;
      bool some_done = false;
      for (int i = 0; i < 400 && !(all_done && some_done); ++i) {
        if (!all_done) all_done = all.Run(1 + random(3), destroy);
        if (!some_done) some_done = some.Run(1, destroy);
        Capability* node = living();
        if (node != root && i < 50) {
          tree.Make({.object = &object,
                     .rights = 0,
                     .badge = node->badge,
                     .parent = node});
          if (random(2) == 0) tree.Kill(node);
        }
      }
      EXPECT_TRUE(all_done) << seed;
      EXPECT_TRUE(some_done) << seed;
    }
    EXPECT_EQ(tree.living(), 1u) << seed;
  }
}

}  // namespace
}  // namespace kernel
