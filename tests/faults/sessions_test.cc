// Sessions that begin and end with the Nth thing that they need failing.
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace faults {
namespace {

using kernel::Bytes;
using kernel::Session;

constexpr Fault kFirst[] = {
    {What::kMemory, 1, Span::kOnce},     {What::kMemory, 1, Span::kForGood},
    {What::kCharge, 1, Span::kOnce},     {What::kCharge, 1, Span::kForGood},
    {What::kSystem, 1, Span::kOnce},     {What::kSystem, 1, Span::kForGood},
    {What::kSocketGone, 1, Span::kOnce}, {What::kSocketGone, 1, Span::kForGood},
};

// Calls `attempt(fault)` with ever later failures until none comes to pass.
template <typename Attempt>
void FailEach(Attempt&& attempt) {
  for (Fault fault : kFirst)
    for (; !::testing::Test::HasFailure(); ++fault.nth) {
      const ::testing::ScopedTrace trace(
          __FILE__, __LINE__,
          "what " + std::to_string(static_cast<int>(fault.what)) + ", number " +
              std::to_string(fault.nth));
      ASSERT_LT(fault.nth, 1000u);
      if (!attempt(fault)) break;
    }
}

class Sessions : public ::testing::Test {
 protected:
  Sessions() : open_(OpenDescriptors()) {}
  ~Sessions() override { EXPECT_EQ(OpenDescriptors(), open_); }

  // A tool comes by the path and says what it has to. Null: it was not taken.
  static Session* Join(Scene& scene) {
    Session* session = nullptr;
    auto socket = std::make_shared<kernel::FakeSocket>();
    scene.Do([&] {
      session = scene.core().AddSession(Session::Origin::kPath);
      if (session == nullptr) return;
      session->transport = scene.Fragile(socket);
    });
    if (session == nullptr) return nullptr;
    const uint64_t id = session->id();
    const ipc::abi::Hello hello = {.magic = ipc::abi::kMagic,
                                   .kind = ipc::abi::SocketKind::hello,
                                   .version = ipc::abi::kVersion,
                                   .name = "tool"};
    Hand(scene, id, Bytes(&hello, sizeof(hello)));
    const ipc::abi::SocketMessage ready = {.magic = ipc::abi::kMagic,
                                           .kind = ipc::abi::SocketKind::ready};
    Hand(scene, id, Bytes(&ready, sizeof(ready)));
    return scene.core().FindSession(id);
  }
  static void Hand(Scene& scene, uint64_t id,
                   const std::vector<uint8_t>& message) {
    Session* session = scene.core().FindSession(id);
    if (session == nullptr) return;
    scene.Do([&] { scene.core().Receive(*session, message, {1, 0}); });
  }

  const kernel::Reserve reserve_;
  const std::string open_;
};

TEST_F(Sessions, BeginOrAreNotThere) {
  FailEach([](const Fault& fault) {
    Scene scene;
    const std::string before = scene.State();
    Arm(fault);
    const Session* joined = Join(scene);
    const bool hit = Hit();
    Disarm();
    if (joined != nullptr) {
      EXPECT_TRUE(joined->served());
    } else {
      EXPECT_EQ(scene.State(), before);
    }
    EXPECT_NE(Join(scene), nullptr);
    EXPECT_EQ(scene.Leftovers(), "");
    return hit;
  });
}

// What ends with the caller: a port with a listener and a watched peer, lanes
// at both ends, a transfer, a mapped region, a child, trace rings.
void FillCaller(Scene& scene) {
  RawClient& caller = scene.caller();
  const Handle port = scene.CreatePort(caller, ipc::abi::kPortShareable, 4096);
  caller.Call(Syscall::port_listen, port);
  const Handle theirs = scene.CreatePort(scene.other(), 0, 4096);
  scene.other().Call(Syscall::port_listen, theirs);
  const Handle send = scene.Give(caller, port, scene.other());
  scene.Connect(scene.other(), send);
  scene.other().Submit(Syscall::object_watch, send,
                       {ipc::abi::kSignalPeerClosed}, {.user_data = 9});
  const Handle lane =
      scene.Connect(caller, scene.Give(scene.other(), theirs, caller));
  const Handle region = scene.SealedRegion(caller);
  caller.Call(Syscall::lane_attach, lane, {region});
  caller.Call(Syscall::region_map, region);
  const ipc::abi::TransferItem item = {region, ipc::abi::kRightsSame,
                                       ipc::abi::kTransferDuplicate, 0};
  caller.Call(Syscall::transfer_stage, lane, {},
              {.payload = Bytes(&item, sizeof(item))});
  caller.Call(Syscall::process_create, scene.account(), {},
              {.payload = Scene::CreatePayload("child", {})});
  caller.Call(Syscall::trace_port, port);
  const Done* told = scene.Event(caller, ipc::abi::Event::lane_traced);
  const auto tracing = told->As<ipc::abi::LaneTracing>();
  caller.Call(Syscall::trace_ring, 0,
              {0, tracing.scopes[ipc::abi::kScopePort].id});
  scene.Forget();
}

TEST_F(Sessions, EndCompletelyWhateverFails) {
  const auto end = [](Scene& scene) {
    Session* caller = scene.caller().session();
    scene.Do([&] { scene.core().HangUp(*caller); });
  };
  std::string ended;
  {
    Scene scene;
    FillCaller(scene);
    end(scene);
    ended = scene.State();
  }
  FailEach([&](const Fault& fault) {
    Scene scene;
    FillCaller(scene);
    Arm(fault);
    end(scene);
    const bool hit = Hit();
    Disarm();
    if (fault.what != What::kSocketGone) {
      EXPECT_EQ(scene.State(), ended);
    }
    EXPECT_EQ(scene.Leftovers(), "");
    return hit;
  });
}

}  // namespace
}  // namespace faults
