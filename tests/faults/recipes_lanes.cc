// Recipes of calls about lanes.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;

// A port that `listener` listens on; the sender's handle for it.
Handle PortTo(Scene& scene, RawClient& listener, RawClient& sender) {
  const Handle port = scene.CreatePort(listener, 0, 4096);
  listener.Call(Syscall::port_listen, port);
  return scene.Give(listener, port, sender);
}

}  // namespace

std::vector<Recipe> LaneRecipes() {
  return {
      {Syscall::lane_ready, "by the sender",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         return Asked{scene.ConnectUnready(scene.caller(), port)};
       },
       [](Scene& scene, const Done*) {
         const Done* opened = scene.Event(scene.other(), Event::lane_opened);
         return opened != nullptr && opened->descriptors.size() == 3;
       }},
      {Syscall::lane_ready, "by the listener",
       [](Scene& scene) {
         scene.Connect(scene.other(),
                       PortTo(scene, scene.caller(), scene.other()));
         return Asked{scene.OpenedUnready(scene.caller())};
       },
       [](Scene& scene, const Done*) {
         const Done* joined = scene.Event(scene.other(), Event::lane_joined);
         return joined != nullptr && joined->descriptors.size() == 1;
       }},
      {Syscall::lane_close, "by the sender",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         return Asked{scene.Connect(scene.caller(), port)};
       },
       [](Scene& scene, const Done*) {
         return scene.Event(scene.other(), Event::lane_cut) != nullptr;
       }},
      {Syscall::lane_close, "by the listener",
       [](Scene& scene) {
         scene.Connect(scene.other(),
                       PortTo(scene, scene.caller(), scene.other()));
         return Asked{scene.OpenedUnready(scene.caller())};
       },
       [](Scene& scene, const Done*) {
         return scene.Event(scene.other(), Event::lane_cut) != nullptr;
       }},
      {Syscall::lane_attach, "a sealed region",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         const Handle lane = scene.Connect(scene.caller(), port);
         return Asked{lane, {scene.SealedRegion(scene.caller())}};
       },
       [](Scene& scene, const Done*) {
         return scene.State().find("attachments=1") != std::string::npos;
       }},
      {Syscall::lane_map, "what the peer attached",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         const Handle lane = scene.Connect(scene.caller(), port);
         const Handle theirs = scene.OpenedUnready(scene.other());
         scene.other().Call(Syscall::lane_attach, theirs,
                            {scene.SealedRegion(scene.other())});
         return Asked{lane, {0}};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 1; }},
  };
}

}  // namespace faults
