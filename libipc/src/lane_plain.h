// The most usual of the usual (lane_fast.h): a small payload with nothing
// beside it, on a lane that is not traced. When sent, it is neither measured
// nor noted either. Each function does the whole or nothing.
//
// Always in line, and without an Outgoing: the words of the record go from
// registers into the ring.
#pragma once

#include "lane_fast.h"

namespace ipc {

// Whether a request of these bytes can be published right now.
[[gnu::always_inline]] inline bool LaneEnd::IsPlain(Bytes payload) {
  return IsUsual() && lent_.empty() && !traced() && !IsSampleDue() &&
         !IsFlightDue() && payload.size() <= kUsualBytes &&
         out_.HasRoom(payload.size(), nullptr);
}

[[gnu::always_inline]] inline bool LaneEnd::TrySendPlain(Bytes payload,
                                                         uint32_t label) {
  if (!session_->IsQuiet()) return false;
  const base::BiasedLock lock(mutex_);
  if (!IsPlain(payload)) return false;
  PublishBytes(out_.Here(), 0, payload, 0, 0, label, FlowToSend(*session_));
  WakeKnownPeerForRecords();
  return true;
}

[[gnu::always_inline]] inline bool LaneEnd::TryCallPlain(Bytes payload,
                                                         uint32_t label,
                                                         CallSlot& slot) {
  if (!session_->IsQuiet()) return false;
  const base::BiasedLock lock(mutex_);
  if (!IsPlain(payload)) return false;
  slot.flow = FlowToSend(*session_);
  AddCall(&slot);
  PublishBytes(out_.Here(), 0, payload, abi::kRecordCall, slot.correlation,
               label, slot.flow);
  WakeKnownPeerForRecords();
  return true;
}

// Null: there is none, or not such a one.
[[gnu::always_inline]] inline Message::StatePtr LaneEnd::TryTakePlain(
    const std::shared_ptr<LaneEnd>& self, base::RingReader::Probe* next) {
  const base::BiasedLock lock(mutex_);
  abi::RecordHeader header;
  if (!IsUsual() || traced() || !in_.Ready() ||
      !PeekUsual(abi::kRecordCall, &header))
    return nullptr;
  Message::StatePtr state = TakePeeked(header);
  if (header.flags != 0) {
    state->lane = self;
    AddOpenCall(header, base::kNoDeadline, 0);
  }
  *next = in_.ProbeHere();
  return state;
}

}  // namespace ipc
