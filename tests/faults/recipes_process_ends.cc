// Recipes of calls about the end of processes.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;
using ipc::abi::ProcessState;

// Holds a port to which the other has a lane; the other also waits for its
// death. The caller's handle for it.
Handle BusyProcess(Scene& scene) {
  RawClient& busy = scene.AddKnown(
      scene.root(),
      {{.name = "account", .handle = scene.root().Named("account")}});
  const Handle port = scene.CreatePort(busy, 0, 4096);
  busy.Call(Syscall::port_listen, port);
  scene.Connect(scene.other(),
                scene.Give(busy, port, scene.other(), ipc::abi::kRightSend));
  scene.other().Submit(Syscall::object_watch,
                       scene.HandleFor(scene.other(), busy),
                       {ipc::abi::kSignalDead}, {.user_data = 9});
  scene.other().Settle();
  busy.Collect();
  scene.notes["busy"] = busy.id();
  return scene.HandleFor(scene.caller(), busy);
}

bool IsOver(Scene& scene, const Done* done, bool killed) {
  return done->value(0) == static_cast<uint64_t>(ProcessState::running) &&
         done->value(1) == (killed ? 1 : 0) &&
         scene.core().FindSession(scene.notes["busy"]) == nullptr &&
         scene.other().session()->waits.empty() &&
         scene.Event(scene.other(), Event::lane_cut) != nullptr;
}

}  // namespace

std::vector<Recipe> ProcessEndRecipes() {
  return {
      {Syscall::process_end, "of one that is busy",
       [](Scene& scene) { return Asked{BusyProcess(scene)}; },
       [](Scene& scene, const Done* done) {
         return IsOver(scene, done, false);
       }},
      {Syscall::process_end, "kills",
       [](Scene& scene) {
         return Asked{BusyProcess(scene), {}, ipc::abi::kProcessKill};
       },
       [](Scene& scene, const Done* done) {
         return IsOver(scene, done, true);
       }},
      {Syscall::process_end, "of one that never came",
       [](Scene& scene) { return Asked{scene.CreateChild()}; },
       [](Scene&, const Done* done) {
         return done->value() == static_cast<uint64_t>(ProcessState::waiting);
       }},
      {Syscall::process_exited, "that one waits for",
       [](Scene& scene) {
         const Handle process = scene.CreateChild();
         scene.other().Submit(
             Syscall::object_watch,
             scene.Give(scene.caller(), process, scene.other()),
             {ipc::abi::kSignalExited}, {.user_data = 9});
         scene.other().Settle();
         return Asked{process, {3 << 8}};
       },
       [](Scene& scene, const Done*) {
         return scene.other().session()->waits.empty();
       }},
  };
}

}  // namespace faults
