// The one door: looks up the handle, checks its kind and rights as
// syscalls.def says, and calls the handler. Handlers check no rights.
#pragma once

#include <span>

#include "kernel/object/answer.h"

namespace kernel {

class Kernel;

Answer Dispatch(Kernel& kernel, Session& session, const abi::Request& request,
                std::span<const uint8_t> payload);

}  // namespace kernel
