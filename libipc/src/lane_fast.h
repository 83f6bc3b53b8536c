// The usual, in as few steps as can be: a small payload or a block at hand, no
// capabilities, room is there, no news. One lock, no allocation; only who
// answers or reads a block later counts as a user of the lane. Each function
// does the whole or nothing, but for taking returned blocks; where it says no,
// the full path in the other files is taken, which also tells why things are
// done so.
//
// In line, because a call and its saved registers cost as much as what it does.
#pragma once

#include "flow_ids.h"
#include "lane_end.h"
#include "libipc/base/copy.h"

namespace ipc {

// A message of this size lies in its state.
inline constexpr uint64_t kUsualBytes = sizeof(Message::State::small);
// From here on a copy that is lent beats a copy into the ring and another out
// of it. Measured: docs/performance.md.
inline constexpr uint64_t kLentBytes = 8u << 10;

// What stands before a usual payload, in this order.
inline constexpr uint16_t kPrefixed =
    abi::kRecordDeadline | abi::kRecordSent | abi::kRecordSampled;

inline uint8_t* LaneEnd::PutPrefix(const Outgoing& record, uint8_t* at) {
  const auto put = [&](uint16_t flag, const auto& word) {
    if ((record.flags & flag) == 0) return;
    std::memcpy(at, &word, sizeof(word));
    at += sizeof(word);
  };
  put(abi::kRecordDeadline, record.deadline_ns);
  put(abi::kRecordSent, record.sent_at);
  put(abi::kRecordSampled, record.sample);
  return at;
}

// Writes the payload behind a prefix that is there already, and publishes it.
[[gnu::always_inline]] inline void LaneEnd::PublishBytes(
    uint8_t* here, size_t prefix, Bytes payload, uint16_t flags,
    uint32_t correlation, uint32_t label, uint64_t flow) {
  base::CopySmall(here + sizeof(abi::RecordHeader) + prefix, payload.data(),
                  payload.size());
  out_.PublishAt(
      here, {.stamp = 0,
             .payload_bytes = static_cast<uint32_t>(prefix + payload.size()),
             .flags = flags,
             .handle_count = 0,
             .correlation = correlation,
             .label = label,
             .flow = flow});
  CountSent(payload.size());
}

inline void LaneEnd::PublishUsual(const Outgoing& record) {
  uint8_t* const here = out_.Here();
  size_t prefix = 0;
  if ((record.flags & kPrefixed) != 0) {
    uint8_t* const begin = here + sizeof(abi::RecordHeader);
    prefix = static_cast<size_t>(PutPrefix(record, begin) - begin);
  }
  PublishBytes(here, prefix, record.payload, record.flags, record.correlation,
               record.label, record.flow);
  if (IsFlightDue()) [[unlikely]]
    NoteSent(record);
}

inline void LaneEnd::PublishRequest(Outgoing& record, CallSlot* slot) {
  if (IsSampleDue()) [[unlikely]]
    AddSample(record, slot);
  PublishUsual(record);
}

// With room for two prefix words besides.
[[gnu::always_inline]] inline bool LaneEnd::HasRoomUsual(Bytes payload) {
  return payload.size() <= kUsualBytes &&
         HasRoomFor(payload.size() + 2 * sizeof(uint64_t));
}

inline bool LaneEnd::TakeReturns() {
  abi::RecordHeader header;
  // At most as many as are owed here.
  while (!lent_.empty() && in_.Ready()) {
    if (!PeekUsual(abi::kRecordReturn, &header) ||
        header.flags != abi::kRecordReturn)
      return false;
    const size_t before = lent_.size();
    TakeBack(in_.Payload(), header.payload_bytes);
    ConsumeUsual(header);
    if (lent_.size() == before) return false;  // a peer that lies
  }
  return true;
}

inline bool LaneEnd::TrySend(Outgoing& record, CallSlot* slot) {
  if (!session_->IsQuiet()) return false;
  const base::BiasedLock lock(mutex_);
  if (!IsUsual() || !TakeReturns() || !HasRoomUsual(record.payload))
    return false;
  if (slot != nullptr) AddCall(record, *slot);
  PublishRequest(record, slot);
  WakeKnownPeerForRecords();
  return true;
}

inline bool LaneEnd::TryLend(Outgoing& record, Loan& loan, CallSlot* slot) {
  if (!session_->IsQuiet()) return false;
  const base::BiasedLock lock(mutex_);
  const Attached* const known = FindKnown(PoolCore::Of(loan));
  if (!IsUsual() || known == nullptr || !TakeReturns()) return false;
  const abi::LoanRef ref = {known->number, 0, PoolCore::OffsetOf(loan),
                            loan.bytes().size()};
  Outgoing lending = record;
  lending.flags |= abi::kRecordLoan;
  lending.payload = std::as_bytes(std::span(&ref, 1));
  if (!HasRoomUsual(lending.payload)) return false;
  if (slot != nullptr) AddCall(lending, *slot);
  const uint64_t position = out_.position();
  PublishRequest(lending, slot);
  WakeKnownPeerForRecords();
  // Returns are looked for under this lock only: it is in time.
  AddLent({ref.attachment, ref.offset, ref.bytes, position, record.flow,
           PoolCore::Disown(loan)});
  return true;
}

// All but publishing is done before the copy, which drives it from the caches.
inline bool LaneEnd::TryCopy(Outgoing& record, CallSlot* slot) {
  if (!session_->IsQuiet()) return false;
  const Bytes payload = record.payload;
  const base::BiasedLock lock(mutex_);
  const Attached* const known = FindKnown(warm_pool_);
  if (payload.size() > inline_max_ || !IsUsual() || known == nullptr ||
      !TakeReturns())
    return false;
  abi::LoanRef ref = {known->number, 0, 0, payload.size()};
  Outgoing lending = record;
  lending.flags |= abi::kRecordLoan;
  lending.payload = std::as_bytes(std::span(&ref, 1));
  if (!HasRoomUsual(lending.payload)) return false;
  const auto offset = warm_pool_->Allocate(payload.size());
  if (!offset.ok()) return false;
  ref.offset = *offset;
  if (slot != nullptr) AddCall(lending, *slot);
  AddLent({ref.attachment, ref.offset, ref.bytes, out_.position(), record.flow,
           warm_pool_});
  std::memcpy(warm_pool_->At(ref.offset), payload.data(), payload.size());
  PublishRequest(lending, slot);
  WakeKnownPeerForRecords();
  return true;
}

inline size_t LaneEnd::TrySendMany(Outgoing& record,
                                   std::span<const Bytes> payloads) {
  if (!session_->IsQuiet()) return 0;
  const base::BiasedLock lock(mutex_);
  if (!IsUsual() || traced() || !TakeReturns()) return 0;
  size_t sent = 0;
  for (; sent < payloads.size(); ++sent) {
    record.payload = payloads[sent];
    if (!HasRoomUsual(record.payload)) break;
    if (IsSampleDue() || IsFlightDue()) [[unlikely]] {
      PublishRequest(record, nullptr);
      record.flags = 0;
    } else {
      PublishBytes(out_.Here(), 0, payloads[sent], 0, 0, record.label,
                   record.flow);
    }
  }
  if (sent > 0) WakeKnownPeerForRecords();
  return sent;
}

// The next record, which is ready, if it has no flags but these and fits into a
// state; its prefix is left in its payload.
[[gnu::always_inline]] inline bool LaneEnd::PeekUsual(
    uint16_t flags, abi::RecordHeader* header) {
  return in_.position() < in_end_ &&
         in_.PeekReady(header) == base::RingReader::State::kRecord &&
         (header->flags & ~flags) == 0 && header->handle_count == 0 &&
         header->payload_bytes <= kUsualBytes;
}

// The block that a peeked record lends, of the mapping that was read from last.
inline bool LaneEnd::PeekKnownLoan(const abi::RecordHeader& header,
                                   size_t before, abi::LoanRef* loan) {
  if (known_map_.mapping == nullptr ||
      header.payload_bytes != before + sizeof(*loan))
    return false;
  std::memcpy(loan, in_.Payload() + before, sizeof(*loan));
  const uint64_t bytes = known_map_.mapping->bytes();
  return loan->attachment == known_map_.attachment &&
         known_map_.incarnation == incarnation_ && loan->offset <= bytes &&
         loan->bytes <= bytes - loan->offset;
}

// The message of a peeked record.
[[gnu::always_inline]] inline Message::StatePtr LaneEnd::TakePeeked(
    const abi::RecordHeader& header, size_t prefix_bytes) {
  Message::StatePtr state(new Message::State(
      header, incarnation_, role_ == Role::kReceiver ? badge_ : 0));
  if (new_flows_) [[unlikely]]
    state->new_flow = NewFlow(*session_);
  // Up to its last line the record may be read, whatever its payload's size.
  base::CopyLines(state->small, in_.Payload(), header.payload_bytes);
  if (prefix_bytes != 0) state->payload = state->payload.subspan(prefix_bytes);
  CountTaken(1);
  ConsumeUsual(header);
  if (IsFlightDue()) [[unlikely]]
    NoteTaken(*state);
  return state;
}

[[gnu::always_inline]] inline void LaneEnd::ConsumeUsual(
    const abi::RecordHeader& header) {
  in_.Consume(header, own_.get());
  room_look_due_ = true;
  const uint32_t armed = in_.half()->armed().load(std::memory_order_relaxed);
  if ((armed & abi::kArmRoomFutex) != 0 ||
      in_.position() - room_told_ >= in_.ring_bytes() / 8)
    WakePeerForRoom(in_.position() - room_told_ >= in_.ring_bytes() / 8);
}

inline LaneEnd::Try LaneEnd::TryTake(Message::StatePtr* message,
                                     base::RingReader::Probe* next) {
  const base::BiasedLock lock(mutex_);
  abi::RecordHeader header;
  constexpr uint16_t kFlags = kPrefixed | abi::kRecordCall | abi::kRecordLoan;
  if (!IsUsual()) return Try::kUnusual;
  if (!in_.Ready()) {
    if (room_look_due_) WakePeerForRoom(true);
    *next = in_.ProbeHere();
    return Try::kNothing;
  }
  if (!PeekUsual(kFlags, &header)) return Try::kUnusual;
  if (header.flags == 0) {
    *message = TakePeeked(header);
    if (traced()) [[unlikely]]
      (*message)->lane = shared_from_this();
    *next = in_.ProbeHere();
    return Try::kTaken;
  }
  const bool has_deadline = (header.flags & abi::kRecordDeadline) != 0;
  const bool has_sent = (header.flags & abi::kRecordSent) != 0;
  const bool has_sample = (header.flags & abi::kRecordSampled) != 0;
  const size_t prefix =
      (has_deadline + has_sent + has_sample) * sizeof(uint64_t);
  if (header.payload_bytes < prefix) return Try::kUnusual;
  const bool has_loan = (header.flags & abi::kRecordLoan) != 0;
  abi::LoanRef loan = {};
  if (has_loan && !PeekKnownLoan(header, prefix, &loan)) return Try::kUnusual;
  Message::StatePtr state = TakePeeked(header, prefix);
  const std::byte* word = state->small;
  int64_t deadline_ns = base::kNoDeadline;
  if (has_deadline) {
    std::memcpy(&deadline_ns, word, sizeof(deadline_ns));
    state->deadline_ns = deadline_ns;
    word += sizeof(deadline_ns);
  }
  if (has_sent) {
    std::memcpy(&state->sent_at, word, sizeof(state->sent_at));
    word += sizeof(state->sent_at);
  }
  int64_t taken_ns = 0;
  if (has_sample) [[unlikely]]
    taken_ns = NoteTakenSample(word);
  if (has_loan || state->is_call() || traced())
    state->lane = shared_from_this();
  if (has_loan) {
    state->loan = loan;
    state->Show(known_map_.mapping);
  }
  if (state->is_call()) AddOpenCall(header, deadline_ns, taken_ns);
  *message = std::move(state);
  *next = in_.ProbeHere();
  return Try::kTaken;
}

inline std::optional<size_t> LaneEnd::TryInPlace(
    size_t most, absl::FunctionRef<void(const MessageInPlace&)> look,
    base::RingReader::Probe* next) {
  base::RingReader reader;
  uint64_t end = 0;
  abi::RecordHeader header;
  const auto is_plain = [&] {
    return reader.position() < end &&
           reader.Peek(&header) == base::RingReader::State::kRecord &&
           (header.flags == 0 || (header.flags == abi::kRecordSampled &&
                                  header.payload_bytes >= sizeof(uint64_t))) &&
           header.handle_count == 0;
  };
  {
    const base::BiasedLock lock(mutex_);
    if (!IsUsual() || traced()) return std::nullopt;
    *next = in_.ProbeHere();
    if (!in_.Ready()) {
      if (room_look_due_) WakePeerForRoom(true);
      return 0;
    }
    reader = in_;
    end = std::min(in_end_, in_.position() + own_->ring_bytes());
    if (!is_plain()) return std::nullopt;
    unusual_ |= kInPlace;
  }
  size_t count = 0;
  const ThreadFlow before = t_flow;
  do {
    const uint8_t* at = reader.Payload();
    uint64_t bytes = header.payload_bytes;
    if (header.flags != 0) [[unlikely]] {
      NoteTakenSample(at);
      at += sizeof(uint64_t);
      bytes -= sizeof(uint64_t);
    }
    const uint64_t flow = new_flows_ ? NewFlow(*session_) : header.flow;
    t_flow = {Flow::WithId(flow), nullptr};
    look({.label = header.label,
          .badge = badge_,
          .flow = flow,
          .payload = {reinterpret_cast<const std::byte*>(at), bytes}});
    reader.Consume(header, nullptr);
  } while (++count < most && is_plain());
  t_flow = before;
  const base::BiasedLock lock(mutex_);
  unusual_ &= static_cast<uint8_t>(~kInPlace);
  if (!turns_.empty()) mailbox_->Remind();
  CountTaken(count);
  in_.SkipTo(reader.position(), own_.get());
  *next = in_.ProbeHere();
  room_look_due_ = true;
  WakePeerForRoom(in_.position() - room_told_ >= in_.ring_bytes() / 8);
  return count;
}

inline bool LaneEnd::TryTakeReply(CallSlot& slot) {
  const base::BiasedLock lock(mutex_);
  abi::RecordHeader header;
  if (!IsUsual() || slot.done) return false;
  TakeReturns();  // false: something else stands first
  if (!in_.Ready() || !PeekUsual(abi::kRecordReply, &header) ||
      header.flags != abi::kRecordReply ||
      header.correlation != slot.correlation)
    return false;
  if (calls_.back() == &slot)
    calls_.pop_back();
  else
    std::erase(calls_, &slot);
  slot.done = true;
  slot.reply = TakePeeked(header);
  if (slot.weight != 0) [[unlikely]]
    NoteOutcome(slot);
  // Who waits for room has filled the ring: more would be here. Nothing else
  // may be looked at for long, so he is looked for with a fence.
  if (in_.Ready()) WakePeerForRoom(true);
  return true;
}

inline bool LaneEnd::TryAnswer(Message::State& state, Bytes payload) {
  if (!session_->IsQuiet()) return false;
  const base::BiasedLock lock(mutex_);
  if (!IsUsual() || !moved_replies_.empty() || open_calls_.size() != 1 ||
      !HasRoomUsual(payload))
    return false;
  const OpenCall& open = open_calls_.front();
  if (open.correlation != state.correlation || open.cancelled) return false;
  if (open.weight != 0) [[unlikely]]
    NoteAnswered(open);
  open_calls_.clear();
  state.answered = true;
  PublishBytes(out_.Here(), 0, payload, abi::kRecordReply, state.correlation,
               state.label, state.flow);
  if (IsFlightDue()) [[unlikely]]
    NoteSent({.flags = abi::kRecordReply,
              .correlation = state.correlation,
              .flow = state.flow,
              .label = state.label,
              .payload = payload});
  WakeKnownPeerForRecords();
  return true;
}

}  // namespace ipc
