// Ranks of flows: which of the flows that a thread begins in a second are
// traced by a tracing at a rate.
//
// Where somebody traces at a rate, a flow that begins gets a number that says
// the how-many-th of its second and thread it is: its rank. A tracing at rate N
// keeps ranks up to N. So a flow is kept whole, wherever it goes, and several
// rates keep parts of one another; nobody has to remember or to ask.
//
//   bits 40..63  session, as in every flow
//   bit  39      it has a rank
//   bit  38      it is beyond kTraceRateMax; then 38 bits of its own follow
//   bits 12..37  number of the thread's second
//   bits 0..11   rank, 1 to kTraceRateMax
//
// A rank is what the process in which the flow began says.
#pragma once

#include <array>
#include <cstdint>

#include "libipc/abi/tracing.h"

namespace base {

inline constexpr uint64_t kFlowRanked = uint64_t{1} << 39;
inline constexpr uint64_t kFlowBeyond = uint64_t{1} << 38;
inline constexpr uint32_t kFlowRankBits = 12;
inline constexpr uint64_t kFlowSecondMax = (uint64_t{1} << 26) - 1;
static_assert(ipc::abi::kTraceRateMax == (1u << kFlowRankBits) - 1);

// What a session's flows have in common is in `flow`, an ordinary one of it.
inline uint64_t RankedFlow(uint64_t flow, uint64_t second, uint32_t rank) {
  if (rank > ipc::abi::kTraceRateMax) return flow | kFlowRanked | kFlowBeyond;
  return (flow >> 40 << 40) | kFlowRanked |
         (second & kFlowSecondMax) << kFlowRankBits | rank;
}
inline bool HasRank(uint64_t flow) { return (flow & kFlowRanked) != 0; }
inline uint32_t RankOf(uint64_t flow) {
  if ((flow & kFlowBeyond) != 0) return ipc::abi::kTraceRateMax + 1;
  return static_cast<uint32_t>(flow & ipc::abi::kTraceRateMax);
}

// Counts the flows of a thread's second.
class FlowCount {
 public:
  // The next one's place in that second.
  uint32_t Next(uint64_t second) {
    if (second != second_) {
      second_ = second;
      count_ = 0;
    }
    return ++count_;
  }
  bool IsNew(uint64_t second) const { return second != second_; }

 private:
  uint64_t second_ = UINT64_MAX;
  uint32_t count_ = 0;
};

// Of flows that have no rank, since they began where nobody traces at a rate:
// their places among those that come to a thread. It knows the last ones by
// their numbers, each until another takes its place.
class FlowPlaces {
 public:
  template <typename SecondNow>
  uint32_t Of(uint64_t flow, SecondNow&& second_now) {
    Entry& entry = entries_[(flow ^ flow >> 6) % entries_.size()];
    if (entry.flow != flow) entry = {flow, count_.Next(second_now())};
    return entry.place;
  }

 private:
  struct Entry {
    uint64_t flow;
    uint32_t place;
  };
  std::array<Entry, 64> entries_ = {};
  FlowCount count_;
};

// Whether a tracing at that rate keeps the flow.
template <typename SecondNow>
bool IsWithinRate(uint64_t flow, uint32_t rate, FlowPlaces& places,
                  SecondNow&& second_now) {
  if (rate == 0 || rate == ipc::abi::kTraceRateAny) return true;
  return (HasRank(flow) ? RankOf(flow) : places.Of(flow, second_now)) <= rate;
}

}  // namespace base
