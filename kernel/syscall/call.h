// Call: one request on its way through its handler. Everything in it was
// copied out of shared memory.
#pragma once

#include <cstring>
#include <span>
#include <string>

#include "kernel/object/answer.h"
#include "kernel/object/kernel.h"

namespace kernel {

struct Call {
  Kernel& kernel;
  Session& session;
  const abi::Request& request;
  std::span<const uint8_t> payload;
  Capability* capability = nullptr;  // null for calls without a handle

  template <typename T>
  T& object() const {
    return As<T>(*capability->object);
  }

  // Another handle among the arguments, checked as the first one is.
  Answer FindSecond(uint64_t handle, ObjectKind kind, Rights rights,
                    Capability** found) const;

  // Keeps the call until Kernel::EndWait. Errors: quota_exceeded.
  Answer Park(const WaitFor& what) const {
    return kernel.Park(session, *capability, request, what);
  }

  // The caller's first capability of an object it has just made. Room was
  // checked.
  Handle PlaceNew(Object& made, Rights rights = abi::kRightsAll) const {
    return kernel.Place(
        session,
        *kernel.NewCapability(
            {.object = &made, .rights = rights, .made_by = session.id()}));
  }

  // Fails with invalid_args if the request says anything in fields that the
  // call does not name.
  struct Shape {
    uint32_t options = 0;  // known bits
    uint32_t args = 0;     // how many are used
    bool payload = false;
  };
  Answer Check(Shape shape) const {
    bool good = (request.options & ~shape.options) == 0 &&
                request.reserved == 0 && request.reserved2 == 0 &&
                (shape.payload || payload.empty());
    for (uint32_t i = shape.args; i < 4; ++i)
      good = good && request.args[i] == 0;
    return good ? Error::ok : Error::invalid_args;
  }
};

// The name in `bytes`: no zero byte, at most kNameBytesMax - 1 long.
Answer CheckName(std::span<const uint8_t> bytes);
std::string NameOf(std::span<const uint8_t> bytes);
// One handler a line of syscalls.def.
namespace handlers {
#define KEYPORT_SYSCALL(name, number, kind, rights) Answer name(Call& call);
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
}  // namespace handlers

}  // namespace kernel
