// TraceSummary: what went over each port, with percentiles. Fed with records,
// or with messages when a filter chose them; not with both.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "ipc/trace.h"
#include "services/tracer/histogram.h"
#include "services/tracer/message_table.h"

namespace keyport {

struct PortSummary {
  uint64_t messages = 0;  // calls included
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t bytes = 0;
  uint64_t handles = 0;
  uint64_t no_room = 0;  // sends refused because the queue was full
  Histogram queue_ns;
  Histogram work_ns;
  Histogram total_ns;
};

// Records read and lost; their sum is what was written.
struct TraceLoss {
  uint64_t seen = 0;
  uint64_t lost = 0;
  std::optional<ipc::Tracer::Waits> waits = {};  // of a lossless trace
};

// "services waited 12 times, 84.0ms in all, for this tracer, once in vain";
// "" of one that nobody would wait for.
std::string WaitsText(const TraceLoss& loss);

// What records lost mean for an exit status: nothing, or kExitLost.
enum class LossIs { kCounted, kAnError };
inline constexpr int kExitLost = 3;

using PortNameOf = std::function<std::string(uint64_t port)>;

class TraceSummary {
 public:
  // Whoever writes records can make up ports; those beyond so many are summed
  // up as one, kOtherPorts.
  static constexpr size_t kPortsMax = 4'096;
  static constexpr uint64_t kOtherPorts = UINT64_MAX;

  void Add(const ipc::TraceRecord& record);
  void Add(const TracedMessage& message);

  uint64_t messages() const;
  const std::map<uint64_t, PortSummary>& ports() const { return ports_; }

  std::string Text(const PortNameOf& name, const TraceLoss& loss) const;
  // One object a line: a port each, then the totals.
  std::string Json(const PortNameOf& name, const TraceLoss& loss) const;

 private:
  PortSummary& Of(uint64_t port);

  std::map<uint64_t, PortSummary> ports_;
};

}  // namespace keyport
