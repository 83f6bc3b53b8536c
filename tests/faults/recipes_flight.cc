// Recipes of calls about the flight recorder.
#include "libipc/abi/flight.h"
#include "tests/faults/recipes.h"

namespace faults {
namespace {

uint64_t Granted(RawClient& client) {
  return client.Call(Syscall::flight_ring, 0).value();
}

uint64_t Ready(RawClient& client) {
  const uint64_t ring = Granted(client);
  client.Call(Syscall::flight_ring, 0, {ring},
              {.options = ipc::abi::kFlightRingReady});
  return ring;
}

// Whether the caller's ring is shown to the root.
bool IsShown(Scene& scene, uint64_t after) {
  const Done next = scene.AskAside(scene.root(), Syscall::flight_next,
                                   {scene.root().Named("kernel"), {after}});
  return next.error() == ipc::abi::Error::ok;
}

}  // namespace

std::vector<Recipe> FlightRecipes() {
  return {
      {Syscall::flight_ring, "grants", [](Scene&) { return Asked(); },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::flight_ring, "is ready",
       [](Scene& scene) {
         return Asked{0, {Granted(scene.caller())}, ipc::abi::kFlightRingReady};
       },
       [](Scene& scene, const Done*) { return IsShown(scene, 0); }},
      {Syscall::flight_ring, "ends",
       [](Scene& scene) {
         return Asked{0, {Ready(scene.caller())}, ipc::abi::kFlightRingEnd};
       },
       [](Scene& scene, const Done*) { return !IsShown(scene, 0); }},
      {Syscall::flight_next, "gives a ring",
       [](Scene& scene) {
         Ready(scene.other());
         return Asked{scene.kernel_handle(), {0}};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
  };
}

}  // namespace faults
