// Object: what a capability refers to. Counts who needs it.
//
// Objects are plain state: they make no waits and own no loop. The kernel
// destroys an object, from a queue, once nobody needs it.
#pragma once

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "libipc/abi/requests.h"
#include "libipc/abi/types.h"
#include "libipc/base/result.h"
#include "libipc/base/unique_fd.h"

namespace kernel {

namespace abi = ::ipc::abi;
using abi::Error;
using abi::Handle;
using abi::ObjectKind;
using abi::Rights;
using base::Result;
using base::UniqueFd;

class Session;
struct Capability;

// What a parked call waits for.
struct WaitFor {
  abi::Signals signals = 0;  // object_watch
  uint64_t mask = 0;         // notification_wait
  uint32_t options = 0;
};
// One parked call.
struct Wait {
  Session* session;
  Capability* capability;
  uint64_t user_data;
  uint32_t call;   // its number
  uint64_t order;  // never used again
  WaitFor what;
};

class Object {
 public:
  Object(ObjectKind object_kind, uint64_t object_id)
      : kind(object_kind), id(object_id) {}
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  const ObjectKind kind;
  const uint64_t id;  // never used again

  uint32_t capabilities = 0;  // in tables and in flight
  uint32_t users = 0;         // other objects, charges and sessions
  bool reaping = false;       // queued for destruction
  absl::flat_hash_set<Wait*> waits;

  bool needed() const { return capabilities != 0 || users != 0; }
};

// The kernel process itself, as an object that tools hold.
class KernelObject : public Object {
 public:
  explicit KernelObject(uint64_t object_id)
      : Object(ObjectKind::kernel, object_id) {}
};

// Safe because kinds and classes go together one to one.
template <typename T>
T& As(Object& object) {
  return static_cast<T&>(object);
}
template <typename T>
const T& As(const Object& object) {
  return static_cast<const T&>(object);
}

}  // namespace kernel
