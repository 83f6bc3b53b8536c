// Recipes of calls about regions.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

// What region_create makes, of the caller; a handle or nothing.
Handle CreateWith(Scene& scene, uint32_t options, uint64_t most) {
  return static_cast<Handle>(scene.caller()
                                 .Call(Syscall::region_create, scene.account(),
                                       {4096, most}, {.options = options})
                                 .value());
}

const kernel::Region& RegionOf(Scene& scene) {
  const auto& regions = scene.core().objects(kernel::ObjectKind::region);
  return kernel::As<kernel::Region>(*regions.rbegin()->second);
}

}  // namespace

std::vector<Recipe> RegionRecipes() {
  return {
      {Syscall::region_create, "two pages",
       [](Scene& scene) {
         return Asked{scene.account(), {8192}};
       },
       [](Scene& scene, const Done* done) {
         return scene.core()
             .objects(kernel::ObjectKind::region)
             .contains(done->value(2));
       }},
      {Syscall::region_seal, "for one writer",
       [](Scene& scene) {
         return Asked{scene.CreateRegion(scene.caller(), 4096)};
       },
       [](Scene&, const Done* done) {
         return done->value() == ipc::abi::kGuaranteeSingleWriter;
       }},
      {Syscall::region_seal, "for good",
       [](Scene& scene) {
         return Asked{scene.CreateRegion(scene.caller(), 4096),
                      {},
                      ipc::abi::kSealImmutable};
       },
       [](Scene&, const Done* done) {
         return done->value() == ipc::abi::kGuaranteeImmutable;
       }},
      {Syscall::region_map, "for reading",
       [](Scene& scene) { return Asked{scene.SealedRegion(scene.caller())}; },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::region_map, "for writing",
       [](Scene& scene) {
         return Asked{
             scene.CreateRegion(scene.caller(), 4096), {}, ipc::abi::kMapWrite};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
      {Syscall::region_seal, "so that it can be erased later",
       [](Scene& scene) {
         return Asked{CreateWith(scene, ipc::abi::kRegionErasable, 0)};
       },
       [](Scene&, const Done* done) {
         return done->value() == ipc::abi::kGuaranteeSingleWriter;
       }},
      {Syscall::region_grow, "grows",
       [](Scene& scene) {
         return Asked{CreateWith(scene, ipc::abi::kRegionGrowable, 1 << 20),
                      {8192}};
       },
       [](Scene&, const Done* done) { return done->value() == 8192; }},
      {Syscall::region_destroy, "erases",
       [](Scene& scene) {
         return Asked{scene.CreateRegion(scene.caller(), 4096)};
       },
       [](Scene& scene, const Done*) {
         return RegionOf(scene).state == ipc::abi::RegionState::erased;
       }},
      {Syscall::region_destroy, "where a seal forbids it",
       [](Scene& scene) { return Asked{scene.SealedRegion(scene.caller())}; },
       [](Scene& scene, const Done*) {
         return RegionOf(scene).state == ipc::abi::RegionState::kept;
       }},
      {Syscall::region_state, "of what was mapped",
       [](Scene& scene) {
         const Handle region = scene.SealedRegion(scene.caller());
         const uint64_t id = scene.IdOf(scene.caller(), region);
         scene.caller().Call(Syscall::region_map, region);
         return Asked{0, {id}};
       },
       [](Scene&, const Done* done) { return done->value() == 4096; }},
      {Syscall::region_unmapped, "what was mapped",
       [](Scene& scene) {
         const Handle region = scene.SealedRegion(scene.caller());
         const uint64_t id = scene.IdOf(scene.caller(), region);
         scene.caller().Call(Syscall::region_map, region);
         return Asked{0, {id}};
       },
       [](Scene& scene, const Done*) {
         return RegionOf(scene).given.begin()->second == 0;
       }},
      {Syscall::region_info, "tells",
       [](Scene& scene) {
         return Asked{scene.CreateRegion(scene.caller(), 4096)};
       },
       [](Scene&, const Done* done) { return done->value() == 4096; }},
  };
}

}  // namespace faults
