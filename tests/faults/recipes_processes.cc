// Recipes of calls about processes, watches and listings.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::ObjectKind;

// With an item moved, and `copies` of another under names as long as they may
// be.
Asked ProcessWith(Scene& scene, size_t copies) {
  const Handle port = scene.CreatePort(scene.caller());
  std::vector<Scene::Given> given = {
      {.name = "moved",
       .handle = scene.CreatePort(scene.caller()),
       .mode = ipc::abi::kTransferMove}};
  for (size_t i = 0; i < copies; ++i) {
    std::string name = std::to_string(i);
    name.resize(ipc::abi::kNameBytesMax - 1, 'n');
    given.push_back({name, port});
  }
  return {scene.account(), {}, 0, Scene::CreatePayload("made", given)};
}

bool IsProcess(Scene& scene, const Done* done) {
  return scene.core().objects(ObjectKind::process).contains(done->value(1)) &&
         done->descriptors.size() == 1;
}

Recipe List(ObjectKind kind, const char* title) {
  return {
      Syscall::object_list, title,
      [kind](Scene& scene) {
        const Handle port = scene.CreatePort(scene.caller(), 0, 4096);
        scene.Connect(scene.caller(), port);
        scene.CreateRegion(scene.caller(), 4096);
        scene.caller().Call(Syscall::notification_create, scene.account());
        return Asked{scene.kernel_handle(), {static_cast<uint64_t>(kind), 0}};
      },
      [](Scene&, const Done* done) { return done->value() > 0; }};
}

std::vector<Recipe> Large() {
  return {
      {Syscall::process_create, "with as many as there may be",
       [](Scene& scene) {
         return ProcessWith(scene, ipc::abi::kInitialHandlesMax - 1);
       },
       IsProcess, Size::kLarge},
      {Syscall::object_list, "a full page",
       [](Scene& scene) {
         for (int i = 0; i < 300; ++i) scene.CreatePort(scene.caller());
         return Asked{scene.kernel_handle(),
                      {static_cast<uint64_t>(ObjectKind::any), 0}};
       },
       [](Scene&, const Done* done) {
         return done->payload.size() + sizeof(ipc::abi::CapabilityEntry) >
                ipc::abi::kRequestPayloadMax;
       },
       Size::kLarge},
  };
}

std::vector<Recipe> Watches() {
  return {
      {Syscall::object_watch, "parks",
       [](Scene& scene) {
         return Asked{scene.CreateChild(), {ipc::abi::kSignalDead}};
       },
       [](Scene& scene, const Done* done) {
         return done == nullptr && scene.caller().session()->waits.size() == 1;
       }},
      {Syscall::object_watch, "is answered at once",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.caller());
         const Handle send =
             scene.Give(scene.caller(), port, scene.caller(),
                        ipc::abi::kRightSend | ipc::abi::kRightWait);
         scene.caller().Call(Syscall::handle_close, port);
         return Asked{send, {ipc::abi::kSignalPeerClosed}};
       },
       [](Scene&, const Done* done) {
         return done->value() == ipc::abi::kSignalPeerClosed;
       }},
      {Syscall::wait_cancel, "ends a watch",
       [](Scene& scene) {
         scene.caller().Submit(Syscall::object_watch, scene.CreateChild(),
                               {ipc::abi::kSignalDead}, {.user_data = 77});
         scene.caller().Settle();
         return Asked{0, {77}};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->waits.empty();
       }},
  };
}

}  // namespace

std::vector<Recipe> ProcessRecipes() {
  std::vector<Recipe> recipes = {
      {Syscall::process_create, "with three capabilities",
       [](Scene& scene) { return ProcessWith(scene, 2); }, IsProcess},
      {Syscall::process_info, "tells",
       [](Scene& scene) { return Asked{scene.CreateChild()}; },
       [](Scene&, const Done* done) { return done->value(3) != 0; }},
      List(ObjectKind::port, "ports"),
      List(ObjectKind::lane, "lanes"),
      List(ObjectKind::region, "regions"),
      List(ObjectKind::process, "processes"),
      List(ObjectKind::account, "accounts"),
      List(ObjectKind::notification, "notifications"),
      List(ObjectKind::any, "capabilities"),
      {Syscall::port_times, "of a lane",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.caller(), 0, 4096);
         scene.Connect(scene.caller(), port);
         return Asked{
             scene.kernel_handle(),
             {scene.core().objects(ObjectKind::port).rbegin()->first, 0}};
       },
       [](Scene&, const Done* done) {
         return done->value() == 1 &&
                done->payload.size() == sizeof(ipc::abi::LaneTimes);
       }},
  };
  for (Recipe& recipe : Watches()) recipes.push_back(std::move(recipe));
  for (Recipe& recipe : Large()) recipes.push_back(std::move(recipe));
  return recipes;
}

}  // namespace faults
