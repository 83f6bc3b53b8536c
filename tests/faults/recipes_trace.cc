// Recipes of calls about tracing.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;

uint64_t Ring(RawClient& client) {
  const uint64_t ring = client.Call(Syscall::trace_ring, 0).value();
  client.Call(Syscall::trace_ring, 0, {ring},
              {.options = ipc::abi::kTraceRingReady});
  return ring;
}

// A port of the caller's on which the other has a lane, and a trace ring.
Handle UsedPort(Scene& scene) {
  const Handle port = scene.CreatePort(scene.caller(), 0, 4096);
  scene.Connect(scene.other(), scene.Give(scene.caller(), port, scene.other()));
  Ring(scene.other());
  return port;
}

Handle TracedPort(Scene& scene) {
  const Handle port = UsedPort(scene);
  scene.caller().Call(Syscall::trace_port, port, {}, {.options = 1});
  return port;
}

bool IsTold(Scene& scene, uint64_t traced) {
  const Done* told = scene.Event(scene.other(), Event::lane_traced);
  return told != nullptr && told->value() == traced;
}

std::vector<Recipe> Rings() {
  return {
      {Syscall::trace_ring, "grants", [](Scene&) { return Asked(); },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::trace_ring, "is ready",
       [](Scene& scene) {
         return Asked{0,
                      {scene.caller().Call(Syscall::trace_ring, 0).value()},
                      ipc::abi::kTraceRingReady};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->trace_rings == 1;
       }},
      {Syscall::trace_ring, "ends",
       [](Scene& scene) {
         return Asked{0, {Ring(scene.caller())}, ipc::abi::kTraceRingEnd};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->trace_rings == 0;
       }},
      {Syscall::trace_ring, "ends while somebody traces",
       [](Scene& scene) {
         TracedPort(scene);
         return Asked{0, {Ring(scene.caller())}, ipc::abi::kTraceRingEnd};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->trace_rings == 0;
       }},
      {Syscall::trace_next, "gives a ring",
       [](Scene& scene) {
         TracedPort(scene);
         return Asked{0, {0}};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
  };
}

}  // namespace

std::vector<Recipe> TraceRecipes() {
  std::vector<Recipe> recipes = {
      {Syscall::trace_port, "on",
       [](Scene& scene) {
         return Asked{UsedPort(scene), {}, 1};
       },
       [](Scene& scene, const Done*) { return IsTold(scene, 1); }},
      {Syscall::trace_port, "off",
       [](Scene& scene) { return Asked{TracedPort(scene)}; },
       [](Scene& scene, const Done*) { return IsTold(scene, 0); }},
      {Syscall::trace_all, "on",
       [](Scene& scene) {
         UsedPort(scene);
         return Asked{scene.kernel_handle(), {}, 1};
       },
       [](Scene& scene, const Done*) { return IsTold(scene, 1); }},
      {Syscall::trace_all, "off",
       [](Scene& scene) {
         UsedPort(scene);
         scene.caller().Call(Syscall::trace_all, scene.kernel_handle(), {},
                             {.options = 1});
         return Asked{scene.kernel_handle()};
       },
       [](Scene& scene, const Done*) { return IsTold(scene, 0); }},
  };
  for (Recipe& recipe : Rings()) recipes.push_back(std::move(recipe));
  return recipes;
}

}  // namespace faults
