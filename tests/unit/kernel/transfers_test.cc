// Capabilities in messages: staged, redeemed, cancelled, revoked on the way.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Event;
using abi::Syscall;

class TransfersTest : public KernelTest {
 protected:
  TransfersTest() {
    port_ = CreatePort(*root_, 0, 4096);
    client_ = AddChild(*root_, {{"port", port_, abi::kRightSend},
                                {"account", root_->Named("account")}});
    root_->Call(Syscall::port_listen, port_);
    sender_ = Connect(*client_, client_->Named("port"));
    listener_ = Open(*root_);
  }
  static std::vector<uint8_t> Items(
      const std::vector<abi::TransferItem>& items) {
    return Bytes(items.data(), items.size() * sizeof(items[0]));
  }
  static abi::TransferItem Move(Handle handle,
                                Rights rights = abi::kRightsSame) {
    return {handle, rights, abi::kTransferMove, 0};
  }
  Done Stage(const std::vector<abi::TransferItem>& items) {
    return client_->Call(Syscall::transfer_stage, sender_.lane, {},
                         {.payload = Items(items)});
  }
  bool Holds(RawClient& client, Handle handle) {
    return client.Call(Syscall::handle_info, handle).error() == Error::ok;
  }

  Handle port_ = 0;
  std::unique_ptr<RawClient> client_;
  RawEnd sender_;
  RawEnd listener_;
};

TEST_F(TransfersTest, StagedHandlesArriveInOrder) {
  const Handle region = CreateRegion(*client_, 1);
  const Handle port = CreatePort(*client_);
  const Done staged = Stage({Move(region, abi::kRightMap), Move(port)});
  ASSERT_EQ(staged.error(), Error::ok);
  EXPECT_FALSE(Holds(*client_, region));
  const Done redeemed =
      root_->Call(Syscall::transfer_redeem, listener_.lane, {staged.value()});
  ASSERT_EQ(redeemed.value(0), 2u);
  EXPECT_EQ(redeemed.As<abi::RedeemedItem>(0).kind, ObjectKind::region);
  EXPECT_EQ(redeemed.As<abi::RedeemedItem>(0).rights, abi::kRightMap);
  EXPECT_EQ(redeemed.As<abi::RedeemedItem>(1).kind, ObjectKind::port);
  EXPECT_TRUE(Holds(*root_, redeemed.As<abi::RedeemedItem>(1).handle));
  EXPECT_EQ(
      root_->Call(Syscall::transfer_redeem, listener_.lane, {staged.value()})
          .error(),
      Error::not_found);
}

TEST_F(TransfersTest, NothingMovesWhenOneItemIsWrong) {
  const Handle region = CreateRegion(*client_, 1);
  const Done staged = Stage({Move(region), Move(0), Move(region)});
  EXPECT_EQ(staged.error(), Error::bad_handle);
  EXPECT_EQ(staged.As<Error>(0), Error::ok);
  EXPECT_EQ(staged.As<Error>(1), Error::bad_handle);
  EXPECT_EQ(staged.As<Error>(2), Error::invalid_args);
  EXPECT_TRUE(Holds(*client_, region));
  EXPECT_EQ(Stage({Move(sender_.lane)}).error(), Error::access_denied);
  EXPECT_EQ(Stage({}).error(), Error::out_of_range);
  const std::vector<abi::TransferItem> many(65, Move(region));
  EXPECT_EQ(Stage(many).error(), Error::out_of_range);
}

TEST_F(TransfersTest, PortsReceiveRightIsRefusedInItsOwnQueue) {
  auto holder = AddChild(*root_, {{"port", port_}});
  RawEnd end = Connect(*holder, holder->Named("port"));
  EXPECT_EQ(holder
                ->Call(Syscall::transfer_stage, end.lane, {},
                       {.payload = Items({Move(holder->Named("port"))})})
                .error(),
            Error::invalid_args);
}

TEST_F(TransfersTest, CancelGivesThemBackInOrder) {
  const Handle region = CreateRegion(*client_, 1);
  const Handle port = CreatePort(*client_);
  const Done staged = Stage({Move(port), Move(region)});
  EXPECT_EQ(
      root_->Call(Syscall::transfer_cancel, listener_.lane, {staged.value()})
          .error(),
      Error::not_found);
  const Done back =
      client_->Call(Syscall::transfer_cancel, sender_.lane, {staged.value()});
  ASSERT_EQ(back.value(0), 2u);
  EXPECT_EQ(
      client_->Call(Syscall::handle_info, back.As<Handle>(0)).value() & 0xff,
      static_cast<uint64_t>(ObjectKind::port));
  EXPECT_TRUE(Holds(*client_, back.As<Handle>(1)));
}

TEST_F(TransfersTest, RevokedOnTheWayArrivesEmpty) {
  const Handle region = CreateRegion(*client_, 1);
  const Handle copy =
      client_->Call(Syscall::handle_duplicate, region, {abi::kRightsSame})
          .handle();
  const Done staged = Stage({Move(copy)});
  const Done receipt = client_->Call(Syscall::handle_revoke, region);
  EXPECT_EQ(receipt.value(0), 1u);
  EXPECT_EQ(receipt.value(3), 1u);
  const auto item =
      root_->Call(Syscall::transfer_redeem, listener_.lane, {staged.value()})
          .As<abi::RedeemedItem>();
  EXPECT_EQ(item.handle, 0u);
  EXPECT_EQ(item.error, Error::revoked);
}

TEST_F(TransfersTest, MovedReceiveRightEndsListeningAndKeepsTheQueue) {
  const Handle inner = CreatePort(*client_, 0, 4096);
  ASSERT_EQ(client_->Call(Syscall::port_listen, inner).error(), Error::ok);
  RawEnd own = Connect(*client_, inner);
  RawEnd reader = Open(*client_);
  own.Send("kept");
  const Done staged = Stage({{inner, abi::kRightsSame, abi::kTransferMove, 0}});
  ASSERT_EQ(staged.error(), Error::ok);
  EXPECT_EQ(client_->TakeEvent(Event::listen_ended).value(0),
            static_cast<uint64_t>(Error::canceled));
  // The moved capability was the lane's Send capability too.
  EXPECT_EQ(client_->TakeEvent(Event::lane_cut).value(2),
            static_cast<uint64_t>(Error::canceled));
  const auto item =
      root_->Call(Syscall::transfer_redeem, listener_.lane, {staged.value()})
          .As<abi::RedeemedItem>();
  ASSERT_EQ(root_->Call(Syscall::port_listen, item.handle).error(), Error::ok);
  EXPECT_EQ(Open(*root_).Take(), "kept");
}

TEST_F(TransfersTest, FullAccountLeavesTheTransferThere) {
  const Done account = root_->Call(Syscall::account_create,
                                   root_->Named("account"), {}, {.payload = [] {
                                     abi::AccountLimits limits = {};
                                     limits.limit[0] = 3;
                                     return Bytes(&limits, sizeof(limits));
                                   }()});
  const Handle inner = CreatePort(*root_, 0, 4096);
  auto poor = AddChild(*root_, {{"port", inner}}, account.handle());
  poor->Call(Syscall::port_listen, poor->Named("port"));
  RawEnd end = Connect(*root_, inner);
  RawEnd reader = Open(*poor);
  std::vector<abi::TransferItem> items;
  for (int i = 0; i < 3; ++i) items.push_back(Move(CreateRegion(*root_, 1)));
  const Done staged = root_->Call(Syscall::transfer_stage, end.lane, {},
                                  {.payload = Items(items)});
  const Done failed =
      poor->Call(Syscall::transfer_redeem, reader.lane, {staged.value()});
  EXPECT_EQ(failed.error(), Error::quota_exceeded);
  EXPECT_EQ(failed.value(1), 3u);
  EXPECT_EQ(root_->Call(Syscall::transfer_cancel, end.lane, {staged.value()})
                .value(0),
            3u);
}

TEST_F(TransfersTest, WhatIsNeverReceivedIsDestroyedToAnyDepth) {
  // Each port's queue holds the Receive right of the one before.
  const size_t ports = kernel_.objects(ObjectKind::port).size();
  Handle last = CreatePort(*client_, 0, 4096);
  for (int i = 0; i < 2000; ++i) {
    const Handle next = CreatePort(*client_, 0, 4096);
    RawEnd end = Connect(*client_, next);
    const Done staged = client_->Call(Syscall::transfer_stage, end.lane, {},
                                      {.payload = Items({Move(last)})});
    ASSERT_EQ(staged.error(), Error::ok);
    last = next;
  }
  EXPECT_EQ(kernel_.objects(ObjectKind::port).size(), ports + 2001);
  kernel_.EndSession(*client_->session());
  Settle();
  EXPECT_EQ(kernel_.objects(ObjectKind::port).size(), ports);
}

TEST_F(TransfersTest, PortsThatOnlyHoldEachOtherAreDestroyed) {
  const size_t ports = kernel_.objects(ObjectKind::port).size();
  const Handle one = CreatePort(*client_, 0, 4096);
  const Handle two = CreatePort(*client_, 0, 4096);
  const auto sender_of = [&](Handle port) {
    return client_->Call(Syscall::handle_duplicate, port, {abi::kRightSend})
        .handle();
  };
  RawEnd to_one = Connect(*client_, sender_of(one));
  RawEnd to_two = Connect(*client_, sender_of(two));
  to_one.Send("holds two");
  to_two.Send("holds one");
  client_->Call(Syscall::transfer_stage, to_one.lane, {},
                {.payload = Items({Move(two)})});
  client_->Call(Syscall::transfer_stage, to_two.lane, {},
                {.payload = Items({Move(one)})});
  Settle();
  EXPECT_EQ(kernel_.objects(ObjectKind::port).size(), ports + 2);
  kernel_.EndSession(*client_->session());
  Settle();
  EXPECT_EQ(kernel_.objects(ObjectKind::port).size(), ports);
}

}  // namespace
}  // namespace kernel
