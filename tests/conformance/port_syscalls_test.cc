// The calls about ports.
#include <fcntl.h>

#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;

// ---- port_create

using PortCreate = Syscalls;

TEST_F(PortCreate, ChecksHandleRightsAndFields) {
  ExpectDoor(
      Syscall::port_create,
      {.known_options = abi::kPortOptionsAll, .args = 2, .payload = true});
}

TEST_F(PortCreate, RoundsTheRingUpToAPowerOfTwo) {
  const struct {
    uint64_t asked, got;
  } cases[] = {{0, abi::kRingBytesDefault},
               {4096, 4096},
               {4097, 8192},
               {abi::kRingBytesMax, abi::kRingBytesMax}};
  for (const auto& one : cases) {
    const Answer made =
        Call(Syscall::port_create, account(), {.args = {one.asked}});
    EXPECT_EQ(made.error(), Error::ok);
    EXPECT_EQ(made.value(1), IdOf(static_cast<Handle>(made.value(0))));
    EXPECT_EQ(made.value(2), one.got);
  }
}

TEST_F(PortCreate, RefusesRingsOutsideTheLimits) {
  for (const uint64_t bytes :
       {uint64_t{1}, uint64_t{4095}, uint64_t{abi::kRingBytesMax} + 1,
        uint64_t{1} << 32, ~uint64_t{0}}) {
    const Answer answer =
        Call(Syscall::port_create, account(), {.args = {bytes}});
    EXPECT_EQ(answer.error(), Error::out_of_range);
    EXPECT_EQ(answer.value(0), abi::kRingBytesMin);
    EXPECT_EQ(answer.value(1), abi::kRingBytesMax);
  }
}

TEST_F(PortCreate, LetsRingsGrowOnlyWhereTheirSizeIsNotFixed) {
  const struct {
    uint64_t asked, most_asked, most;
  } cases[] = {{0, 0, abi::kRingBytesGrownDefault},
               {4096, 0, 4096},
               {4097, 0, 8192},
               {4097, 8193, 16'384},
               {0, abi::kRingBytesDefault, abi::kRingBytesDefault},
               {4096, abi::kRingBytesMax, abi::kRingBytesMax}};
  for (const auto& one : cases) {
    const Answer made = Call(Syscall::port_create, account(),
                             {.args = {one.asked, one.most_asked}});
    EXPECT_EQ(made.error(), Error::ok);
    EXPECT_EQ(made.value(3), one.most);
  }
  for (const uint64_t most :
       {uint64_t{8191}, uint64_t{abi::kRingBytesMax} + 1, ~uint64_t{0}}) {
    const Answer answer =
        Call(Syscall::port_create, account(), {.args = {8192, most}});
    EXPECT_EQ(answer.error(), Error::out_of_range);
    EXPECT_EQ(answer.value(0), 8192u);
    EXPECT_EQ(answer.value(1), abi::kRingBytesMax);
  }
}

TEST_F(PortCreate, ARendezvousOrAnOverwritingPortIsNothingElse) {
  for (const uint32_t kind : {abi::kPortRendezvous, abi::kPortOverwriting}) {
    constexpr uint32_t kWithAny = abi::kPortSecret | abi::kPortNewFlows;
    for (uint32_t more = 0; more <= abi::kPortOptionsAll; ++more) {
      const bool alone = ((kind | more) & ~kWithAny) == kind;
      EXPECT_EQ(
          ErrorOf(Syscall::port_create, account(), {.options = kind | more}),
          alone ? Error::ok : Error::invalid_args)
          << more;
    }
    EXPECT_EQ(ErrorOf(Syscall::port_create, account(),
                      {.options = kind, .args = {4096, abi::kRingBytesMax}}),
              Error::invalid_args);
    const Answer made =
        Call(Syscall::port_create, account(), {.options = kind});
    EXPECT_EQ(made.value(3), made.value(2));
  }
}

TEST_F(PortCreate, BoundsTheName) {
  const std::string longest(abi::kNameBytesMax - 1, 'n');
  EXPECT_EQ(
      ErrorOf(Syscall::port_create, account(), {.payload = BytesOf(longest)}),
      Error::ok);
  const std::string longer(abi::kNameBytesMax, 'n');
  EXPECT_EQ(
      ErrorOf(Syscall::port_create, account(), {.payload = BytesOf(longer)}),
      Error::out_of_range);
  EXPECT_EQ(ErrorOf(Syscall::port_create, account(),
                    {.payload = BytesOf(std::string_view("a\0b", 3))}),
            Error::invalid_args);
}

TEST_F(PortCreate, StopsAtTheAccountsLimit) {
  const Handle budget = MakeAccount({.limit = {0, 2, 0, 0, 0}});
  EXPECT_EQ(ErrorOf(Syscall::port_create, budget), Error::ok);
  const Answer second = Call(Syscall::port_create, budget);
  EXPECT_EQ(second.error(), Error::ok);
  const Answer third = Call(Syscall::port_create, budget);
  EXPECT_EQ(third.error(), Error::quota_exceeded);
  EXPECT_THAT(third.completion.values,
              ElementsAre(2, 2, IdOf(budget),
                          static_cast<uint64_t>(abi::AccountItem::ports)));
  Call(Syscall::handle_close, static_cast<Handle>(second.value(0)));
  EXPECT_EQ(ErrorOf(Syscall::port_create, budget), Error::ok);
}

// ---- port_connect

using PortConnect = Syscalls;

TEST_F(PortConnect, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::port_connect, {});
}

TEST_F(PortConnect, GrantsALane) {
  const Handle port = MakePort(abi::kPortFullFails, 8192);
  const Answer answer = Call(Syscall::port_connect, port);
  ASSERT_EQ(answer.error(), Error::ok);
  EXPECT_EQ(answer.value(2), 8192u);
  EXPECT_EQ(answer.value(3), 0u);
  ASSERT_EQ(answer.descriptors.size(), 2u);
  abi::LaneGranted granted = {};
  ASSERT_TRUE(answer.Read(&granted));
  EXPECT_EQ(granted.port_id, IdOf(port));
  EXPECT_EQ(granted.lane_id, IdOf(static_cast<Handle>(answer.value(0))));
  EXPECT_EQ(granted.port_options, abi::kPortFullFails);
  EXPECT_EQ(granted.tracing.on(), 0u);
}

TEST_F(PortConnect, ToARendezvousGrantsAnOfferPageToo) {
  const Handle port = MakePort(abi::kPortRendezvous);
  const Answer answer = Call(Syscall::port_connect, port);
  ASSERT_EQ(answer.error(), Error::ok);
  ASSERT_EQ(answer.descriptors.size(), 3u);
  EXPECT_TRUE(
      base::IsMemoryOf(answer.descriptors[2].get(), abi::kControlBytes));
  // Nobody can take it from the other end by sealing it.
  EXPECT_EQ(fcntl(answer.descriptors[2].get(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST_F(PortConnect, CountsListeners) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  EXPECT_EQ(Call(Syscall::port_connect, port).value(3), 1u);
}

TEST_F(PortConnect, ToAClosedPortIsPeerClosed) {
  const Handle port = MakePort();
  const Handle sender = Weaker(port, kRightSend);
  Call(Syscall::handle_close, port);
  EXPECT_EQ(ErrorOf(Syscall::port_connect, sender), Error::peer_closed);
}

TEST_F(PortConnect, IsChargedToTheSendersAccount) {
  const Handle budget = MakeAccount({.limit = {0, 0, 1, 0, 0}});
  Other poor = MakePoor(budget, MakePort());
  EXPECT_EQ(poor.core().Call(Syscall::port_connect, poor.handle).error(),
            Error::ok);
  const Answer full = poor.core().Call(Syscall::port_connect, poor.handle);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_THAT(full.completion.values,
              ElementsAre(1, 1, IdOf(budget),
                          static_cast<uint64_t>(abi::AccountItem::lanes)));
}

// ---- port_listen

using PortListen = Syscalls;

TEST_F(PortListen, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::port_listen, {});
}

TEST_F(PortListen, TellsThePortAndGetsWaitingLanes) {
  const Handle port = MakePort();
  const Handle badged = static_cast<Handle>(
      Call(Syscall::handle_mint, port, {.args = {kRightSend, 77}}).value(0));
  auto lane = Connect(root(), badged);
  auto inbox = Listen(root(), port);
  auto end = Opened(root(), *inbox);
  abi::LaneOpened opened = {};
  ASSERT_TRUE(end->answer.Read(&opened));
  EXPECT_EQ(opened.lane_id, lane->id);
  EXPECT_EQ(opened.port_id, IdOf(port));
  EXPECT_EQ(opened.badge, 77u);
  EXPECT_EQ(opened.sender_process, root().process_id());
  EXPECT_EQ(opened.request_start, 0u);
  EXPECT_EQ(opened.reply_start, 0u);
  EXPECT_EQ(opened.port_handle, port);
  EXPECT_EQ(end->answer.descriptors.size(), 3u);
  EXPECT_EQ(end->answer.value(0), 4096u);
  EXPECT_EQ(end->answer.value(1), lane->answer.value(1));
}

TEST_F(PortListen, TwiceIsBadState) {
  const Handle port = MakePort();
  Other other = MakeOther(port);
  EXPECT_EQ(ErrorOf(Syscall::port_listen, port), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::port_listen, port), Error::bad_state);
  EXPECT_EQ(other.core().Call(Syscall::port_listen, other.handle).error(),
            Error::bad_state);
  const Handle shared = MakePort(abi::kPortShareable);
  EXPECT_EQ(ErrorOf(Syscall::port_listen, shared), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::port_listen, Weaker(shared, kRightsSame)),
            Error::bad_state);
}

TEST_F(PortListen, OfAShareablePortIsBounded) {
  const Handle port = MakePort(abi::kPortShareable);
  std::vector<Other> others;
  for (uint32_t i = 0; i < abi::kListenersMax; ++i) {
    others.push_back(MakeOther(port));
    ASSERT_EQ(others.back()
                  .core()
                  .Call(Syscall::port_listen, others.back().handle)
                  .error(),
              Error::ok);
  }
  const Answer answer = Call(Syscall::port_listen, port);
  EXPECT_EQ(answer.error(), Error::quota_exceeded);
  EXPECT_EQ(answer.value(0), abi::kListenersMax);
  EXPECT_EQ(answer.value(1), abi::kListenersMax);
}

TEST_F(PortListen, TellsSendersOfAShareablePort) {
  const Handle port = MakePort(abi::kPortShareable);
  auto lane = Connect(root(), port);
  Other other = MakeOther(port);
  auto inbox = Listen(other.core(), other.handle);
  EXPECT_EQ(lane->inbox.Await(abi::Event::listeners_changed).value(0), 1u);
  other.core().Call(Syscall::handle_close, other.handle);
  EXPECT_EQ(lane->inbox.Await(abi::Event::listeners_changed).value(0), 0u);
}

TEST_F(PortListen, EndsWithTheHandle) {
  const Handle port = MakePort();
  const Handle copy = Weaker(port, kRightsSame);
  auto inbox = Listen(root(), copy);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  Call(Syscall::handle_close, copy);
  const Answer ended = inbox->Await(abi::Event::listen_ended);
  EXPECT_EQ(ended.completion.user_data, IdOf(port));
  EXPECT_EQ(ended.value(0), static_cast<uint64_t>(Error::canceled));
  lane->inbox.Await(abi::Event::lane_orphaned);
  EXPECT_FALSE(IsOpen(end->handle));
  EXPECT_TRUE(IsOpen(lane->handle));
  EXPECT_EQ(ErrorOf(Syscall::port_listen, port), Error::ok);
}

TEST_F(PortListen, EndsWhenRevoked) {
  const Handle port = MakePort();
  Other other = MakeOther(port);
  auto inbox = Listen(other.core(), other.handle);
  Call(Syscall::handle_revoke, port);
  EXPECT_EQ(inbox->Await(abi::Event::listen_ended).value(0),
            static_cast<uint64_t>(Error::revoked));
}

}  // namespace
}  // namespace ipc
