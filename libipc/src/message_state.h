// What a Message is made of; libipc's own.
#pragma once

#include <memory>

#include "ipc/message.h"
#include "ipc/region.h"
#include "libipc/abi/lane.h"
#include "libipc/base/clock.h"
#include "libipc/base/memory.h"

namespace ipc {

struct Message::State {
  ~State();

  // Copies the payload out of the ring.
  void CopyIn(const uint8_t* from, size_t bytes);
  bool is_call() const { return (flags & abi::kRecordCall) != 0; }
  bool has_loan() const { return (flags & abi::kRecordLoan) != 0; }

  std::shared_ptr<LaneEnd> lane;
  uint64_t incarnation = 0;  // of the peer, for what is owed to it
  uint16_t flags = 0;
  uint16_t handle_count = 0;
  uint32_t correlation = 0;
  uint32_t label = 0;
  uint64_t flow = 0;
  uint64_t badge = 0;
  uint64_t token = 0;
  int64_t deadline_ns = base::kNoDeadline;
  int64_t sent_ns = 0;      // 0: not traced
  int64_t received_ns = 0;  // 0: not traced
  bool answered = false;
  bool in_region = false;  // an answer that came in a region of its own
  bool in_flow = false;    // the receiving thread entered the message's flow
  Bytes payload;

  // Own memory: small payloads lie in the state itself.
  std::byte small[160];
  std::unique_ptr<std::byte[]> large;
  // A loan: where it lies.
  abi::LoanRef loan = {};
  std::shared_ptr<base::Mapping> mapping;
  // An answer in a region: its mapping, and the other capabilities.
  Mapping own_region;
  std::vector<ReceivedCapability> redeemed;
};

// The flow that this thread's sends inherit; 0: none.
uint64_t CurrentFlow();
void EnterFlow(uint64_t flow);
void LeaveFlow(uint64_t flow);

}  // namespace ipc
