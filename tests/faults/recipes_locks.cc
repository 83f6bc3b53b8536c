// Recipes of calls about region locks.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

size_t Members(Scene& scene) { return scene.caller().session()->locks.size(); }

}  // namespace

std::vector<Recipe> LockRecipes() {
  return {
      {Syscall::lock_attach, "the first",
       [](Scene& scene) {
         return Asked{scene.CreateRegion(scene.caller(), 4096)};
       },
       [](Scene& scene, const Done* done) {
         return done->descriptors.size() == 2 && Members(scene) == 1;
       }},
      {Syscall::lock_attach, "one more",
       [](Scene& scene) {
         const Handle region = scene.CreateRegion(scene.caller(), 8192);
         scene.caller().Call(Syscall::lock_attach, region, {4096});
         return Asked{region, {4096}};
       },
       [](Scene& scene, const Done* done) {
         return done->value() == 1 && Members(scene) == 2;
       }},
      {Syscall::lock_detach, "the last",
       [](Scene& scene) {
         const Handle region = scene.CreateRegion(scene.caller(), 4096);
         scene.caller().Call(Syscall::lock_attach, region, {0});
         return Asked{region, {0, 0}};
       },
       [](Scene& scene, const Done*) { return Members(scene) == 0; }},
  };
}

}  // namespace faults
