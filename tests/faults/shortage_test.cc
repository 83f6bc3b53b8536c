// While memory is short: who may come, who is served, what waits.
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace faults {
namespace {

using ipc::abi::Error;
using kernel::Bytes;
using kernel::Session;

class Shortage : public ::testing::Test {
 protected:
  ~Shortage() override {
    Disarm();
    EXPECT_EQ(scene_.Leftovers(), "");
  }

  const kernel::Reserve reserve_;
  Scene scene_;
};

TEST_F(Shortage, NobodyJoins) {
  scene_.EndMemory();
  scene_.Do([&] {
    EXPECT_EQ(scene_.core().AddSession(Session::Origin::kPath), nullptr);
  });
}

TEST_F(Shortage, WhoHasNotBegunIsRefused) {
  Session* session = scene_.core().AddSession(Session::Origin::kPath);
  auto socket = std::make_shared<kernel::FakeSocket>();
  session->transport = std::make_unique<kernel::FakeTransport>(socket);
  const ipc::abi::Hello hello = {.magic = ipc::abi::kMagic,
                                 .kind = ipc::abi::SocketKind::hello,
                                 .version = ipc::abi::kVersion,
                                 .name = "late"};
  const auto message = Bytes(&hello, sizeof(hello));
  scene_.EndMemory();
  scene_.Do([&] { scene_.core().Receive(*session, message, {1, 0}); });
  ASSERT_EQ(socket->sent.size(), 1u);
  ipc::abi::Welcome welcome = {};
  std::memcpy(&welcome, socket->sent.front().bytes.data(), sizeof(welcome));
  EXPECT_EQ(welcome.kind, ipc::abi::SocketKind::refused);
  EXPECT_EQ(welcome.error, Error::quota_exceeded);
  EXPECT_TRUE(socket->closed);
}

// What is kept for them grows by one answer each, however much they ask.
TEST_F(Shortage, EachSessionGetsOneAnswerATurn) {
  for (int i = 0; i < 20; ++i)
    scene_.other().Submit(Syscall::session_info, 0, {}, {.user_data = 1});
  const uint64_t before = scene_.other().session()->process->requests;
  scene_.EndMemory();
  {
    const Watched watched;
    scene_.core().Turn();
  }
  EXPECT_EQ(scene_.other().session()->process->requests, before + 1);
  scene_.Do([] {});
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(scene_.other().Take().error(), Error::quota_exceeded);
}

TEST_F(Shortage, EndingSessionsEnd) {
  const Handle port = scene_.CreatePort(scene_.caller(), 0, 4096);
  scene_.Connect(
      scene_.other(),
      scene_.Give(scene_.caller(), port, scene_.other(), ipc::abi::kRightSend));
  scene_.EndMemory();
  Session* caller = scene_.caller().session();
  scene_.Do([&] { scene_.core().HangUp(*caller); });
  EXPECT_EQ(scene_.caller().session(), nullptr);
  EXPECT_NE(scene_.Event(scene_.other(), ipc::abi::Event::lane_cut), nullptr);
}

TEST_F(Shortage, WhatIsRevokedIsNotExplained) {
  const Handle port = scene_.CreatePort(scene_.other());
  const Handle before = scene_.Give(scene_.other(), port, scene_.caller());
  scene_.other().Call(Syscall::handle_revoke, port);
  const Handle then = scene_.Give(scene_.other(), port, scene_.caller());
  scene_.EndMemory();
  scene_.AskAside(scene_.other(), Syscall::handle_revoke, {port});
  Disarm();
  for (const Handle handle : {before, then}) {
    const Done told = scene_.AskAside(scene_.caller(), Syscall::handle_explain,
                                      {0, {handle}});
    const auto head = told.As<ipc::abi::ExplainHead>();
    EXPECT_EQ(head.fate, static_cast<uint32_t>(ipc::abi::HandleFate::revoked));
    EXPECT_EQ(head.steps, handle == before ? 2u : 0u);
  }
}

TEST_F(Shortage, LanesThatLoseTheirListenerWaitForMemory) {
  const Handle port =
      scene_.CreatePort(scene_.caller(), ipc::abi::kPortShareable, 4096);
  scene_.caller().Call(Syscall::port_listen, port);
  const Handle second = scene_.Give(scene_.caller(), port, scene_.root());
  scene_.Connect(scene_.other(),
                 scene_.Give(scene_.caller(), port, scene_.other()));
  scene_.root().Call(Syscall::port_listen, second);
  scene_.Forget();
  scene_.EndMemory();
  scene_.Ask(Syscall::handle_close, {port});
  ASSERT_EQ(scene_.Answer()->error(), Error::ok);
  EXPECT_EQ(scene_.Event(scene_.root(), ipc::abi::Event::lane_opened), nullptr);
  EXPECT_TRUE(scene_.core().WaitsForRoom());
  Disarm();
  scene_.Turn();
  EXPECT_NE(scene_.Event(scene_.root(), ipc::abi::Event::lane_opened), nullptr);
  EXPECT_FALSE(scene_.core().WaitsForRoom());
}

}  // namespace
}  // namespace faults
