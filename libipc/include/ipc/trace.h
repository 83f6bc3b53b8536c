// Tracer: reads the trace records of the processes one may trace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ipc/capability.h"
#include "libipc/abi/trace.h"

namespace ipc {

using abi::TraceKind;
using abi::TraceRecord;

struct TraceSource {
  uint64_t process_id = 0;  // 0: the kernel process's own facts
  int pid = 0;
  std::string name;
};

// Thread: one at a time.
class Tracer {
 public:
  // Traces every port from now until it is destroyed. Owns: the capability.
  // Rights: TraceMeta on the kernel object.
  static absl::StatusOr<Tracer> TraceAll(Capability kernel);
  // Traces one port. Rights: TraceMeta on it.
  static absl::StatusOr<Tracer> TracePort(Capability port);
  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer();

  // Hands every record that is there to `sink`, in order for each thread.
  // Returns how many. Errors: peer_closed.
  using Sink = std::function<void(const TraceSource&, const TraceRecord&)>;
  absl::StatusOr<uint64_t> Drain(const Sink& sink);
  // Records seen, and records overwritten before they were read. Their sum
  // is what was written.
  uint64_t seen() const;
  uint64_t lost() const;

 private:
  class Core;
  explicit Tracer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ipc
