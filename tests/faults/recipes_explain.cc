// Recipes of calls that tell how a handle came and went.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::ExplainHead;
using ipc::abi::HandleFate;
using ipc::abi::kExplainStepsMax;
using ipc::abi::kRightsSame;

// A port of a client's, copied so many times one from another; the last copy.
Handle Derived(Scene& scene, RawClient& client, size_t copies) {
  Handle handle = scene.CreatePort(client);
  for (size_t i = 0; i < copies; ++i)
    handle =
        client.Call(Syscall::handle_duplicate, handle, {kRightsSame}).handle();
  return handle;
}

// One that the other has revoked.
Handle Revoked(Scene& scene) {
  const Handle port = scene.CreatePort(scene.other());
  const Handle given = scene.Give(scene.other(), port, scene.caller());
  scene.other().Call(Syscall::handle_revoke, port);
  return given;
}

bool Tells(const Done* done, uint32_t fate, uint32_t steps) {
  const auto head = done->As<ExplainHead>();
  return head.fate == fate && head.steps == steps;
}

Asked AskOf(Scene& scene, RawClient& holder, Handle handle) {
  return {scene.kernel_handle(), {holder.id(), handle}};
}

}  // namespace

std::vector<Recipe> ExplainRecipes() {
  return {
      {Syscall::handle_explain, "of a copy of a copy",
       [](Scene& scene) {
         return Asked{0, {Derived(scene, scene.caller(), 2)}};
       },
       [](Scene&, const Done* done) {
         return Tells(done, ipc::abi::kHandleLives, 3);
       }},
      {Syscall::handle_explain, "of one that was revoked",
       [](Scene& scene) {
         return Asked{0, {Revoked(scene)}};
       },
       [](Scene&, const Done* done) {
         return Tells(done, static_cast<uint32_t>(HandleFate::revoked), 2);
       }},
      {Syscall::handle_explain, "as much as is told",
       [](Scene& scene) {
         return Asked{0, {Derived(scene, scene.caller(), kExplainStepsMax)}};
       },
       [](Scene&, const Done* done) {
         return Tells(done, ipc::abi::kHandleLives, kExplainStepsMax);
       },
       Size::kLarge},
      {Syscall::process_explain, "of a copy of a copy",
       [](Scene& scene) {
         return AskOf(scene, scene.other(), Derived(scene, scene.other(), 2));
       },
       [](Scene&, const Done* done) {
         return Tells(done, ipc::abi::kHandleLives, 3);
       }},
      {Syscall::process_explain, "as much as is told",
       [](Scene& scene) {
         return AskOf(scene, scene.other(),
                      Derived(scene, scene.other(), kExplainStepsMax));
       },
       [](Scene&, const Done* done) {
         return Tells(done, ipc::abi::kHandleLives, kExplainStepsMax);
       },
       Size::kLarge},
  };
}

}  // namespace faults
