// What a Message is made of; libipc's own.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ipc/flow.h"
#include "ipc/message.h"
#include "ipc/region.h"
#include "libipc/abi/lane.h"
#include "libipc/base/clock.h"
#include "libipc/base/memory.h"
#include "libipc/base/trace_clock.h"

namespace ipc {

// Own memory of a message that is not small.
struct FreeMessageBuffer {
  bool kept = false;
  void operator()(std::byte* at) const;
};
using MessageBuffer = std::unique_ptr<std::byte[], FreeMessageBuffer>;
MessageBuffer TakeMessageBuffer(size_t bytes);

struct Message::State {
  // One of several lent blocks.
  struct Part {
    abi::LoanRef loan;
    std::shared_ptr<base::Mapping> mapping;
    Bytes bytes;
  };
  State() = default;
  // Of a record whose payload, prefix words before it, will lie in `small`.
  [[gnu::always_inline]] State(const abi::RecordHeader& header, uint64_t of,
                               uint64_t badge_)
      : incarnation(of),
        flags(header.flags),
        correlation(header.correlation),
        label(header.label),
        flow(header.flow),
        badge(badge_),
        payload(small, header.payload_bytes) {}
  ~State();
  // From a small store of each thread: one comes with every message.
  static void* operator new(size_t bytes);
  static void operator delete(void* at);

  // Copies the payload out of the ring.
  void CopyIn(const uint8_t* from, size_t bytes);
  // The lent block, of this mapping, is the payload. Whether it lies there.
  bool Show(const std::shared_ptr<base::Mapping>& of);
  std::span<const Part> parts() const {
    return rare != nullptr ? std::span<const Part>(rare->parts)
                           : std::span<const Part>();
  }
  bool is_call() const { return (flags & abi::kRecordCall) != 0; }
  bool has_loan() const { return (flags & abi::kRecordLoan) != 0; }
  bool has_parts() const {
    constexpr uint16_t kBoth = abi::kRecordLoan | abi::kRecordParts;
    return (flags & kBoth) == kBoth;
  }
  // Whether something about it is still to be done over its lane.
  static bool NeedsLane(const abi::RecordHeader& header) {
    return (header.flags & (abi::kRecordCall | abi::kRecordLoan)) != 0 ||
           header.handle_count > 0;
  }

  std::shared_ptr<LaneEnd> lane;  // null: nothing is to be done there
  uint64_t incarnation = 0;       // of the peer, for what is owed to it
  uint16_t flags = 0;
  uint16_t handle_count = 0;
  uint32_t correlation = 0;
  uint32_t label = 0;
  uint64_t flow = 0;      // that it came with
  uint64_t new_flow = 0;  // that begins with it; 0: none, `flow` goes on
  uint64_t badge = 0;
  uint64_t token = 0;
  int64_t deadline_ns = base::kNoDeadline;
  base::TraceStamp sent_at = 0;      // 0: not traced
  base::TraceStamp received_at = 0;  // 0: not traced
  bool answered = false;
  bool noted = false;      // a call in the taker's flight record
  bool in_region = false;  // an answer that came in a region of its own
  Bytes payload;

  // Own memory: small payloads lie in the state itself.
  std::byte small[160];
  MessageBuffer large;
  abi::LoanRef loan;                       // where a loan lies
  std::shared_ptr<base::Mapping> mapping;  // of a loan
  // What only few messages have.
  struct Rare {
    uint64_t lost = 0;  // right before it
    std::vector<Part> parts;
    MessageBuffer copy;  // of what was lent
    // An answer in a region: its mapping, and the other capabilities.
    Mapping region;
    std::vector<ReceivedCapability> redeemed;
  };
  std::unique_ptr<Rare> rare;

  // Its end has nothing to do but to leave its flow.
  bool HoldsNothing() const {
    return lane == nullptr && large == nullptr && mapping == nullptr &&
           rare == nullptr;
  }

  // Of what is sent for it.
  uint64_t carried_flow() const { return new_flow != 0 ? new_flow : flow; }

  Rare& MakeRare() {
    if (rare == nullptr) rare = std::make_unique<Rare>();
    return *rare;
  }
};

// The lent bytes, if they lie in the mapping.
bool Within(const base::Mapping& mapping, const abi::LoanRef& loan,
            Bytes* bytes);

// What a thread acts in.
struct ThreadFlow {
  Flow flow;
  // By receiving it; null: otherwise. Only compared: it may be gone, or be
  // another thread's by now.
  const Message::State* message = nullptr;

  static Flow Of(const Message::State& state) {
    return {state.carried_flow(), state.received_at};
  }
  static Flow Of(const Message& message);
  base::TraceStamp received_at() const { return flow.received_at_; }
};
inline constinit thread_local ThreadFlow t_flow;

inline void EnterFlow(const Message::State& state) {
  t_flow = {ThreadFlow::Of(state), &state};
}
// It ends. Another thread's flow is not its business, nor what this one has
// entered since.
inline void LeaveFlow(const Message::State& state) {
  if (t_flow.message == &state) t_flow = {};
}

}  // namespace ipc
