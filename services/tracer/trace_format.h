// A traced message as a line of text, or as a JSON object.
#pragma once

#include <cstdint>
#include <string>

#include "services/tracer/message_table.h"

namespace keyport {

// Turns CLOCK_MONOTONIC times into the wall clock's, as of its making.
class WallClock {
 public:
  WallClock();
  explicit WallClock(int64_t offset_ns) : offset_ns_(offset_ns) {}
  // "12:00:01.004211", local time.
  std::string Text(uint64_t monotonic_ns) const;
  int64_t UnixNs(uint64_t monotonic_ns) const {
    // A record's writer may have put down any time.
    return static_cast<int64_t>(static_cast<uint64_t>(offset_ns_) +
                                monotonic_ns);
  }

 private:
  int64_t offset_ns_;
};

std::string TraceHeader();
std::string TraceLine(const TracedMessage& message,
                      const std::string& port_name, const WallClock& clock);
std::string TraceJson(const TracedMessage& message,
                      const std::string& port_name, const WallClock& clock);
// "send", "port_created"; "kind 99" for one that is not known.
std::string TraceKindText(uint16_t kind);
// "ok", "timed_out", "queued"
std::string StatusText(const TracedMessage& message);

// Records that were overwritten before they were read.
struct LostRecords {
  uint64_t count = 0;
  uint64_t from_ns = 0;
  uint64_t until_ns = 0;
};
std::string LossLine(const LostRecords& lost, const WallClock& clock);
std::string LossJson(const LostRecords& lost, const WallClock& clock);

}  // namespace keyport
