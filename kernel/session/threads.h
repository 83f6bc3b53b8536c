// Reads the table in which a session's threads say what they sleep on. Each
// word is read once; everything is the client's claim.
#pragma once

#include "libipc/abi/threads.h"
#include "libipc/base/half.h"

namespace kernel {

namespace abi = ::ipc::abi;

class Threads {
 public:
  // `requests`: the session's request half; null gives an empty table.
  explicit Threads(const base::Half* requests = nullptr);

  uint32_t used() const { return used_; }  // at most kThreadSlots
  // More threads than slots: what is seen is not all.
  bool is_partial() const { return partial_; }
  // A slot that is being changed reads as running.
  abi::ThreadSlot Read(uint32_t slot) const;
  static abi::ThreadState StateOf(const abi::ThreadSlot& slot) {
    return static_cast<abi::ThreadState>(slot.word & 0xff);
  }

 private:
  const abi::ThreadTable* table_ = nullptr;
  uint32_t used_ = 0;
  bool partial_ = false;
};

}  // namespace kernel
