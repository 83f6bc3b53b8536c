#include "traced_ring.h"

#include <cstring>

namespace ipc {

uint64_t TracedRing::Drain(Sink sink) {
  orphans_ = 0;
  reader_.Drain(
      [&](const TraceRecord& record) { Take(record, reader_.lost(), sink); });
  Finish(reader_.lost(), sink);
  return orphans_;
}

bool TracedRing::Fetch(uint64_t most) {
  fetched_.clear();
  const uint64_t count = reader_.Drain(
      [&](const TraceRecord& record) {
        fetched_.push_back({record, reader_.lost()});
      },
      most);
  // A record is published with its payload: what is there ends with one.
  goes_on_ = !reader_.at_end();
  return count > 0;
}

uint64_t TracedRing::Hand(Sink sink) {
  orphans_ = 0;
  for (const Fetched& fetched : fetched_)
    Take(fetched.record, fetched.lost, sink);
  if (!goes_on_) Finish(reader_.lost(), sink);
  return orphans_;
}

void TracedRing::Take(const TraceRecord& record, uint64_t lost, Sink sink) {
  if (record.kind == static_cast<uint16_t>(TraceKind::payload)) {
    abi::TracePayloadPart part;
    std::memcpy(&part, &record, sizeof(part));
    if (!TakePart(part)) ++orphans_;
    return;
  }
  Finish(lost, sink);
  pending_ = true;
  broken_ = false;
  record_ = record;
  bytes_.clear();
  records_ = 1;
  parts_ = taken_ = 0;
  lost_before_ = lost;
}

bool TracedRing::TakePart(const abi::TracePayloadPart& part) {
  if (!pending_) return false;
  const bool follows =
      !broken_ && part.sequence == record_.sequence + 1 + taken_ &&
      part.index == taken_ && (taken_ == 0 || part.parts == parts_) &&
      part.count <= sizeof(part.bytes) &&
      bytes_.size() + part.count <= abi::kTraceSnapMax;
  if (!follows) {
    // Nothing that comes later can belong to what is here.
    broken_ = true;
    return false;
  }
  const auto* from = reinterpret_cast<const std::byte*>(part.bytes);
  bytes_.insert(bytes_.end(), from, from + part.count);
  parts_ = part.parts;
  ++taken_;
  ++records_;
  return true;
}

void TracedRing::Finish(uint64_t lost, Sink sink) {
  if (!std::exchange(pending_, false)) return;
  const bool cut = broken_ || taken_ != parts_ || lost != lost_before_;
  sink({record_, {bytes_, cut}, records_});
}

}  // namespace ipc
