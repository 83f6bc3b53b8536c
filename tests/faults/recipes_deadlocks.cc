// Recipes of looking for calls that wait for one another.
#include "libipc/abi/threads.h"
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::DeadlockStep;
using ipc::abi::Error;
using ipc::abi::kThreadSlots;
using ipc::abi::ThreadState;
using ipc::abi::ThreadTable;

// What a client says that all its threads do.
struct Claim {
  uint32_t threads = 1;
  ThreadState state = ThreadState::calling;
  uint64_t lane = 0;  // ids
  uint64_t serves = 0;
};

void Publish(RawClient& client, const Claim& claim) {
  auto* table = reinterpret_cast<ThreadTable*>(
      reinterpret_cast<uint8_t*>(client.requests()->control()) +
      ipc::abi::kThreadTableOffset);
  for (uint32_t i = 0; i < claim.threads; ++i)
    table->slots[i] = {.word = static_cast<uint32_t>(claim.state),
                       .thread_id = i + 1,
                       .lane = claim.lane,
                       .flow = 1,
                       .port = claim.serves};
  table->used = claim.threads;
}

Handle Listen(Scene& scene, RawClient& client) {
  const Handle port = scene.CreatePort(client, 0, 4096);
  client.Call(Syscall::port_listen, port);
  return port;
}

// Clients of which each calls the next, with all of its threads, and the last
// the first. Returns the first's handle for its lane.
Handle CallAround(Scene& scene, const std::vector<RawClient*>& clients,
                  uint32_t threads) {
  std::vector<Handle> ports;
  for (RawClient* client : clients) ports.push_back(Listen(scene, *client));
  std::vector<Handle> lanes;
  for (size_t i = 0; i < clients.size(); ++i) {
    RawClient& from = *clients[i];
    const size_t next = (i + 1) % clients.size();
    lanes.push_back(
        scene.Connect(from, scene.Give(*clients[next], ports[next], from)));
    Publish(from, {.threads = threads,
                   .lane = scene.IdOf(from, lanes[i]),
                   .serves = scene.IdOf(from, ports[i])});
  }
  return lanes.front();
}

Handle CallAroundInPair(Scene& scene) {
  return CallAround(scene, {&scene.caller(), &scene.other()}, 2);
}

// So many clients with as many threads as the table has.
Asked CallAroundLarge(Scene& scene, size_t clients) {
  std::vector<RawClient*> all = {&scene.caller()};
  while (all.size() < clients)
    all.push_back(&scene.AddKnown(
        scene.root(),
        {{.name = "account", .handle = scene.root().Named("account")}}));
  const Handle lane = CallAround(scene, all, kThreadSlots);
  // Who has something unread is not stuck.
  for (RawClient* client : all) client->Collect();
  return {lane, {0}};
}

bool HasSteps(const Done* done, size_t steps) {
  return done->payload.size() == steps * sizeof(DeadlockStep);
}

}  // namespace

std::vector<Recipe> DeadlockRecipes() {
  return {
      {Syscall::deadlock_check, "finds one",
       [](Scene& scene) {
         return Asked{CallAroundInPair(scene), {0}};
       },
       [](Scene&, const Done* done) { return HasSteps(done, 2); }, Size::kSmall,
       Error::deadlock},
      {Syscall::deadlock_check, "finds a thread that goes on",
       [](Scene& scene) {
         const Handle lane = CallAroundInPair(scene);
         Publish(scene.other(), {.state = ThreadState::running});
         return Asked{lane, {0}};
       },
       [](Scene&, const Done* done) { return HasSteps(done, 0); }},
      {Syscall::deadlock_check, "finds a large one",
       [](Scene& scene) { return CallAroundLarge(scene, 32); },
       [](Scene&, const Done* done) { return HasSteps(done, 32); },
       Size::kLarge, Error::deadlock},
      {Syscall::deadlock_check, "gives up on one that is too large",
       [](Scene& scene) { return CallAroundLarge(scene, 160); },
       [](Scene&, const Done* done) { return HasSteps(done, 0); },
       Size::kLarge},
  };
}

}  // namespace faults
