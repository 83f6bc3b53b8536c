// The model of each call: from the raw request to the exact answer. To add a
// call, write its function and put it into the list in calls.cc.
#pragma once

#include <cstring>

#include "tests/unit/kernel/model/model.h"

namespace model {

struct Call {
  Model& model;
  Session& session;
  const Request& request;
  const Answer* seen;  // the kernel's answer; null if nobody got it
  Cap* cap = nullptr;

  template <typename T>
  T& object() const {
    return As<T>(*cap->object);
  }
  uint64_t arg(size_t index) const { return request.head.args[index]; }
  uint32_t options() const { return request.head.options; }
  // The handle that the kernel gave, told in values[0]; 0 if unknown.
  Handle given() const {
    return seen != nullptr && seen->ok() ? static_cast<Handle>(seen->values[0])
                                         : abi::kNoHandle;
  }
  struct Shape {
    uint32_t options = 0;
    uint32_t args = 0;
    bool payload = false;
  };
  // Nothing said but what the call names?
  bool Fits(Shape shape) const;
  // Another handle among the arguments; else the answer.
  Answer FindSecond(uint64_t handle, ObjectKind kind, Rights rights,
                    Cap** found) const;
  // Room for handles in this session's account? Else the answer.
  Answer Room(uint64_t handles) const {
    return Model::Refusal(*session.account, Model::Handles(handles));
  }
};

// The entry of the kernel's payload, zeros if it is not there.
template <typename T>
T Shown(const Call& call, size_t index) {
  T entry = {};
  if (call.seen != nullptr && call.seen->ok() &&
      call.seen->payload.size() >= (index + 1) * sizeof(T))
    std::memcpy(&entry, call.seen->payload.data() + index * sizeof(T),
                sizeof(T));
  return entry;
}

using CallFunction = Answer (*)(Call& call);
// Null for what the model does not know.
CallFunction FindCall(uint32_t number);

// Rights asked for; nullopt: more than it has.
std::optional<Rights> Asked(const Cap& cap, uint64_t rights);

// A capability given away, moved or copied.
struct Gift {
  Cap* cap = nullptr;
  Rights rights = 0;
  bool move = false;
  Error error = Error::ok;
};
Gift CheckGift(Model& model, Session& session, Handle handle, uint64_t rights,
               uint32_t mode);
Cap& TakeGift(Model& model, const Session& giver, const Gift& gift);
Rights NeededToGive(uint32_t mode);
End EndOf(const Call& call);
// What is to go with a message, checked item by item. `into`: the object that
// they may not name. On failure the payload has each item's error.
Answer CheckItems(Model& model, Session& session, const Object& into,
                  const std::vector<abi::TransferItem>& items,
                  std::vector<Gift>* gifts);
Answer RoomForTransfer(const Session& session, const Lane& lane,
                       const std::vector<Gift>& gifts);
// Returns its token.
uint64_t MakeTransfer(Call& call, Lane& lane, End from,
                      const std::vector<Gift>& gifts);
// Every right on a new object, in this session's hands.
Handle Hold(Call& call, Object& object, Rights rights = abi::kRightsAll);

namespace calls {
#define KEYPORT_SYSCALL(name, number, kind, rights) Answer name(Call& call);
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
}  // namespace calls

}  // namespace model
