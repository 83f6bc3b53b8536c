// Accounts, regions, processes and watches.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class ObjectsTest : public KernelTest {
 protected:
  Done CreateAccount(Handle parent, abi::AccountLimits limits) {
    return root_->Call(Syscall::account_create, parent, {},
                       {.payload = Bytes(&limits, sizeof(limits))});
  }
  abi::AccountEntry Info(Handle account) {
    return root_->Call(Syscall::account_info, account).As<abi::AccountEntry>();
  }
  Handle account() { return root_->Named("account"); }
};

TEST_F(ObjectsTest, ChargesCountUpToTheRootAndComeBack) {
  const auto before = Info(account());
  const Handle outer = CreateAccount(account(), {}).handle();
  const Handle inner =
      CreateAccount(outer, {.limit = {0, 0, 0, 2, 8192}}).handle();
  const Done first = root_->Call(Syscall::region_create, inner, {4097});
  ASSERT_EQ(first.error(), Error::ok);
  EXPECT_EQ(first.value(1), 8192u);
  EXPECT_EQ(Info(outer).used[3], 1u);
  const Done second = root_->Call(Syscall::region_create, inner, {1});
  EXPECT_EQ(second.error(), Error::quota_exceeded);
  EXPECT_EQ(second.value(0), 8192u);
  EXPECT_EQ(second.value(1), 8192u);
  EXPECT_EQ(second.value(2), Info(inner).id);
  EXPECT_EQ(second.value(3), static_cast<uint64_t>(abi::AccountItem::bytes));
  for (const Handle handle : {first.handle(), inner, outer})
    EXPECT_EQ(root_->Call(Syscall::handle_close, handle).error(), Error::ok);
  const auto after = Info(account());
  for (size_t i = 0; i < abi::kAccountItems; ++i)
    EXPECT_EQ(after.used[i], before.used[i]) << i;
}

TEST_F(ObjectsTest, DeadProcessLeavesNothingCharged) {
  const auto before = Info(account());
  const size_t objects = kernel_.objects(ObjectKind::account).size();
  auto child = AddChild(*root_, {{"account", account()}});
  const Handle port = CreatePort(*child);
  Connect(*child, port);
  CreateRegion(*child, 100'000);
  kernel_.EndSession(*child->session());
  Settle();
  auto after = Info(account());
  // The parent's process handle is still there.
  EXPECT_EQ(after.used[0], before.used[0] + 1);
  for (size_t i = 1; i < abi::kAccountItems; ++i)
    EXPECT_EQ(after.used[i], before.used[i]) << i;
  EXPECT_EQ(kernel_.objects(ObjectKind::account).size(), objects);
  EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty());
}

TEST_F(ObjectsTest, RegionGrantsSayHowWellTheyAreEnforced) {
  const Handle region = CreateRegion(*root_, 4096);
  const Done writer =
      root_->Call(Syscall::region_map, region, {}, {.options = 1});
  ASSERT_EQ(writer.descriptors.size(), 1u);
  {
    auto mapping = base::Mapping::Map(writer.descriptors[0].get(), 0, 4096,
                                      base::Access::kReadWrite);
    ASSERT_TRUE(mapping.ok());
    EXPECT_EQ(
        root_->Call(Syscall::region_seal, region, {}, {.options = 1}).error(),
        Error::bad_state);
  }
  const Done sealed =
      root_->Call(Syscall::region_seal, region, {}, {.options = 1});
  EXPECT_EQ(sealed.error(), Error::ok);
  EXPECT_EQ(sealed.value(), abi::kGuaranteeImmutable);
  EXPECT_EQ(
      root_->Call(Syscall::region_map, region, {}, {.options = 1}).error(),
      Error::bad_state);
  const Done reader = root_->Call(Syscall::region_map, region);
  EXPECT_EQ(reader.value(1), abi::kGuaranteeImmutable);
  EXPECT_EQ(root_->Call(Syscall::region_info, region).value(2), 2u);
}

TEST_F(ObjectsTest, MappingNeedsItsRights) {
  const Handle region = CreateRegion(*root_, 4096);
  const Handle reader = root_
                            ->Call(Syscall::handle_duplicate, region,
                                   {abi::kRightMap | abi::kRightRead})
                            .handle();
  const Done denied =
      root_->Call(Syscall::region_map, reader, {}, {.options = 1});
  EXPECT_EQ(denied.error(), Error::access_denied);
  EXPECT_EQ(denied.value(), abi::kRightWrite);
  EXPECT_EQ(root_->Call(Syscall::region_create, account(), {0}).error(),
            Error::invalid_args);
  EXPECT_EQ(
      root_->Call(Syscall::region_create, account(), {1ull << 41}).error(),
      Error::out_of_range);
}

TEST_F(ObjectsTest, AttachedRegionCanBeMappedByThePeerOnly) {
  const Handle port = CreatePort(*root_, 0, 4096);
  auto client = AddChild(
      *root_, {{"port", port, abi::kRightSend}, {"account", account()}});
  root_->Call(Syscall::port_listen, port);
  RawEnd sender = Connect(*client, client->Named("port"));
  RawEnd listener = Open(*root_);
  const Handle region = CreateRegion(*client, 4096);
  EXPECT_EQ(client->Call(Syscall::lane_attach, sender.lane, {region}).error(),
            Error::bad_state);
  client->Call(Syscall::region_seal, region);
  const Done attached =
      client->Call(Syscall::lane_attach, sender.lane, {region});
  ASSERT_EQ(attached.error(), Error::ok);
  const Done mapped =
      root_->Call(Syscall::lane_map, listener.lane, {attached.value()});
  EXPECT_EQ(mapped.value(), 4096u);
  ASSERT_EQ(mapped.descriptors.size(), 1u);
  EXPECT_FALSE(base::Mapping::Map(mapped.descriptors[0].get(), 0, 4096,
                                  base::Access::kReadWrite)
                   .ok());
  EXPECT_EQ(client->Call(Syscall::lane_map, sender.lane, {0}).error(),
            Error::not_found);
}

TEST_F(ObjectsTest, AttachedRegionIsRevokedFromManyLanesAtOnce) {
  const Handle port = CreatePort(*root_, 0, 4096);
  auto client = AddChild(
      *root_, {{"port", port, abi::kRightSend}, {"account", account()}});
  root_->Call(Syscall::port_listen, port);
  const Handle region = CreateRegion(*client, 4096);
  client->Call(Syscall::region_seal, region);
  const Handle copy =
      client->Call(Syscall::handle_duplicate, region, {abi::kRightsSame})
          .handle();
  std::vector<RawEnd> listeners;
  for (int i = 0; i < 50; ++i) {
    RawEnd sender = Connect(*client, client->Named("port"));
    listeners.push_back(Open(*root_));
    client->Call(Syscall::lane_attach, sender.lane, {copy});
    ASSERT_EQ(
        root_->Call(Syscall::lane_map, listeners.back().lane, {0}).error(),
        Error::ok);
  }
  client->Call(Syscall::handle_revoke, region);
  for (const RawEnd& listener : listeners)
    EXPECT_EQ(root_->Call(Syscall::lane_map, listener.lane, {0}).error(),
              Error::revoked);
}

TEST_F(ObjectsTest, ProcessIsBornWithItsNamesAndItsDeathIsSeen) {
  const Handle port = CreatePort(*root_);
  const Done made =
      root_->Call(Syscall::process_create, account(), {},
                  {.payload = CreatePayload(
                       "worker", {{"a", port, abi::kRightSend}, {"b", port}})});
  ASSERT_EQ(made.descriptors.size(), 1u);
  const Handle process = made.handle();
  EXPECT_EQ(root_->Call(Syscall::process_info, process).value(0), 0u);
  RawClient child(&kernel_, host_.children[0].session,
                  host_.children[0].socket);
  child.Begin("whatever");
  EXPECT_EQ(child.Named("a"), child.session()->names[0].handle);
  EXPECT_EQ(root_->Call(Syscall::process_info, process).value(0), 1u);
  root_->Submit(Syscall::object_watch, process, {abi::kSignalDead},
                {.user_data = 5});
  Settle();
  EXPECT_FALSE(root_->TryTake().has_value());
  kernel_.EndSession(*child.session());
  Settle();
  const Done dead = root_->Take();
  EXPECT_EQ(dead.completion.user_data, 5u);
  EXPECT_EQ(dead.value(0), abi::kSignalDead);
  EXPECT_EQ(root_->Call(Syscall::process_info, process).value(0), 2u);
}

TEST_F(ObjectsTest, WrongProcessCreateChangesNothing) {
  const Handle port = CreatePort(*root_);
  const auto create = [&](const char* name, std::vector<Given> given) {
    return root_
        ->Call(Syscall::process_create, account(), {},
               {.payload = CreatePayload(name, given)})
        .error();
  };
  EXPECT_EQ(create("x", {{"a", port}, {"a", port}}), Error::invalid_args);
  EXPECT_EQ(create("x", {{"", port}}), Error::invalid_args);
  EXPECT_EQ(create("x", {{"a", 77}}), Error::bad_handle);
  EXPECT_EQ(create("x", {{"a", port, abi::kRightsSame, 0},
                         {"b", port, abi::kRightsSame, 1}}),
            Error::invalid_args);
  EXPECT_EQ(create("x", {{"a", port, abi::kRightsSame, 9}}),
            Error::invalid_args);
  EXPECT_EQ(root_
                ->Call(Syscall::process_create, account(), {},
                       {.payload = std::vector<uint8_t>(55)})
                .error(),
            Error::invalid_args);
  EXPECT_TRUE(host_.children.empty());
  EXPECT_EQ(root_->Call(Syscall::handle_info, port).error(), Error::ok);
}

TEST_F(ObjectsTest, NoSendersComesBackWithANewGeneration) {
  const Handle port = CreatePort(*root_);
  const auto watch = [&] {
    return root_->Call(Syscall::object_watch, port, {abi::kSignalNoSenders});
  };
  for (uint64_t generation = 1; generation <= 3; ++generation) {
    const Handle sender =
        root_->Call(Syscall::handle_duplicate, port, {abi::kRightSend})
            .handle();
    root_->Submit(Syscall::object_watch, port, {abi::kSignalNoSenders},
                  {.user_data = 77});
    Settle();
    EXPECT_FALSE(root_->TryTake().has_value());
    root_->Submit(Syscall::handle_close, sender, {}, {.user_data = 78});
    Settle();
    EXPECT_EQ(root_->Take().completion.user_data, 77u);
    root_->Take();
    EXPECT_EQ(watch().value(1), generation);
  }
}

TEST_F(ObjectsTest, WatchEndsWithItsHandle) {
  const Handle port = CreatePort(*root_);
  const auto watch = [&](Handle handle) {
    root_->Submit(Syscall::object_watch, handle, {abi::kSignalPeerClosed},
                  {.user_data = 5});
    Settle();
    EXPECT_FALSE(root_->TryTake().has_value());
  };
  const auto copy = [&] {
    return root_->Call(Syscall::handle_duplicate, port, {abi::kRightsSame})
        .handle();
  };
  const Handle closed = copy();
  watch(closed);
  root_->Submit(Syscall::handle_close, closed, {}, {.user_data = 6});
  Settle();
  EXPECT_EQ(root_->Take().error(), Error::canceled);
  EXPECT_EQ(root_->Take().error(), Error::ok);
  watch(copy());
  root_->Call(Syscall::handle_revoke, port);
  EXPECT_EQ(root_->Take().error(), Error::revoked);
  watch(copy());
  EXPECT_EQ(root_->Call(Syscall::wait_cancel, 0, {5}).error(), Error::ok);
  EXPECT_EQ(root_->Take().error(), Error::canceled);
  EXPECT_EQ(root_->Call(Syscall::wait_cancel, 0, {5}).error(),
            Error::not_found);
  EXPECT_EQ(root_->Call(Syscall::object_watch, port, {0}).error(),
            Error::invalid_args);
  EXPECT_EQ(
      root_->Call(Syscall::object_watch, account(), {abi::kSignalDead}).error(),
      Error::wrong_type);
}

TEST_F(ObjectsTest, WatchesAreBounded) {
  const Handle port = CreatePort(*root_);
  for (uint32_t i = 0; i < Session::kWaitsMax; ++i) {
    root_->Submit(Syscall::object_watch, port, {abi::kSignalPeerClosed});
    if (i % 64 == 0) Settle();
  }
  EXPECT_EQ(root_->Call(Syscall::object_watch, port, {abi::kSignalPeerClosed})
                .error(),
            Error::quota_exceeded);
  root_->Submit(Syscall::handle_close, port);
  size_t ended = 0;
  for (int i = 0; i < 100; ++i) {
    root_->Bell();
    Settle();
    while (root_->TryTake()) ++ended;
  }
  EXPECT_EQ(ended, Session::kWaitsMax + 1);
}

}  // namespace
}  // namespace kernel
