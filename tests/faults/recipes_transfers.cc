// Recipes of calls about capabilities in messages.
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::kMessageHandlesMax;
using ipc::abi::TransferItem;
using kernel::Bytes;

// Half of them moved, half copied.
std::vector<uint8_t> Items(Scene& scene, RawClient& client, size_t count) {
  std::vector<TransferItem> items;
  for (size_t i = 0; i < count; ++i)
    items.push_back(
        {scene.CreatePort(client), ipc::abi::kRightsSame,
         i % 2 == 0 ? ipc::abi::kTransferMove : ipc::abi::kTransferDuplicate,
         0});
  return Bytes(items.data(), items.size() * sizeof(TransferItem));
}

struct LanePair {
  Handle caller;
  Handle other;
};

LanePair LaneToOther(Scene& scene) {
  const Handle port = scene.CreatePort(scene.other(), 0, 4096);
  scene.other().Call(Syscall::port_listen, port);
  const Handle lane = scene.Connect(
      scene.caller(), scene.Give(scene.other(), port, scene.caller()));
  return {lane, scene.OpenedUnready(scene.other())};
}

uint64_t Stage(Scene& scene, RawClient& client, Handle lane, size_t count) {
  return client
      .Call(Syscall::transfer_stage, lane, {},
            {.payload = Items(scene, client, count)})
      .value();
}

std::vector<Recipe> LargeTransfers() {
  return {
      {Syscall::transfer_stage, "as many as there may be",
       [](Scene& scene) {
         const LanePair ends = LaneToOther(scene);
         return Asked{ends.caller,
                      {},
                      0,
                      Items(scene, scene.caller(), kMessageHandlesMax)};
       },
       [](Scene&, const Done* done) { return done->value() == 1; },
       Size::kLarge},
      {Syscall::transfer_redeem, "as many as there may be",
       [](Scene& scene) {
         const LanePair ends = LaneToOther(scene);
         return Asked{
             ends.caller,
             {Stage(scene, scene.other(), ends.other, kMessageHandlesMax)}};
       },
       [](Scene&, const Done* done) {
         return done->value() == kMessageHandlesMax;
       },
       Size::kLarge},
  };
}

}  // namespace

std::vector<Recipe> TransferRecipes() {
  std::vector<Recipe> recipes = {
      {Syscall::transfer_stage, "moves and copies",
       [](Scene& scene) {
         const LanePair ends = LaneToOther(scene);
         return Asked{ends.caller, {}, 0, Items(scene, scene.caller(), 4)};
       },
       [](Scene&, const Done* done) { return done->value() == 1; }},
      {Syscall::transfer_redeem, "takes what the other staged",
       [](Scene& scene) {
         const LanePair ends = LaneToOther(scene);
         return Asked{ends.caller,
                      {Stage(scene, scene.other(), ends.other, 4)}};
       },
       [](Scene&, const Done* done) { return done->value() == 4; }},
      {Syscall::transfer_cancel, "takes its own back",
       [](Scene& scene) {
         const LanePair ends = LaneToOther(scene);
         return Asked{ends.caller,
                      {Stage(scene, scene.caller(), ends.caller, 4)}};
       },
       [](Scene&, const Done* done) { return done->value() == 4; }},
  };
  for (Recipe& recipe : LargeTransfers()) recipes.push_back(std::move(recipe));
  return recipes;
}

}  // namespace faults
