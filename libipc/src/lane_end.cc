#include "lane_end.h"

#include <limits.h>

#include <algorithm>
#include <cstring>

#include "libipc/base/socket.h"
#include "thread_table.h"
#include "transfer.h"

namespace ipc {
namespace {

using State = base::RingReader::State;

constexpr size_t kOwedMax = 16'384;
constexpr int kControlRecordsInTurn = 64;
// Between the two looks that tell a deadlock from somebody slow to wake up.
constexpr int64_t kSecondLookNs = 10'000'000;

uint32_t ValueOf(const uint32_t* word) {
  return std::atomic_ref<uint32_t>(*const_cast<uint32_t*>(word))
      .load(std::memory_order_acquire);
}

Error WhenNoTimeLeft(Deadline deadline) {
  return deadline.ns == 0 ? Error::should_wait : Error::timed_out;
}

}  // namespace

std::shared_ptr<LaneEnd> LaneEnd::Create(Setup setup) {
  std::shared_ptr<LaneEnd> lane(new LaneEnd(std::move(setup)));
  lane->session_->AddLane(lane->handle_, lane->mailbox_);
  return lane;
}

LaneEnd::LaneEnd(Setup setup)
    : session_(std::move(setup.session)),
      role_(setup.role),
      handle_(setup.handle),
      lane_id_(setup.lane_id),
      port_id_(setup.port_id),
      badge_(setup.badge),
      bell_(std::move(setup.bell)),
      own_(std::move(setup.own)),
      inline_max_(std::min(abi::kPayloadBytesMax, own_->ring_bytes() / 4)),
      traced_(setup.traced),
      out_(own_, setup.own_start) {
  if (setup.peer != nullptr) {
    in_ = base::RingReader(std::move(setup.peer), setup.peer_start);
    own_->head().store(setup.peer_start, std::memory_order_release);
    room_told_ = setup.peer_start;
  }
}

LaneEnd::~LaneEnd() {
  // Nobody could take these blocks back later.
  ReclaimLoans(~uint64_t{0});
  session_->RemoveLane(handle_);
  session_->Post(abi::Syscall::lane_close, handle_);
}

// ---- mail ----------------------------------------------------------------

void LaneEnd::ProcessMail() {
  if (!mailbox_->HasMail()) return;
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
}

void LaneEnd::ProcessMailLocked() {
  if (!mailbox_->HasMail()) return;
  for (ipc::Answer& event : mailbox_->Take()) {
    switch (
        static_cast<abi::Event>(event.completion.number & ~abi::kEventFlag)) {
      case abi::Event::lane_joined:
        OnJoined(event);
        break;
      case abi::Event::lane_orphaned:
        OnOrphaned(event);
        break;
      case abi::Event::lane_cut:
        OnCut(event);
        break;
      case abi::Event::call_moved:
        OnCallMoved(event);
        break;
      case abi::Event::call_answered:
        OnCallAnswered(event);
        break;
      case abi::Event::lane_traced:
        traced_.store(event.value(0) != 0, std::memory_order_relaxed);
        break;
      case abi::Event::listeners_changed:
        listeners_.store(static_cast<uint32_t>(event.value(0)),
                         std::memory_order_relaxed);
        break;
      default:
        break;
    }
  }
}

void LaneEnd::OnJoined(ipc::Answer& event) {
  if (role_ != Role::kSender || event.descriptors.size() != 1) return;
  auto half = base::Half::Map(event.descriptors[0].get(), own_->ring_bytes(),
                              event.value(0), base::Access::kRead);
  if (!half.ok()) {
    Break();
    return;
  }
  ++incarnation_;
  in_ = base::RingReader(*std::move(half), event.value(2));
  room_told_ = event.value(2);
  own_->head().store(event.value(2), std::memory_order_release);
  if (event.value(1) > out_.known_head() && event.value(1) <= out_.position())
    out_.SetKnownHead(event.value(1));
  woken_records_ = woken_room_ = {};
  receiver_process_.store(event.value(3), std::memory_order_relaxed);
}

void LaneEnd::OnOrphaned(const ipc::Answer& event) {
  in_end_ = event.value(1);
  if (in_.valid()) PollReplies();
  in_end_ = ~uint64_t{0};
  in_ = base::RingReader();
  FailCalls(event.value(0), Error::peer_closed, Fail::kOnLane);
  ReclaimLoans(event.value(0));
  // The next listener must not be told of blocks that this one lent.
  std::erase_if(owed_, [](const Owed& owed) {
    return (owed.flags & abi::kRecordReturn) != 0;
  });
  if (event.value(0) <= out_.position()) out_.SetKnownHead(event.value(0));
  receiver_process_.store(0, std::memory_order_relaxed);
  ++incarnation_;
}

void LaneEnd::OnCut(const ipc::Answer& event) {
  const Error why = static_cast<Error>(event.value(2));
  in_end_ = event.value(0);
  cut_ = why == Error::ok ? Error::peer_closed : why;
  if (role_ == Role::kSender) {
    if (in_.valid()) PollReplies();
    // Cut from the other side, a reply that was moved may still come.
    FailCalls(~uint64_t{0}, cut_,
              why == Error::peer_closed ? Fail::kOnLane : Fail::kAll);
    ReclaimLoans(~uint64_t{0});
  }
}

void LaneEnd::Break() {
  if (cut_ == Error::ok) cut_ = Error::peer_closed;
  in_end_ = 0;
  FailCalls(~uint64_t{0}, cut_, Fail::kAll);
}

void LaneEnd::FailCalls(uint64_t below, Error error, Fail which) {
  std::erase_if(calls_, [&](CallSlot* slot) {
    if (slot->position >= below) return false;
    if (slot->moved && which == Fail::kOnLane) return false;
    slot->error = error;
    slot->done = true;
    return true;
  });
}

void LaneEnd::ReclaimLoans(uint64_t below) {
  std::erase_if(lent_, [&](const Lent& lent) {
    if (lent.position >= below) return false;
    lent.pool->Free(lent.offset);
    return true;
  });
}

// ---- publishing ----------------------------------------------------------

uint64_t LaneEnd::RecordPayloadBytes(const Outgoing& record) const {
  const int words = ((record.flags & abi::kRecordToken) != 0) +
                    ((record.flags & abi::kRecordDeadline) != 0) +
                    ((record.flags & abi::kRecordSent) != 0);
  return record.payload.size() + words * sizeof(uint64_t);
}

bool LaneEnd::RoomNow(uint64_t bytes) {
  return out_.HasRoom(bytes, in_.valid() ? in_.half().get() : nullptr);
}

void LaneEnd::WriteRecord(const Outgoing& record, uint64_t bytes) {
  uint8_t* at = out_.Payload();
  auto put = [&](uint16_t flag, uint64_t word) {
    if ((record.flags & flag) == 0) return;
    std::memcpy(at, &word, sizeof(word));
    at += sizeof(word);
  };
  put(abi::kRecordToken, record.token);
  put(abi::kRecordDeadline, static_cast<uint64_t>(record.deadline_ns));
  put(abi::kRecordSent, static_cast<uint64_t>(record.sent_ns));
  if (!record.payload.empty())
    std::memcpy(at, record.payload.data(), record.payload.size());
  const abi::RecordHeader header = {
      .stamp = 0,
      .payload_bytes = static_cast<uint32_t>(bytes),
      .flags = record.flags,
      .handle_count = record.handle_count,
      .correlation = record.correlation,
      .label = record.label,
      .flow = record.flow};
  // Bytes between the payload's end and the next line stay as they are: they
  // are this process's own older messages to the same peer, or zero.
  out_.Publish(header);
}

Error LaneEnd::TryPublish(Outgoing& record, CallSlot* slot) {
  if (cut_ != Error::ok) return cut_;
  if (!owed_.empty()) FlushOwed();
  if (!lent_.empty() && role_ == Role::kSender && in_.valid()) PollReplies();
  const uint64_t bytes = RecordPayloadBytes(record);
  if (!RoomNow(bytes)) return Error::should_wait;
  if (slot != nullptr) {
    record.correlation = next_correlation_++;
    if (next_correlation_ == 0) next_correlation_ = 1;
    slot->correlation = record.correlation;
    slot->position = out_.position();
    calls_.push_back(slot);
  }
  if (record.lent_pool != nullptr)
    lent_.push_back({record.lent.attachment, record.lent.offset,
                     out_.position(), record.lent_pool});
  WriteRecord(record, bytes);
  WakePeerForRecords();
  return Error::ok;
}

void LaneEnd::WakePeerForRecords() {
  if (!in_.valid()) {
    // Somebody may have joined, looked and fallen asleep, and the news of it
    // be still on its way: where he says that he sleeps is not known here yet.
    base::WakeWord(own_->tail_word(), INT_MAX);
    base::RingBell(bell_.get());
    return;
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint32_t armed = in_.half()->armed().load(std::memory_order_relaxed);
  if ((armed & (abi::kArmRecordsFutex | abi::kArmRecordsBell)) == 0) return;
  if (!woken_records_.IsDue(armed, out_.position())) return;
  if ((armed & abi::kArmRecordsFutex) != 0)
    base::WakeWord(own_->tail_word(), INT_MAX);
  if ((armed & abi::kArmRecordsBell) != 0) base::RingBell(bell_.get());
}

void LaneEnd::WakePeerForRoom(bool fenced) {
  if (fenced) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    room_told_ = in_.position();
    room_look_due_ = false;
  }
  const uint32_t armed = in_.half()->armed().load(std::memory_order_relaxed);
  if ((armed & abi::kArmRoomFutex) == 0 ||
      !woken_room_.IsDue(armed, in_.position()))
    return;
  base::WakeWord(own_->head_word(), INT_MAX);
}

Error LaneEnd::Send(Outgoing& record, CallSlot* slot, Deadline deadline) {
  if (record.payload.size() > inline_max_) return Error::out_of_range;
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    if (session_->over() != Error::ok) return session_->over();
    std::unique_lock lock(mutex_);
    ProcessMailLocked();
    Error error = TryPublish(record, slot);
    if (error != Error::should_wait) return error;
    if (deadline.ns <= base::NowNs()) return WhenNoTimeLeft(deadline);
    // Before sleeping, a little patience: the peer may be at it.
    const uint64_t bytes = RecordPayloadBytes(record);
    if (in_.valid()) {
      const auto peer = in_.half();
      const uint64_t head = peer->head().load(std::memory_order_acquire);
      lock.unlock();
      const bool moved = room_spinner_.Spin([&] {
        return peer->head().load(std::memory_order_relaxed) != head ||
               session_->HasNews();
      });
      if (moved) continue;
      lock.lock();
    }
    // The value slept on is older than the arming: see Woken.
    base::FutexWait word = {};
    size_t words = 0;
    if (in_.valid()) {
      word = {in_.half()->head_word(), ValueOf(in_.half()->head_word())};
      words = 1;
    }
    ++room_armed_;
    UpdateArmed();
    // The half stays mapped while it is slept on.
    const auto peer = in_.half();
    const bool ready = RoomNow(bytes) || mailbox_->HasMail();
    lock.unlock();
    if (!ready) {
      const ThreadSleeps sleeps(
          session_, {.state = abi::ThreadState::sending, .lane = lane_id_});
      session_->Sleep(seen, {&word, words}, deadline.ns);
    }
    lock.lock();
    --room_armed_;
    UpdateArmed();
  }
}

// ---- reading -------------------------------------------------------------

bool LaneEnd::Peek(Parsed* parsed) {
  if (!in_.valid() || in_.position() >= in_end_) return false;
  const State state = in_.Peek(&parsed->header);
  if (state == State::kEmpty) return false;
  const uint16_t flags = parsed->header.flags;
  const uint8_t* at = in_.Payload();
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
      !get(abi::kRecordSent, &parsed->sent_ns) ||
      parsed->header.handle_count > abi::kMessageHandlesMax) {
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
  WakePeerForRoom(in_.position() - room_told_ >= own_->ring_bytes() / 8);
}

std::unique_ptr<Message::State> LaneEnd::MakeState(const Parsed& parsed) {
  // Not value-initialised: its room for small payloads need not be zeroed.
  std::unique_ptr<Message::State> state(new Message::State);
  state->lane = shared_from_this();
  state->incarnation = incarnation_;
  state->flags = parsed.header.flags;
  state->handle_count = parsed.header.handle_count;
  state->correlation = parsed.header.correlation;
  state->label = parsed.header.label;
  state->flow = parsed.header.flow;
  state->badge = role_ == Role::kReceiver ? badge_ : 0;
  state->token = parsed.token;
  state->deadline_ns = parsed.deadline_ns;
  state->sent_ns = parsed.sent_ns;
  if (state->has_loan()) {
    if (parsed.bytes == sizeof(state->loan))
      std::memcpy(&state->loan, parsed.payload, sizeof(state->loan));
    else
      state->loan.attachment = ~uint32_t{0};  // resolves to an error
  } else {
    state->CopyIn(parsed.payload, parsed.bytes);
  }
  return state;
}

void LaneEnd::TakeBack(const Parsed& parsed) {
  abi::LoanReturn back;
  if (parsed.bytes != sizeof(back)) return;
  std::memcpy(&back, parsed.payload, sizeof(back));
  // Only what was lent through this lane can come back through it.
  const auto found =
      std::find_if(lent_.begin(), lent_.end(), [&](const Lent& lent) {
        return lent.attachment == back.attachment && lent.offset == back.offset;
      });
  if (found == lent_.end()) return;
  found->pool->Free(found->offset);
  lent_.erase(found);
}

void LaneEnd::PollReplies() {
  if (!in_.valid()) return;
  Parsed parsed;
  // At most what could be there now: the peer may go on publishing.
  const uint64_t end = in_.position() + own_->ring_bytes();
  while (in_.position() < end && Peek(&parsed)) {
    if ((parsed.header.flags & abi::kRecordReturn) != 0)
      TakeBack(parsed);
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
    // Nobody will take what came with it: lent blocks go back, capabilities
    // are closed once the mutex is free.
    if ((parsed.header.flags & abi::kRecordLoan) != 0 &&
        parsed.bytes == sizeof(abi::LoanRef)) {
      abi::LoanRef ref;
      std::memcpy(&ref, parsed.payload, sizeof(ref));
      Owe({abi::kRecordReturn, 0, {ref.attachment, 0, ref.offset}});
    }
    Unwanted(parsed.header.handle_count, parsed.token);
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

void LaneEnd::Await(CallSlot& slot, Deadline deadline) {
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    std::unique_lock lock(mutex_);
    PollReplies();
    ProcessMailLocked();
    if (slot.done) {
      lock.unlock();
      CloseUnwanted();
      return;
    }
    const bool over = session_->over() != Error::ok;
    if (over ||
        (deadline.ns != base::kNoDeadline && deadline.ns <= base::NowNs())) {
      std::erase(calls_, &slot);
      slot.done = true;
      slot.error = over ? session_->over() : Error::timed_out;
      if (slot.moved)
        session_->Later(abi::Syscall::reply_cancel, handle_, slot.correlation);
      else
        Owe({abi::kRecordCancel, slot.correlation, {}});
      return;
    }
    // The half must stay mapped while it is polled without the mutex.
    const std::shared_ptr<base::Half> peer = in_.half();
    const auto probe =
        in_.valid() ? in_.ProbeHere() : base::RingReader::Probe();
    lock.unlock();
    if (peer != nullptr && reply_spinner_.Spin([&] {
          return probe.Ready() || session_->HasNews() || mailbox_->HasMail();
        }))
      continue;
    std::vector<base::FutexWait> words;
    if (!ArmRecords(ArmBy::kFutex, &words)) continue;
    bool done;
    {
      std::lock_guard again(mutex_);
      done = slot.done;
    }
    if (!done) {
      const ThreadSleeps sleeps(session_, {.state = abi::ThreadState::calling,
                                           .lane = lane_id_,
                                           .position = slot.position,
                                           .flow = slot.flow});
      // Looking wakes this thread by itself: what came meanwhile is looked at
      // anew before it sleeps.
      uint32_t since = seen;
      int64_t until_ns = deadline.ns;
      if (slot.looks_for_deadlock) {
        if (LookForDeadlock(slot, sleeps.slot()))
          until_ns = std::min(until_ns, base::NowNs() + kSecondLookNs);
        since = session_->epoch();
        std::lock_guard again(mutex_);
        done = slot.done || mailbox_->HasMail();
      }
      if (!done) session_->Sleep(since, words, until_ns);
    }
    DisarmRecords(ArmBy::kFutex);
  }
}

LaneEnd::Poll LaneEnd::PollHere() {
  std::lock_guard lock(mutex_);
  Poll poll;
  if (in_.valid()) poll = {in_.half(), in_.ProbeHere()};
  return poll;
}

bool LaneEnd::LooksReady() {
  if (session_->HasNews() || mailbox_->HasMail()) return true;
  std::lock_guard lock(mutex_);
  return in_.valid() && in_.Ready();
}

bool LaneEnd::ArmRecords(ArmBy by, std::vector<base::FutexWait>* words) {
  std::lock_guard lock(mutex_);
  if (!owed_.empty()) FlushOwed();
  // The values slept on are older than the arming: see Woken.
  if (in_.valid() && words != nullptr) {
    const uint32_t* tail = in_.half()->tail_word();
    words->push_back({tail, ValueOf(tail)});
    if (!owed_.empty()) {
      const uint32_t* head = in_.half()->head_word();
      words->push_back({head, ValueOf(head)});
    }
  }
  ++(by == ArmBy::kFutex ? futex_armed_ : bell_armed_);
  if (!owed_.empty()) ++room_armed_;
  UpdateArmed();
  if (!owed_.empty()) --room_armed_;  // the word stays armed until Update
  if (!mailbox_->HasMail() &&
      !(in_.valid() && in_.position() < in_end_ && in_.Ready()))
    return true;
  --(by == ArmBy::kFutex ? futex_armed_ : bell_armed_);
  UpdateArmed();
  return false;
}

void LaneEnd::DisarmRecords(ArmBy by) {
  std::lock_guard lock(mutex_);
  --(by == ArmBy::kFutex ? futex_armed_ : bell_armed_);
  UpdateArmed();
}

void LaneEnd::UpdateArmed() {
  uint32_t bits = 0;
  if (futex_armed_ > 0) bits |= abi::kArmRecordsFutex;
  if (bell_armed_ > 0) bits |= abi::kArmRecordsBell;
  if (room_armed_ > 0) bits |= abi::kArmRoomFutex;
  if (bits != 0) bits |= ++arm_generation_ * abi::kArmGeneration;
  own_->armed().store(bits, std::memory_order_relaxed);
  if (bits != 0) std::atomic_thread_fence(std::memory_order_seq_cst);
}

LaneEnd::Take LaneEnd::TakeMessage(std::unique_ptr<Message::State>* message) {
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  if (!owed_.empty()) FlushOwed();
  Parsed parsed;
  for (int passed = 0; Peek(&parsed); ++passed) {
    // Records that are no messages must not keep others waiting either.
    if (passed == kControlRecordsInTurn) return Take::kNothing;
    const uint16_t flags = parsed.header.flags;
    const uint32_t correlation = parsed.header.correlation;
    if ((flags & abi::kRecordReturn) != 0) {
      TakeBack(parsed);
      ConsumeRecord(parsed);
    } else if ((flags & abi::kRecordCancel) != 0) {
      for (OpenCall& open : open_calls_)
        if (open.correlation == correlation) open.cancelled = true;
      ConsumeRecord(parsed);
    } else if ((flags & abi::kRecordReply) != 0) {
      ConsumeRecord(parsed);  // nobody asked: ignored
    } else {
      *message = MakeState(parsed);
      if ((flags & abi::kRecordCall) != 0)
        open_calls_.push_back({correlation, false, parsed.header.label,
                               parsed.header.flow, parsed.deadline_ns});
      ConsumeRecord(parsed);
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

// ---- what is owed --------------------------------------------------------

void LaneEnd::Owe(Owed owed) {
  // After its session a process says no more, as if it had died.
  if (session_->over() != Error::ok) return;
  // A peer that never makes room for what it is owed must not fill this
  // process's memory: the lane is over.
  if (owed_.size() >= kOwedMax) {
    Break();
    return;
  }
  owed_.push_back(owed);
  FlushOwed();
}

void LaneEnd::FlushOwed() {
  if (cut_ != Error::ok) {
    owed_.clear();
    return;
  }
  bool sent = false;
  while (!owed_.empty()) {
    const Owed& owed = owed_.front();
    Outgoing record;
    record.flags = owed.flags;
    record.correlation = owed.correlation;
    if ((owed.flags & abi::kRecordReturn) != 0)
      record.payload = std::as_bytes(std::span(&owed.back, 1));
    const uint64_t bytes = RecordPayloadBytes(record);
    if (!RoomNow(bytes)) break;
    WriteRecord(record, bytes);
    owed_.pop_front();
    sent = true;
  }
  if (sent) WakePeerForRecords();
}

void LaneEnd::Settle(Message::State& state) {
  std::lock_guard lock(mutex_);
  if (state.has_loan() && state.incarnation == incarnation_)
    Owe({abi::kRecordReturn, 0, {state.loan.attachment, 0, state.loan.offset}});
  if (state.is_call() && !state.answered) {
    ForgetOpenCall(state.correlation);
    Owe({abi::kRecordReply | abi::kRecordDropped, state.correlation, {}});
  }
}

bool LaneEnd::IsCancelled(uint32_t correlation) {
  if (session_->HasNews()) session_->Pump();
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  for (const auto& [moved, reply] : moved_replies_)
    if (moved == correlation) return false;
  if (cut_ != Error::ok) return true;
  for (const OpenCall& open : open_calls_)
    if (open.correlation == correlation) return open.cancelled;
  return true;
}

Error LaneEnd::Answer(Message::State& state, Outgoing& record, Loan* loan,
                      Deadline deadline) {
  if (IsCancelled(state.correlation)) {
    const Error why = cut() == Error::ok ? Error::stale_reply : cut();
    state.answered = true;
    std::lock_guard lock(mutex_);
    ForgetOpenCall(state.correlation);
    return why;
  }
  record.flags |= abi::kRecordReply;
  record.correlation = state.correlation;
  Error error;
  if (loan != nullptr)
    error = SendLoan(record, *loan, nullptr, deadline);
  else if (record.payload.size() > inline_max_)
    error = SendCopy(record, record.payload, nullptr, deadline);
  else
    error = Send(record, nullptr, deadline);
  if (error == Error::should_wait || error == Error::timed_out) return error;
  state.answered = true;
  std::lock_guard lock(mutex_);
  ForgetOpenCall(state.correlation);
  return error;
}

uint64_t LaneEnd::Outstanding() {
  std::lock_guard lock(mutex_);
  if (in_.valid()) out_.LookAtHead(*in_.half());
  return out_.position() - out_.known_head();
}

bool LaneEnd::IsIdle() {
  std::lock_guard lock(mutex_);
  if (in_.valid()) {
    PollReplies();
    out_.LookAtHead(*in_.half());
  }
  return calls_.empty() && lent_.empty() && owed_.empty() &&
         out_.position() == out_.known_head();
}

void LaneEnd::Detach(Error why) {
  std::lock_guard lock(mutex_);
  if (cut_ == Error::ok) cut_ = why;
  in_end_ = 0;
}

Error LaneEnd::cut() {
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  return cut_;
}

}  // namespace ipc
