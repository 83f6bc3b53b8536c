// Recipes of calls about notifications.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::NotificationKind;

Handle Create(RawClient& client, NotificationKind kind, uint64_t first) {
  return client
      .Call(Syscall::notification_create, client.Named("account"), {first},
            {.options = static_cast<uint32_t>(kind)})
      .handle();
}

}  // namespace

std::vector<Recipe> NotificationRecipes() {
  return {
      {Syscall::notification_create, "with a first word",
       [](Scene& scene) {
         return Asked{scene.account(), {5}};
       },
       [](Scene& scene, const Done* done) {
         return scene.core()
             .objects(kernel::ObjectKind::notification)
             .contains(done->value(1));
       }},
      {Syscall::notification_signal, "that two wait for",
       [](Scene& scene) {
         const Handle ours =
             Create(scene.caller(), NotificationKind::counter, 0);
         const Handle theirs = scene.Give(scene.caller(), ours, scene.other());
         scene.other().Submit(Syscall::notification_wait, theirs, {},
                              {.user_data = 5});
         scene.other().Submit(Syscall::object_watch, theirs,
                              {ipc::abi::kSignalNotified}, {.user_data = 6});
         scene.other().Settle();
         return Asked{ours, {2}};
       },
       [](Scene& scene, const Done*) {
         return scene.other().session()->waits.size() == 1;
       }},
      {Syscall::notification_wait, "takes what is there",
       [](Scene& scene) {
         return Asked{Create(scene.caller(), NotificationKind::bits, 6), {3}};
       },
       [](Scene&, const Done* done) { return done->value() == 2; }},
      {Syscall::notification_wait, "parks",
       [](Scene& scene) {
         return Asked{Create(scene.caller(), NotificationKind::latest, 0)};
       },
       [](Scene& scene, const Done* done) {
         return done == nullptr && scene.caller().session()->waits.size() == 1;
       }},
  };
}

}  // namespace faults
