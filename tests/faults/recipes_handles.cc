// Recipes of calls about any handle.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::kRightsSame;

bool Holds(Scene& scene, uint64_t handle) {
  return scene.caller().session()->handles.Find(static_cast<Handle>(handle)) !=
         nullptr;
}

Handle Duplicate(RawClient& client, Handle handle,
                 uint64_t rights = kRightsSame) {
  return client.Call(Syscall::handle_duplicate, handle, {rights}).handle();
}

// A port with much hanging on it: copies, a listener, a lane, watches.
Handle BusyPort(Scene& scene) {
  const Handle port = scene.CreatePort(scene.caller(), 0, 4096);
  const Handle send = scene.Give(scene.caller(), port, scene.other(),
                                 ipc::abi::kRightSend | ipc::abi::kRightWait);
  scene.caller().Call(Syscall::port_listen, port);
  scene.Connect(scene.other(), send);
  scene.OpenedUnready(scene.caller());
  scene.other().Submit(Syscall::object_watch, send,
                       {ipc::abi::kSignalPeerClosed}, {.user_data = 5});
  scene.other().Settle();
  return port;
}

}  // namespace

std::vector<Recipe> HandleRecipes() {
  return {
      {Syscall::session_info, "tells", [](Scene&) { return Asked(); },
       [](Scene&, const Done* done) { return done->value(3) == 2; }},
      {Syscall::handle_duplicate, "copies",
       [](Scene& scene) {
         return Asked{scene.CreatePort(scene.caller()), {kRightsSame}};
       },
       [](Scene& scene, const Done* done) {
         return Holds(scene, done->value());
       }},
      {Syscall::handle_mint, "copies with a badge",
       [](Scene& scene) {
         return Asked{scene.CreatePort(scene.caller()),
                      {kRightsSame, 42, 0, 3}};
       },
       [](Scene& scene, const Done* done) {
         return Holds(scene, done->value());
       }},
      {Syscall::handle_mint, "copies until a time",
       [](Scene& scene) {
         return Asked{scene.CreatePort(scene.caller()),
                      {kRightsSame, 0, uint64_t{1} << 40}};
       },
       [](Scene& scene, const Done* done) {
         return Holds(scene, done->value());
       }},
      {Syscall::handle_replace, "of a port in use",
       [](Scene& scene) {
         return Asked{BusyPort(scene), {ipc::abi::kRightReceive}};
       },
       [](Scene& scene, const Done* done) {
         return Holds(scene, done->value()) &&
                scene.Event(scene.caller(), ipc::abi::Event::listen_ended) !=
                    nullptr;
       }},
      {Syscall::handle_close, "closes a copy",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.caller());
         scene.notes["copy"] = Duplicate(scene.caller(), port);
         return Asked{static_cast<Handle>(scene.notes["copy"])};
       },
       [](Scene& scene, const Done*) {
         return !Holds(scene, scene.notes["copy"]);
       }},
      {Syscall::handle_close, "closes a port in use",
       [](Scene& scene) { return Asked{BusyPort(scene)}; },
       [](Scene& scene, const Done*) {
         return scene.Event(scene.other(), ipc::abi::Event::lane_cut) !=
                nullptr;
       }},
      {Syscall::handle_revoke, "revokes copies in use",
       [](Scene& scene) {
         const Handle port = BusyPort(scene);
         scene.notes["copy"] = Duplicate(scene.caller(), port);
         Duplicate(scene.caller(), static_cast<Handle>(scene.notes["copy"]));
         return Asked{port};
       },
       [](Scene& scene, const Done* done) {
         return done->value(0) == 3 && !Holds(scene, scene.notes["copy"]);
       }},
      {Syscall::handle_revoke, "revokes by badge",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.caller());
         scene.caller().Call(Syscall::handle_mint, port, {kRightsSame, 3});
         scene.caller().Call(Syscall::handle_mint, port, {kRightsSame, 4});
         return Asked{port, {3}, ipc::abi::kRevokeBadge};
       },
       [](Scene&, const Done* done) { return done->value(0) == 1; }},
      {Syscall::handle_mint, "limits what may be traced",
       [](Scene& scene) {
         const ipc::abi::TraceLimits limits = {.snaplen_max = 9};
         const auto* bytes = reinterpret_cast<const uint8_t*>(&limits);
         return Asked{scene.CreatePort(scene.caller()),
                      {kRightsSame},
                      0,
                      {bytes, bytes + sizeof(limits)}};
       },
       [](Scene& scene, const Done* done) {
         return Holds(scene, done->value());
       }},
      {Syscall::handle_info, "tells",
       [](Scene& scene) { return Asked{scene.account()}; },
       [](Scene&, const Done* done) { return done->value(2) != 0; }},
  };
}

}  // namespace faults
