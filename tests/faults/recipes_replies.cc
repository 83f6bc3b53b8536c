// Recipes of calls about Reply capabilities.
#include "kernel/object/reply.h"
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Event;
using ipc::abi::kMessageHandlesMax;
using ipc::abi::kRequestPayloadMax;
using ipc::abi::ReplyState;
using ipc::abi::TransferItem;
using kernel::Bytes;

constexpr uint64_t kCall = 5;  // a correlation

// A listener's end, and the end of who calls over it.
struct Ends {
  Handle listener;
  Handle sender;
};

Ends LaneTo(Scene& scene, RawClient& listener, RawClient& sender) {
  const Handle port = scene.CreatePort(listener, 0, 4096);
  listener.Call(Syscall::port_listen, port);
  const Handle lane = scene.Connect(sender, scene.Give(listener, port, sender));
  return {scene.OpenedUnready(listener), lane};
}

// The caller's right to answer a call of the other's.
Handle MakeReply(Scene& scene) {
  const Ends ends = LaneTo(scene, scene.caller(), scene.other());
  return scene.caller()
      .Call(Syscall::reply_create, ends.listener, {kCall})
      .handle();
}

// An answer of that many ports, moved, and of bytes.
Asked AnswerWith(Scene& scene, size_t items, size_t bytes) {
  const Handle reply = MakeReply(scene);
  std::vector<TransferItem> given;
  for (size_t i = 0; i < items; ++i)
    given.push_back({scene.CreatePort(scene.caller()), ipc::abi::kRightsSame,
                     ipc::abi::kTransferMove, 0});
  std::vector<uint8_t> payload =
      Bytes(given.data(), items * sizeof(TransferItem));
  payload.resize(payload.size() + bytes, 'a');
  return {reply, {items}, 0, payload};
}

bool IsAnswered(Scene& scene, uint64_t count, size_t bytes) {
  const Done* told = scene.Event(scene.other(), Event::call_answered);
  return told != nullptr && told->value(2) == count &&
         told->payload.size() == bytes;
}

// Somebody else has the right, and watches what becomes of it.
Asked GiveUpCallInProgress(Scene& scene) {
  const Ends ends = LaneTo(scene, scene.other(), scene.caller());
  const Handle reply = scene.other()
                           .Call(Syscall::reply_create, ends.listener, {kCall})
                           .handle();
  scene.other().Submit(Syscall::object_watch, reply,
                       {ipc::abi::kSignalPeerClosed}, {.user_data = 9});
  scene.other().Settle();
  scene.notes["reply"] = reply;
  return {ends.sender, {kCall}};
}

std::vector<Recipe> Sendings() {
  return {
      {Syscall::reply_send, "bytes",
       [](Scene& scene) { return AnswerWith(scene, 0, 100); },
       [](Scene& scene, const Done*) { return IsAnswered(scene, 0, 100); }},
      {Syscall::reply_send, "capabilities",
       [](Scene& scene) { return AnswerWith(scene, 3, 100); },
       [](Scene& scene, const Done*) { return IsAnswered(scene, 3, 100); }},
      {Syscall::reply_send, "a region",
       [](Scene& scene) {
         const Handle reply = MakeReply(scene);
         const TransferItem item = {scene.SealedRegion(scene.caller()),
                                    ipc::abi::kRightsSame,
                                    ipc::abi::kTransferMove, 0};
         std::vector<uint8_t> payload = Bytes(&item, sizeof(item));
         payload.resize(payload.size() + sizeof(uint64_t), 1);
         return Asked{reply, {1}, ipc::abi::kReplyInRegion, payload};
       },
       [](Scene& scene, const Done*) {
         return IsAnswered(scene, 1 | ipc::abi::kAnsweredInRegion,
                           sizeof(uint64_t));
       }},
      {Syscall::reply_send, "as much as there may be",
       [](Scene& scene) {
         return AnswerWith(
             scene, kMessageHandlesMax,
             kRequestPayloadMax - kMessageHandlesMax * sizeof(TransferItem));
       },
       [](Scene& scene, const Done*) {
         return IsAnswered(
             scene, kMessageHandlesMax,
             kRequestPayloadMax - kMessageHandlesMax * sizeof(TransferItem));
       },
       Size::kLarge},
  };
}

}  // namespace

std::vector<Recipe> ReplyRecipes() {
  std::vector<Recipe> recipes = {
      {Syscall::reply_create, "of a call that came",
       [](Scene& scene) {
         return Asked{LaneTo(scene, scene.caller(), scene.other()).listener,
                      {kCall}};
       },
       [](Scene& scene, const Done* done) {
         const Done* moved = scene.Event(scene.other(), Event::call_moved);
         return moved != nullptr && moved->value(1) == done->value(1);
       }},
      {Syscall::reply_cancel, "of a call that another has",
       GiveUpCallInProgress,
       [](Scene& scene, const Done*) {
         const auto& waits = scene.other().session()->waits;
         const auto reply = static_cast<Handle>(scene.notes["reply"]);
         const auto& right = *scene.other().session()->handles.Find(reply);
         return waits.empty() &&
                kernel::As<kernel::Reply>(*right.object).state ==
                    ReplyState::stale;
       }},
      {Syscall::reply_info, "tells",
       [](Scene& scene) { return Asked{MakeReply(scene)}; },
       [](Scene&, const Done* done) {
         return done->value(0) == static_cast<uint64_t>(ReplyState::open);
       }},
  };
  for (Recipe& recipe : Sendings()) recipes.push_back(std::move(recipe));
  return recipes;
}

}  // namespace faults
