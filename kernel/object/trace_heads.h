// TraceHeads: the memory in which the tracer of a lossless tracing says how far
// it has read each ring, and by which the kernel process frees who waits for
// it.
//
//   slot 0       TraceHeadsControl     written here
//   slots 1...   TraceHead, a ring each, written by the tracer
//
// The tracer maps it read-write, then it is sealed; writers of the rings get it
// for reading. Nothing that the tracer writes is read here.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "libipc/base/trace_heads.h"

namespace kernel {

class TraceHeads {
 public:
  // Errors: quota_exceeded.
  static base::Result<std::shared_ptr<TraceHeads>> Create(uint64_t wait_ns);

  // For the tracer; invalid once sealed, or where there are no descriptors.
  base::UniqueFd ForTracer() const;
  // For who writes a ring.
  base::UniqueFd ForWriter() const;
  // The tracer has mapped it. Errors: bad_state: it is sealed already.
  base::Result<void> Seal();
  bool ready() const { return !memory_.valid(); }
  // How long a writer waits at most.
  uint64_t wait_ns() const { return wait_ns_; }

  // A slot for a ring; 0: none is free. One that was just given back comes
  // last: who had it may look at it until it has heard of that.
  uint32_t Take();
  void GiveBack(uint32_t slot);

  // The tracing is over: whoever waits goes on at once.
  void End() { end_.Say(); }

 private:
  TraceHeads(base::UniqueFd memory, base::UniqueFd reader,
             base::TraceHeadsEnd end, uint64_t wait_ns);

  base::UniqueFd memory_;
  const base::UniqueFd reader_;
  const base::TraceHeadsEnd end_;
  const uint64_t wait_ns_;
  std::vector<bool> taken_;
  uint32_t last_ = 0;
};

}  // namespace kernel
