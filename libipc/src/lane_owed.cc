// The part of LaneEnd that owes: returned blocks, dropped calls, answers.
#include "lane_end.h"

namespace ipc {
namespace {

constexpr size_t kOwedMax = 16'384;

}  // namespace

void LaneEnd::Owe(const Owed& owed) {
  // After its session a process says no more, as if it had died.
  if (session_->over() != Error::ok) return;
  // Nobody honest lends to the sender of an overwriting port, whose ring takes
  // nothing but its messages.
  if (overwriting_) return;
  // A peer that never makes room for what it is owed must not fill this
  // process's memory: the lane is over.
  if (owed_.size() >= kOwedMax) {
    Break();
    return;
  }
  if (owed_.empty() && PublishOwed(owed)) {
    WakePeerForRecords();
    return;
  }
  owed_.push_back(owed);
  NoteUsual();
  FlushOwed();
}

bool LaneEnd::PublishOwed(const Owed& owed) {
  if (cut_ != Error::ok) return false;
  Outgoing record;
  record.flags = owed.flags;
  record.correlation = owed.correlation;
  if ((owed.flags & abi::kRecordReturn) != 0)
    record.payload = std::as_bytes(std::span(&owed.back, 1));
  const uint64_t bytes = RecordPayloadBytes(record);
  if (!RoomNow(bytes)) return false;
  WriteRecord(record, bytes);
  return true;
}

void LaneEnd::FlushOwed() {
  if (cut_ != Error::ok) {
    owed_.clear();
    NoteUsual();
    return;
  }
  bool sent = false;
  while (!owed_.empty() && PublishOwed(owed_.front())) {
    owed_.pop_front();
    sent = true;
  }
  NoteUsual();
  if (sent) WakePeerForRecords();
}

void LaneEnd::OweLoans(const Message::State& state) {
  if (!state.has_loan() || state.incarnation != incarnation_) return;
  const auto owe = [&](const abi::LoanRef& loan) {
    Owe({abi::kRecordReturn, 0, {loan.attachment, 0, loan.offset}});
  };
  if (!state.has_parts()) return owe(state.loan);
  for (const Message::State::Part& part : state.parts()) owe(part.loan);
}

void LaneEnd::GiveBack(Message::State& state) {
  std::lock_guard lock(mutex_);
  OweLoans(state);
  state.flags &= ~(abi::kRecordLoan | abi::kRecordParts);
}

void LaneEnd::Settle(Message::State& state) {
  std::lock_guard lock(mutex_);
  OweLoans(state);
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
  else
    error = SendBytes(record, nullptr, deadline);
  if (error == Error::should_wait || error == Error::timed_out) return error;
  state.answered = true;
  std::lock_guard lock(mutex_);
  if (error == Error::ok) NoteAnswered(state.correlation);
  ForgetOpenCall(state.correlation);
  return error;
}

}  // namespace ipc
