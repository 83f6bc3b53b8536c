// Recipes of calls about tracing.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;

// Begins a tracing of the caller's. Returns its id.
uint64_t Trace(Scene& scene, Handle port) {
  return scene.caller().Call(Syscall::trace_port, port).value();
}

constexpr uint64_t kWaitNs = 1'000'000;
uint64_t TraceLossless(RawClient& client, Handle port) {
  return client
      .Call(Syscall::trace_port, port, {kWaitNs},
            {.options = ipc::abi::kTraceLossless})
      .value();
}

// The scope of a port that the client was told of last.
uint64_t ScopeOf(Scene& scene, RawClient& client) {
  const Done* told = scene.Event(client, Event::lane_traced);
  const auto tracing = told->As<ipc::abi::LaneTracing>();
  return tracing.scopes[ipc::abi::kScopePort].id;
}

uint64_t Ring(RawClient& client, uint64_t scope) {
  const uint64_t ring = client.Call(Syscall::trace_ring, 0, {0, scope}).value();
  client.Call(Syscall::trace_ring, 0, {ring},
              {.options = ipc::abi::kTraceRingReady});
  return ring;
}

// A port of the caller's on which the other has a lane.
Handle UsedPort(Scene& scene) {
  const Handle port = scene.CreatePort(scene.caller(), 0, 4096);
  scene.Connect(scene.other(), scene.Give(scene.caller(), port, scene.other()));
  return port;
}

// And the caller one, of which it is told that it is traced. Returns the scope.
uint64_t TracedScope(Scene& scene) {
  const Handle port = UsedPort(scene);
  scene.Connect(scene.caller(), port);
  scene.notes["tracing"] = Trace(scene, port);
  return ScopeOf(scene, scene.caller());
}

// A port on which the caller has a lane, and for whose tracer it waits: the
// other. Returns the scope.
uint64_t LosslessScope(Scene& scene) {
  const Handle port = scene.CreatePort(scene.caller(), 0, 4096);
  const Handle given = scene.Give(scene.caller(), port, scene.other());
  scene.Connect(scene.caller(), port);
  const uint64_t tracing = TraceLossless(scene.other(), given);
  scene.other().Call(Syscall::trace_ready, 0, {tracing});
  return ScopeOf(scene, scene.caller());
}

bool IsTold(Scene& scene, uint64_t traced) {
  const Done* told = scene.Event(scene.other(), Event::lane_traced);
  return told != nullptr && told->value() == traced;
}

std::vector<Recipe> Rings() {
  return {
      {Syscall::trace_ring, "grants",
       [](Scene& scene) {
         return Asked{0, {0, TracedScope(scene)}};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::trace_ring, "is ready",
       [](Scene& scene) {
         const uint64_t scope = TracedScope(scene);
         return Asked{
             0,
             {scene.caller().Call(Syscall::trace_ring, 0, {0, scope}).value()},
             ipc::abi::kTraceRingReady};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->trace_rings == 1;
       }},
      {Syscall::trace_ring, "ends",
       [](Scene& scene) {
         return Asked{0,
                      {Ring(scene.caller(), TracedScope(scene))},
                      ipc::abi::kTraceRingEnd};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->trace_rings == 0;
       }},
      {Syscall::trace_next, "gives a ring",
       [](Scene& scene) {
         Ring(scene.caller(), TracedScope(scene));
         return Asked{0, {0, scene.notes["tracing"]}};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
  };
}

}  // namespace

std::vector<Recipe> TraceRecipes() {
  std::vector<Recipe> recipes = {
      {Syscall::trace_port, "on",
       [](Scene& scene) { return Asked{UsedPort(scene)}; },
       [](Scene& scene, const Done*) { return IsTold(scene, 1); }},
      {Syscall::trace_end, "off",
       [](Scene& scene) {
         return Asked{0, {Trace(scene, UsedPort(scene))}};
       },
       [](Scene& scene, const Done*) { return IsTold(scene, 0); }},
      {Syscall::trace_end, "off, with rings of what is traced",
       [](Scene& scene) {
         Ring(scene.caller(), TracedScope(scene));
         return Asked{0, {scene.notes["tracing"]}};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->trace_rings == 0;
       }},
      {Syscall::trace_port, "on, losslessly",
       [](Scene& scene) {
         return Asked{UsedPort(scene), {kWaitNs}, ipc::abi::kTraceLossless};
       },
       [](Scene& scene, const Done* done) {
         return IsTold(scene, 1) && done->descriptors.size() == 1;
       }},
      {Syscall::trace_ready, "is waited for",
       [](Scene& scene) {
         const Handle port = UsedPort(scene);
         return Asked{0, {TraceLossless(scene.caller(), port)}};
       },
       [](Scene& scene, const Done*) { return IsTold(scene, 1); }},
      {Syscall::trace_end, "off, when it was waited for",
       [](Scene& scene) {
         const Handle port = UsedPort(scene);
         const uint64_t tracing = TraceLossless(scene.caller(), port);
         scene.caller().Call(Syscall::trace_ready, 0, {tracing});
         return Asked{0, {tracing}};
       },
       [](Scene& scene, const Done*) { return IsTold(scene, 0); }},
      {Syscall::trace_ring, "grants, with heads",
       [](Scene& scene) {
         return Asked{0, {0, LosslessScope(scene)}};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 2; }},
      {Syscall::port_tracers, "shows one",
       [](Scene& scene) {
         const Handle port = UsedPort(scene);
         Trace(scene, port);
         return Asked{port};
       },
       [](Scene&, const Done* done) { return done->value() == 1; }},
      {Syscall::trace_all, "on",
       [](Scene& scene) {
         UsedPort(scene);
         return Asked{scene.kernel_handle()};
       },
       [](Scene& scene, const Done*) {
         return IsTold(scene, 1u << ipc::abi::kScopeAll);
       }},
      {Syscall::trace_end, "off, of everything",
       [](Scene& scene) {
         UsedPort(scene);
         return Asked{0,
                      {scene.caller()
                           .Call(Syscall::trace_all, scene.kernel_handle())
                           .value()}};
       },
       [](Scene& scene, const Done*) { return IsTold(scene, 0); }},
  };
  for (Recipe& recipe : Rings()) recipes.push_back(std::move(recipe));
  return recipes;
}

}  // namespace faults
