// Tracer: reads the trace records that processes write about the ports one may
// trace. What is written is decided at the source: about other ports, and of
// payload without the right to it, nothing comes here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ipc/capability.h"
#include "libipc/abi/requests.h"
#include "libipc/abi/trace.h"
#include "libipc/abi/tracing.h"

namespace ipc {

using abi::TraceDirections;
using abi::TraceKind;
using abi::TraceRecord;

struct TraceSource {
  uint64_t process_id = 0;  // 0: the kernel process's own facts
  int pid = 0;
  std::string name;
};

using abi::TracerEntry;
// Who traces the port now, and who traces everything; at most kTracersShown.
// Rights: Receive. Thread: any.
absl::StatusOr<std::vector<TracerEntry>> TracersOf(const Capability& port);

enum class TraceLevel { kHeaders, kPayload };
enum class TraceKeeps { kEverything, kErrors };

// Of requests; an answer has its call's.
struct TraceLabels {
  uint32_t first = 0;
  uint32_t last = UINT32_MAX;
  bool operator==(const TraceLabels&) const = default;
};

// What is traced. What is left out is not written at all, unless another tracer
// wants it.
struct TraceOptions {
  TraceLevel level = TraceLevel::kHeaders;
  // Payload bytes of a message, at most kTraceSnapMax. Of headers not used.
  uint32_t snaplen = 96;
  // Of so many flows one is kept, with all its messages.
  uint32_t one_in = 1;
  // Not 0: of the flows that a thread begins in a second, so many, the first,
  // with all their messages wherever they go. At most kTraceRateMax. A flow
  // that began where nobody traces at a rate is counted by each thread that it
  // comes to, so of those a part may be missing.
  uint32_t rate = 0;
  uint32_t bytes_min = 0;                            // of a record's payload
  TraceDirections directions = abi::kTraceBothWays;  // for who writes it
  TraceKeeps keeps = TraceKeeps::kEverything;
  TraceLabels labels = {};
  // Not 0: lossless. A thread that would overwrite what this tracer has not
  // read waits for it, at most so long, and no more until it has read an eighth
  // of the ring; records that are overwritten then are lost and counted as
  // ever. At most kTraceWaitMaxNs.
  std::chrono::nanoseconds wait = std::chrono::nanoseconds(0);
};
// A tracer that comes by often enough loses nothing with it.
inline constexpr std::chrono::milliseconds kTraceWaitUsual(100);

// What comes with a record: the first bytes of a message's payload, if they
// were traced, of a send and of a reply (TraceRecord::payload_bytes is the true
// size); and its time as its writer read it.
struct TracedPayload {
  Bytes bytes;
  bool lost = false;  // there was more in the ring, and it was overwritten
  // The processor's counter, of which TraceRecord::time_ns was made; 0: its
  // writer read CLOCK_MONOTONIC.
  uint64_t ticks = 0;
  // Records that the payload took in the ring, as seen() and lost() count it.
  uint64_t parts = 0;
};

// Thread: one at a time.
class Tracer {
 public:
  // Traces every port from now until it is destroyed, or the capability
  // revoked. Owns: the capability. Of secret ports no payload comes.
  // Rights: TraceMeta on the kernel object; for payload TracePayload too, for
  // a lossless tracing TraceStall. Errors: access_denied; invalid_args,
  // out_of_range (options); quota_exceeded (kTracingsMax, kTraceLimitedMax
  // kinds of limits besides these, or no memory); bad_state: somebody else
  // traces the same losslessly.
  static absl::StatusOr<Tracer> TraceAll(Capability kernel,
                                         const TraceOptions& options = {});
  // Traces one port. Rights: the same on it; nobody has TracePayload on a
  // secret port. Errors: the same.
  static absl::StatusOr<Tracer> TracePort(Capability port,
                                          const TraceOptions& options = {});
  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer();

  // Hands every record that is there to `sink`, in order for each thread.
  // Returns how many. Errors: peer_closed; revoked, canceled: the capability is
  // gone and the tracing over; what had been written before was handed out.
  using Sink = std::function<void(const TraceSource&, const TraceRecord&)>;
  absl::StatusOr<uint64_t> Drain(const Sink& sink);
  // With payload; the bytes are there during the call.
  using PayloadSink = std::function<void(const TraceSource&, const TraceRecord&,
                                         const TracedPayload&)>;
  absl::StatusOr<uint64_t> Drain(const PayloadSink& sink);
  // What is traced: what was asked for, cut down to what the capability allows.
  const abi::TraceFilter& filter() const;
  // Records seen, and records overwritten before they were read, with parts of
  // payloads that belong to those. Their sum is what was written. A payload is
  // written in records of its own (TracedPayload::parts).
  uint64_t seen() const;
  uint64_t lost() const;
  // Of those seen: left out here, since another tracer of the same scope wanted
  // them, or since they are about a port that is not traced; parts of payloads.
  uint64_t passed() const;
  // What threads say that they waited for this tracer, if it is lossless.
  struct Waits {
    uint64_t waits = 0;
    uint64_t in_vain = 0;  // of them: until the bound
    std::chrono::nanoseconds waited = std::chrono::nanoseconds(0);
  };
  Waits waits() const;

 private:
  class Core;
  explicit Tracer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ipc
