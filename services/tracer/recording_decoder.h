// RecordingDecoder: trace records out of the bytes of a recording, which may
// have come from anywhere. Bounded, and never trusts a length.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "ipc/trace.h"
#include "services/tracer/even_clock.h"
#include "services/tracer/recording_layout.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

class RecordingDecoder {
 public:
  struct Recorded {
    const RecordedHeader& header;
    const ipc::TraceSource& source;
    const ipc::TraceRecord& record;
    std::string_view payload = {};  // its first bytes, if they were recorded
  };
  struct Sink {
    std::function<void(const Recorded&)> record;
    std::function<void(const LostRecords&)> loss;
    // If it is there: each whole block, after what it holds was handed out.
    std::function<void(std::span<const uint8_t>)> block = {};
  };

  // Takes the whole blocks at the front of `bytes` and hands out what they
  // hold. Returns how many bytes that were; give the rest again, with more.
  // Errors: not_supported when it is no pcapng file that we can read;
  // bad_state at a block that cannot be one, after what was before it.
  absl::StatusOr<size_t> Decode(std::span<const uint8_t> bytes,
                                const Sink& sink);

  // ":7" for a port without a known name.
  std::string PortName(uint64_t port) const;
  // "" when it is not known.
  std::string ProcessName(uint64_t process) const;
  // The command that recorded, with its filter; "" if the file does not say.
  const std::string& comment() const { return comment_; }
  std::optional<WallClock> clock() const { return clock_; }
  // That ticks are of; nothing where there are none, or before the end.
  std::optional<EvenClock> counter() const {
    return EvenClock::Through(begin_, end_);
  }
  // Of this file: records in it, and records that it says were lost.
  TraceLoss loss() const { return loss_; }
  // Whether there was a section, with which a recording begins.
  bool begun() const { return begun_; }
  // Whether its recorder came to the end.
  // Each of the recordings that stand one after the other.
  bool ended() const { return ended_ && !unended_; }
  // Packets of somebody else, or that make no sense.
  uint64_t foreign() const { return foreign_; }

 private:
  absl::Status TakeOne(uint32_t type, std::span<const uint8_t> body,
                       const Sink& sink);
  void TakePacket(std::span<const uint8_t> packet, const Sink& sink);
  // False when its body does not fit its kind.
  bool TakeMeta(const RecordedHeader& header, std::span<const uint8_t> body,
                const Sink& sink);
  const ipc::TraceSource& SourceOf(uint64_t process);

  bool begun_ = false;
  bool ended_ = false;
  bool unended_ = false;  // one before the last was not
  uint64_t foreign_ = 0;
  std::string comment_;
  TraceLoss loss_;
  std::optional<WallClock> clock_;
  Moment begin_;
  Moment end_;
  std::unordered_map<uint64_t, ipc::TraceSource> sources_;
  std::unordered_map<uint64_t, std::string> ports_;
  ipc::TraceSource unknown_;
};

}  // namespace keyport
