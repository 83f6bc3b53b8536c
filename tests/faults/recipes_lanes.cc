// Recipes of calls about lanes.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;

// A port that `listener` listens on; the sender's handle for it.
Handle PortTo(Scene& scene, RawClient& listener, RawClient& sender) {
  const Handle port = scene.CreatePort(listener, 0, 4096, 65'536);
  listener.Call(Syscall::port_listen, port);
  return scene.Give(listener, port, sender);
}

uint64_t ReadySpare(RawClient& client) {
  const uint64_t number = client.Call(Syscall::half_spare, 0).value();
  client.Call(Syscall::half_spare, 0, {number});
  return number;
}

std::vector<Recipe> SpareRecipes() {
  return {
      {Syscall::half_spare, "grants", [](Scene&) { return Asked(); },
       [](Scene&, const Done* done) { return done->descriptors.size() == 2; }},
      {Syscall::half_spare, "is ready",
       [](Scene& scene) {
         return Asked{0, {scene.caller().Call(Syscall::half_spare, 0).value()}};
       },
       [](Scene& scene, const Done*) {
         return scene.caller().session()->spare.IsReadyFor(
             ipc::abi::kRingBytesDefault);
       }},
      {Syscall::port_connect, "takes both ends' spares",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.other(), 0, 0);
         scene.other().Call(Syscall::port_listen, port);
         ReadySpare(scene.other());
         ReadySpare(scene.caller());
         return Asked{scene.Give(scene.other(), port, scene.caller())};
       },
       [](Scene& scene, const Done* done) {
         const Done* opened = scene.Event(scene.other(), Event::lane_opened);
         const Done* joined = scene.Event(scene.caller(), Event::lane_joined);
         return done->descriptors.empty() && opened != nullptr &&
                opened->descriptors.size() == 2 && joined != nullptr &&
                joined->descriptors.size() == 1;
       }},
  };
}

std::vector<Recipe> Ends() {
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
      {Syscall::lane_resize, "to a larger ring",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         return Asked{scene.Connect(scene.caller(), port), {8192}};
       },
       [](Scene& scene, const Done* done) {
         return done->descriptors.size() == 1 &&
                scene.State().find("asked=0+8192") != std::string::npos;
       }},
      {Syscall::lane_resized, "to a larger ring",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         const Handle lane = scene.Connect(scene.caller(), port);
         scene.caller().Call(Syscall::lane_resize, lane, {8192});
         return Asked{lane, {0}};
       },
       [](Scene& scene, const Done*) {
         const Done* told = scene.Event(scene.other(), Event::lane_ring);
         return told != nullptr && told->descriptors.size() == 1;
       }},
      {Syscall::lane_resized, "to the base ring",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         const Handle lane = scene.Connect(scene.caller(), port);
         scene.caller().Call(Syscall::lane_resize, lane, {8192});
         scene.caller().Call(Syscall::lane_resized, lane, {0});
         scene.caller().Call(Syscall::lane_resize, lane, {4096});
         return Asked{lane, {0}};
       },
       [](Scene& scene, const Done*) {
         return scene.State().find("ring=0 ") != std::string::npos;
       }},
      {Syscall::port_listen, "to a lane that has grown",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.caller(), 0, 4096, 65'536);
         const Handle sent = scene.Give(scene.caller(), port, scene.other());
         const Handle lane = scene.Connect(scene.other(), sent);
         scene.other().Call(Syscall::lane_resize, lane, {8192});
         scene.other().Call(Syscall::lane_resized, lane, {0});
         return Asked{port};
       },
       [](Scene& scene, const Done*) {
         return scene.Event(scene.caller(), Event::lane_ring) != nullptr;
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
      {Syscall::lane_detach, "what was attached",
       [](Scene& scene) {
         const Handle port = PortTo(scene, scene.other(), scene.caller());
         const Handle lane = scene.Connect(scene.caller(), port);
         scene.caller().Call(Syscall::lane_attach, lane,
                             {scene.SealedRegion(scene.caller())});
         return Asked{lane, {0}};
       },
       [](Scene& scene, const Done*) {
         return scene.State().find("attachments=1") == std::string::npos;
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

}  // namespace

std::vector<Recipe> LaneRecipes() {
  std::vector<Recipe> all = Ends();
  for (Recipe& recipe : SpareRecipes()) all.push_back(std::move(recipe));
  return all;
}

}  // namespace faults
