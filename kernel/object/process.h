// Process: the lasting record of one session, which its holders watch.
#pragma once

#include <sys/types.h>

#include <string>

#include "kernel/object/object.h"

namespace kernel {

class Process : public Object {
 public:
  explicit Process(uint64_t object_id)
      : Object(ObjectKind::process, object_id) {}

  // Ended, and nothing of it is left.
  bool cleared() const {
    return state == abi::ProcessState::dead && session == nullptr;
  }

  std::string name;
  abi::ProcessState state = abi::ProcessState::waiting;
  pid_t pid = 0;
  uint64_t requests = 0;
  uint32_t exit = 0;           // exit word: kExitKnown and the wait status
  Session* session = nullptr;  // null once it is cleared away
};

}  // namespace kernel
