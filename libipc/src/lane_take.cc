// The part of LaneEnd that takes records: messages, replies, returns.
#include <algorithm>
#include <cstring>

#include "flow_ids.h"
#include "lane_end.h"
#include "transfer.h"

namespace ipc {
namespace {

using State = base::RingReader::State;

constexpr int kControlRecordsInTurn = 64;

}  // namespace

bool LaneEnd::Peek(Parsed* parsed) {
  if (!turns_.empty()) TakeTurns();
  if (!in_.valid() || in_.position() >= in_end_) return false;
  const bool copies = copied_ != nullptr;
  const State state =
      copies ? PeekCopy(&parsed->header) : in_.Peek(&parsed->header);
  if (state == State::kEmpty) return false;
  const uint16_t flags = parsed->header.flags;
  const uint8_t* at = copies ? copied_.get() : in_.Payload();
  uint32_t left = parsed->header.payload_bytes;
  auto get = [&](uint16_t flag, auto* word) {
    if ((flags & flag) == 0) return true;
    if (left < sizeof(*word)) return false;
    std::memcpy(word, at, sizeof(*word));
    at += sizeof(*word);
    left -= sizeof(*word);
    return true;
  };
  if (state == State::kMalformed || !get(abi::kRecordToken, &parsed->token) ||
      !get(abi::kRecordDeadline, &parsed->deadline_ns) ||
      !get(abi::kRecordSent, &parsed->sent_at) ||
      !get(abi::kRecordNumber, &parsed->number) ||
      !get(abi::kRecordSampled, &parsed->sample) ||
      parsed->header.handle_count > abi::kMessageHandlesMax ||
      (copies && !IsNumbered(*parsed))) {
    Break();
    return false;
  }
  parsed->payload = at;
  parsed->bytes = left;
  return true;
}

void LaneEnd::ConsumeRecord(const Parsed& parsed) {
  in_.Consume(parsed.header, own_.get());
  room_look_due_ = true;
  WakePeerForRoom(in_.position() - room_told_ >= in_.ring_bytes() / 8);
}

Message::StatePtr LaneEnd::MakeState(const Parsed& parsed) {
  // Not value-initialised: its room for small payloads need not be zeroed.
  Message::StatePtr state(new Message::State);
  // Only who answers, gives back or redeems needs the lane later.
  if (state->NeedsLane(parsed.header) || traced())
    state->lane = shared_from_this();
  state->incarnation = incarnation_;
  state->flags = parsed.header.flags;
  state->handle_count = parsed.header.handle_count;
  state->correlation = parsed.header.correlation;
  state->label = parsed.header.label;
  state->flow = parsed.header.flow;
  if (new_flows_) state->new_flow = NewFlow(*session_);
  state->badge = role_ == Role::kReceiver ? badge_ : 0;
  state->token = parsed.token;
  state->deadline_ns = parsed.deadline_ns;
  state->sent_at = parsed.sent_at;
  ReadPayload(parsed, *state);
  CountTaken(1);
  if (IsFlightDue()) NoteTaken(*state);
  return state;
}

void LaneEnd::ReadPayload(const Parsed& parsed, Message::State& state) {
  if (state.has_parts()) {
    ReadParts(parsed, state);
  } else if (state.has_loan()) {
    if (parsed.bytes == sizeof(state.loan))
      std::memcpy(&state.loan, parsed.payload, sizeof(state.loan));
    else
      state.loan.attachment = ~uint32_t{0};  // resolves to an error
  } else {
    state.CopyIn(parsed.payload, parsed.bytes);
  }
}

// What is malformed has no parts, which resolves to an error.
void LaneEnd::ReadParts(const Parsed& parsed, Message::State& state) {
  abi::LoanParts parts;
  if (parsed.bytes < sizeof(parts)) return;
  std::memcpy(&parts, parsed.payload, sizeof(parts));
  const uint64_t refs = uint64_t{parts.count} * sizeof(abi::LoanRef);
  if (parts.count > abi::kLoanPartsMax || sizeof(parts) + refs > parsed.bytes)
    return;
  auto& lent = state.MakeRare().parts;
  lent.resize(parts.count);
  const uint8_t* at = parsed.payload + sizeof(parts);
  for (Message::State::Part& part : lent) {
    std::memcpy(&part.loan, at, sizeof(part.loan));
    at += sizeof(part.loan);
  }
  state.CopyIn(at, parsed.bytes - sizeof(parts) - refs);
}

// What waits in the peer's half, the record at hand included.
void LaneEnd::NoteQueued() {
  const uint64_t tail = in_.half()->tail().load(std::memory_order_relaxed);
  const uint64_t queued = tail - in_.position();
  uint64_t& most = own_->counters().queued_bytes_most;
  if (queued > in_.ring_bytes() || queued <= most) return;
  base::Count(most, queued - most);
}

void LaneEnd::TakeBack(const uint8_t* payload, uint32_t bytes) {
  abi::LoanReturn back;
  if (bytes != sizeof(back)) return;
  std::memcpy(&back, payload, sizeof(back));
  // Only what was lent through this lane can come back through it.
  const auto found =
      std::find_if(lent_.begin(), lent_.end(), [&](const Lent& lent) {
        return lent.attachment == back.attachment && lent.offset == back.offset;
      });
  if (found == lent_.end()) return;
  found->pool->Free(found->offset);
  if (IsFlightDue()) NoteLoan(abi::TraceKind::lent_back, *found);
  lent_bytes_ -= found->bytes;
  lent_.erase(found);
  CountLent();
}

void LaneEnd::PollReplies() {
  if (!in_.valid()) return;
  Parsed parsed;
  // At most what could be there now: the peer may go on publishing.
  const uint64_t end = in_.position() + own_->ring_bytes();
  while (in_.position() < end && Peek(&parsed)) {
    if ((parsed.header.flags & abi::kRecordReturn) != 0)
      TakeBack(parsed.payload, parsed.bytes);
    else if ((parsed.header.flags & abi::kRecordReply) != 0)
      DeliverReply(parsed);
    ConsumeRecord(parsed);
    parsed = {};
  }
  if (in_.valid() && room_look_due_) WakePeerForRoom(true);
}

void LaneEnd::DeliverReply(const Parsed& parsed) {
  const auto found = FindCall(parsed.header.correlation);
  if (found == calls_.end()) {
    stale_.fetch_add(1, std::memory_order_relaxed);
    GiveBackUntaken(parsed);
    return;
  }
  CallSlot* slot = *found;
  calls_.erase(found);
  slot->done = true;
  if ((parsed.header.flags & abi::kRecordDropped) != 0)
    slot->error = Error::dropped;
  else
    slot->reply = MakeState(parsed);
}

// Nobody will take what came with it: lent blocks go back, capabilities are
// closed once the mutex is free.
void LaneEnd::GiveBackUntaken(const Parsed& parsed) {
  if ((parsed.header.flags & abi::kRecordLoan) != 0) {
    const Message::StatePtr state(new Message::State);
    state->flags = parsed.header.flags;
    state->incarnation = incarnation_;
    ReadPayload(parsed, *state);
    OweLoans(*state);
  }
  Unwanted(parsed.header.handle_count, parsed.token);
}

LaneEnd::Take LaneEnd::TakeMessage(Message::StatePtr* message) {
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  if (!owed_.empty()) FlushOwed();
  if ((unusual_ & kInPlace) != 0) return Take::kNothing;
  Parsed parsed;
  for (int passed = 0; Peek(&parsed); ++passed) {
    // Records that are no messages must not keep others waiting either.
    if (passed == kControlRecordsInTurn) return Take::kNothing;
    const uint16_t flags = parsed.header.flags;
    const uint32_t correlation = parsed.header.correlation;
    if ((flags & abi::kRecordReturn) != 0) {
      TakeBack(parsed.payload, parsed.bytes);
      ConsumeRecord(parsed);
    } else if ((flags & abi::kRecordCancel) != 0) {
      for (OpenCall& open : open_calls_)
        if (open.correlation == correlation) open.cancelled = true;
      ConsumeRecord(parsed);
    } else if ((flags & abi::kRecordReply) != 0) {
      ConsumeRecord(parsed);  // nobody asked: ignored
    } else if (!TakeOffer(parsed)) {
      ConsumeRecord(parsed);
    } else {
      *message = MakeState(parsed);
      int64_t taken_ns = 0;
      if ((flags & abi::kRecordSampled) != 0)
        taken_ns = NoteTakenSample(&parsed.sample);
      if ((flags & abi::kRecordCall) != 0)
        AddOpenCall(parsed.header, parsed.deadline_ns, taken_ns);
      if (copied_ != nullptr) CountLost(parsed, **message);
      ConsumeRecord(parsed);
      // Its sender waits for just that.
      if (offer_ != nullptr) WakePeerForRoom(true);
      return Take::kMessage;
    }
    parsed = {};
  }
  if (in_.valid() && room_look_due_) WakePeerForRoom(true);
  return cut_ != Error::ok ? Take::kFinished : Take::kNothing;
}

void LaneEnd::CloseUnwanted() {
  std::vector<uint64_t> tokens;
  {
    std::lock_guard lock(mutex_);
    tokens.swap(unwanted_tokens_);
  }
  for (const uint64_t token : tokens) Discard(*this, token);
}

}  // namespace ipc
