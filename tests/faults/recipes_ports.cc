// Recipes of calls about ports.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;
using ipc::abi::kPortShareable;

std::vector<uint8_t> Text(const std::string& text) {
  return {text.begin(), text.end()};
}

}  // namespace

std::vector<Recipe> PortRecipes() {
  return {
      {Syscall::port_create, "with a name that does not fit inline",
       [](Scene& scene) {
         return Asked{scene.account(), {4096}, 0, Text(std::string(47, 'p'))};
       },
       [](Scene& scene, const Done* done) {
         return scene.core()
             .objects(kernel::ObjectKind::port)
             .contains(done->value(1));
       }},
      {Syscall::port_connect, "to a port that is listened on",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.other(), 0, 4096);
         scene.other().Call(Syscall::port_listen, port);
         return Asked{scene.Give(scene.other(), port, scene.caller())};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 2; }},
      {Syscall::port_connect, "to a rendezvous",
       [](Scene& scene) {
         const Handle port =
             scene.CreatePort(scene.other(), ipc::abi::kPortRendezvous, 4096);
         scene.other().Call(Syscall::port_listen, port);
         return Asked{scene.Give(scene.other(), port, scene.caller())};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 3; }},
      {Syscall::port_listen, "to a rendezvous with a lane that waits",
       [](Scene& scene) {
         const Handle port =
             scene.CreatePort(scene.caller(), ipc::abi::kPortRendezvous, 4096);
         const Handle send = scene.Give(scene.caller(), port, scene.other());
         scene.Connect(scene.other(), send);
         return Asked{port};
       },
       [](Scene& scene, const Done*) {
         const Done* opened = scene.Event(scene.caller(), Event::lane_opened);
         return opened != nullptr && opened->descriptors.size() == 4;
       }},
      {Syscall::port_connect, "to an overwriting port",
       [](Scene& scene) {
         const Handle port =
             scene.CreatePort(scene.other(), ipc::abi::kPortOverwriting, 4096);
         scene.other().Call(Syscall::port_listen, port);
         return Asked{scene.Give(scene.other(), port, scene.caller())};
       },
       [](Scene&, const Done* done) { return done->descriptors.size() == 2; }},
      {Syscall::port_listen, "to an overwriting port with a lane that waits",
       [](Scene& scene) {
         const Handle port =
             scene.CreatePort(scene.caller(), ipc::abi::kPortOverwriting, 4096);
         const Handle send = scene.Give(scene.caller(), port, scene.other());
         scene.Connect(scene.other(), send);
         return Asked{port};
       },
       [](Scene& scene, const Done*) {
         const Done* opened = scene.Event(scene.caller(), Event::lane_opened);
         return opened != nullptr && opened->descriptors.size() == 3;
       }},
      {Syscall::port_listen, "with a lane that waits",
       [](Scene& scene) {
         const Handle port = scene.CreatePort(scene.caller(), 0, 4096);
         const Handle send = scene.Give(scene.caller(), port, scene.other());
         scene.Connect(scene.other(), send);
         return Asked{port};
       },
       [](Scene& scene, const Done*) {
         const Done* opened = scene.Event(scene.caller(), Event::lane_opened);
         return opened != nullptr && opened->descriptors.size() == 3;
       }},
      {Syscall::port_listen, "beside another",
       [](Scene& scene) {
         const Handle port =
             scene.CreatePort(scene.other(), kPortShareable, 4096);
         scene.other().Call(Syscall::port_listen, port);
         const Handle send = scene.Give(scene.other(), port, scene.root());
         scene.Connect(scene.root(), send);
         return Asked{scene.Give(scene.other(), port, scene.caller())};
       },
       [](Scene& scene, const Done*) {
         return scene.Event(scene.root(), Event::listeners_changed) != nullptr;
       }},
  };
}

}  // namespace faults
