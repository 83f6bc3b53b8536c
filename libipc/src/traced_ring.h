// TracedRing: a trace ring as a tracer reads it. Puts payloads together with
// their records; a part that was lost is never taken for another message's.
#pragma once

#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "ipc/trace.h"
#include "libipc/base/trace_ring.h"

namespace ipc {

class TracedRing {
 public:
  struct Traced {
    TraceRecord record;
    TracedPayload payload;
    uint64_t records;  // in the ring
  };
  using Sink = absl::FunctionRef<void(const Traced&)>;

  explicit TracedRing(base::TraceRingReader reader)
      : reader_(std::move(reader)) {}

  // Returns how many parts of payloads had lost their records. A record and its
  // payload are published as one, so nothing is left half read.
  uint64_t Drain(Sink sink);
  // The same in two steps, for at most so many records: their room is free
  // after the first, which returns false when there were none. A payload may go
  // on in the next ones; its record is handed out with its end.
  bool Fetch(uint64_t most);
  uint64_t Hand(Sink sink);
  uint64_t position() const { return reader_.position(); }
  const base::Half& half() const { return reader_.half(); }
  abi::TraceWaits waits() const { return reader_.waits(); }
  uint64_t lost() const { return reader_.lost(); }
  // Passes what was written before, as TraceRingReader.
  void Pass(absl::FunctionRef<bool(const TraceRecord&)> is_older) {
    reader_.Pass([&](const TraceRecord& record) {
      return record.kind == static_cast<uint16_t>(TraceKind::payload) ||
             is_older(record);
    });
  }

 private:
  // `lost`: records before this one.
  void Take(const TraceRecord& record, uint64_t lost, Sink sink);
  bool TakePart(const abi::TracePayloadPart& part);
  void Finish(uint64_t lost, Sink sink);

  struct Fetched {
    TraceRecord record;
    uint64_t lost;
  };
  base::TraceRingReader reader_;
  std::vector<Fetched> fetched_;
  bool goes_on_ = false;  // more was there than was fetched
  bool pending_ = false;
  bool broken_ = false;
  TraceRecord record_ = {};
  std::vector<std::byte> bytes_;
  uint64_t records_ = 0;
  uint32_t parts_ = 0;  // said to be there
  uint32_t taken_ = 0;
  uint64_t lost_before_ = 0;
  uint64_t orphans_ = 0;
};

}  // namespace ipc
