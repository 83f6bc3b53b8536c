// Recipes of calls about accounts.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::AccountLimits;
using kernel::AccountItem;
using kernel::Bytes;

std::vector<uint8_t> Limits(const AccountLimits& limits) {
  return Bytes(&limits, sizeof(limits));
}

// An account below the caller's.
Handle Create(Scene& scene) {
  return scene.caller()
      .Call(Syscall::account_create, scene.account(), {},
            {.payload = Limits({})})
      .handle();
}

// One that holds a port, watched for a soft limit.
Asked LimitToWhatIsUsed(Scene& scene) {
  const Handle below = Create(scene);
  scene.caller().Call(Syscall::port_create, below);
  scene.caller().Submit(Syscall::object_watch, below, {ipc::abi::kSignalQuota},
                        {.user_data = 9});
  scene.caller().Settle();
  AccountLimits limits = {};
  limits.soft[static_cast<size_t>(AccountItem::ports)] = 1;
  return {scene.account(), {below}, 0, Limits(limits)};
}

}  // namespace

std::vector<Recipe> AccountRecipes() {
  return {
      {Syscall::account_create, "below the caller's",
       [](Scene& scene) {
         std::vector<uint8_t> payload = Limits({});
         payload.resize(payload.size() + 40, 'a');
         return Asked{scene.account(), {}, 0, payload};
       },
       [](Scene& scene, const Done* done) {
         return scene.core()
             .objects(kernel::ObjectKind::account)
             .contains(done->value(1));
       }},
      {Syscall::account_limit, "that is reached", LimitToWhatIsUsed,
       [](Scene& scene, const Done*) {
         return scene.caller().session()->waits.empty();
       }},
      {Syscall::account_info, "tells",
       [](Scene& scene) { return Asked{scene.account()}; },
       [](Scene&, const Done* done) { return !done->payload.empty(); }},
  };
}

}  // namespace faults
