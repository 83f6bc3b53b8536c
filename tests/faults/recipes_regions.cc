// Recipes of calls about regions.
#include "tests/faults/recipes.h"

namespace faults {

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
      {Syscall::region_info, "tells",
       [](Scene& scene) {
         return Asked{scene.CreateRegion(scene.caller(), 4096)};
       },
       [](Scene&, const Done* done) { return done->value() == 4096; }},
  };
}

}  // namespace faults
