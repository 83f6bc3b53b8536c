#include "ipc/message.h"

#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ipc/reply.h"
#include "lane_fast.h"
#include "libipc/base/clock.h"
#include "libipc/base/copy.h"
#include "message_state.h"
#include "trace_points.h"
#include "transfer.h"

namespace ipc {
namespace {

// When an answer begins to go out; 0: not traced. Taken before it is sent: the
// caller may have it, and have said so, before this thread runs again.
base::TraceStamp TraceTime(const Message::State& state) {
  return state.lane->traced() ? base::TraceNow() : 0;
}

void TraceAnswer(const Message::State& state, base::TraceStamp at,
                 abi::TraceKind kind, size_t bytes, size_t handles, Error error,
                 Bytes prefix = {}) {
  if (at == 0) return;
  abi::TraceRecord record = TraceOf(*state.lane, kind, at);
  record.flow = state.flow;
  record.label = state.label;
  record.correlation = state.correlation;
  record.payload_bytes = static_cast<uint32_t>(bytes);
  record.handle_count = static_cast<uint8_t>(handles);
  record.error = static_cast<uint8_t>(error);
  if (state.received_at != 0)
    record.interval_ns = base::StampsApart(state.received_at, record.time_ns);
  WriteTrace(*state.lane, record, prefix);
}

absl::Status StatusOfReply(Error error, uint32_t correlation) {
  if (error == Error::ok) return absl::OkStatus();
  const char* what = "the answer could not be sent";
  if (error == Error::stale_reply)
    what = "the caller gave up before it was answered; nothing was sent";
  if (error == Error::should_wait || error == Error::timed_out)
    what = "the caller reads its answers too slowly; try again later";
  return MakeStatus(error, absl::StrCat(what, " (call ", correlation, ")"));
}

}  // namespace

bool Within(const base::Mapping& mapping, const abi::LoanRef& loan,
            Bytes* bytes) {
  const uint64_t size = mapping.bytes();
  if (loan.offset > size || loan.bytes > size - loan.offset) return false;
  *bytes = {reinterpret_cast<const std::byte*>(mapping.data()) + loan.offset,
            static_cast<size_t>(loan.bytes)};
  return true;
}

Flow ThreadFlow::Of(const Message& message) {
  return message.state_ ? Of(*message.state_) : Flow();
}

void Message::State::CopyIn(const uint8_t* from, size_t bytes) {
  std::byte* to = small;
  if (bytes > sizeof(small)) {
    large = TakeMessageBuffer(bytes);
    to = large.get();
  }
  base::CopySmall(to, from, bytes);
  payload = {to, bytes};
}

bool Message::State::Show(const std::shared_ptr<base::Mapping>& of) {
  mapping = of;
  return Within(*of, loan, &payload);
}

Message::State::~State() {
  LeaveFlow(*this);
  if (lane == nullptr) return;
  if (is_call() && !answered)
    TraceAnswer(*this, TraceTime(*this), abi::TraceKind::drop, 0, 0,
                Error::dropped);
  // A reply that was moved away with its port: closing it says `dropped`.
  if (is_call() && !answered)
    answered = lane->TakeMovedReply(correlation).valid();
  if (has_loan() || (is_call() && !answered)) lane->Settle(*this);
  if (handle_count > 0) Discard(*lane, token);
}

void Message::FreeState::operator()(State* state) const noexcept {
  if (!state->HoldsNothing()) [[unlikely]] {
    delete state;
    return;
  }
  LeaveFlow(*state);
  State::operator delete(state);
}

uint32_t Message::label() const { return state_ ? state_->label : 0; }
uint64_t Message::badge() const { return state_ ? state_->badge : 0; }
uint64_t Message::lost() const {
  return state_ && state_->rare != nullptr ? state_->rare->lost : 0;
}
uint64_t Message::flow() const { return state_ ? state_->carried_flow() : 0; }
Bytes Message::payload() const { return state_ ? state_->payload : Bytes(); }
bool Message::is_loan() const { return state_ && state_->has_loan(); }

std::vector<Bytes> Message::blocks() const {
  std::vector<Bytes> blocks;
  if (!state_) return blocks;
  for (const State::Part& part : state_->parts()) blocks.push_back(part.bytes);
  if (blocks.empty() && state_->mapping != nullptr)
    blocks.push_back(state_->payload);
  return blocks;
}

absl::Status Message::MakePrivate() {
  if (!is_loan()) return absl::OkStatus();
  size_t total = 0;
  for (const Bytes& block : blocks()) total += block.size();
  auto* const copy =
      static_cast<std::byte*>(::operator new(total, std::nothrow));
  if (copy == nullptr)
    return MakeStatus(Error::quota_exceeded,
                      absl::StrCat("no memory for a copy of the ", total,
                                   " bytes that were lent; they stay lent"));
  State::Rare& rare = state_->MakeRare();
  rare.copy.reset(copy);
  std::byte* at = copy;
  const auto take = [&at](Bytes& bytes) {
    base::CopyPayload(at, bytes.data(), bytes.size(), bytes.size());
    bytes = {at, bytes.size()};
    at += bytes.size();
  };
  for (State::Part& part : rare.parts) take(part.bytes);
  if (rare.parts.empty()) take(state_->payload);
  state_->lane->GiveBack(*state_);
  return absl::OkStatus();
}

size_t Message::capability_count() const {
  if (!state_) return 0;
  return state_->handle_count +
         (state_->rare != nullptr ? state_->rare->redeemed.size() : 0);
}

absl::StatusOr<std::vector<ReceivedCapability>> Message::TakeCapabilities() {
  if (state_ && state_->rare != nullptr && !state_->rare->redeemed.empty())
    return std::exchange(state_->rare->redeemed, {});
  if (capability_count() == 0) return std::vector<ReceivedCapability>();
  auto taken = RedeemNow(*state_->lane, state_->token);
  if (taken.ok()) state_->handle_count = 0;
  return taken;
}

bool Message::wants_reply() const {
  return state_ && state_->is_call() && !state_->answered;
}

Deadline Message::deadline() const {
  return state_ ? Deadline{state_->deadline_ns} : Deadline::Never();
}

bool Message::IsCancelled() const {
  return wants_reply() && state_->lane->IsCancelled(state_->correlation);
}

namespace {

absl::Status WantsNoAnswer() {
  return MakeStatus(Error::bad_state,
                    "this message wants no answer: it is no call, or was "
                    "answered already");
}

}  // namespace

absl::StatusOr<Capability> Message::MoveReply() {
  if (!wants_reply()) return WantsNoAnswer();
  auto moved = state_->lane->MoveReply(*state_);
  if (!moved.ok()) return StatusOfReply(moved.error(), state_->correlation);
  return *std::move(moved);
}

// The port was handed on since: its calls are answered through the kernel
// process.
absl::Status Message::ReplyByCapability(Capability moved, Bytes payload,
                                        std::span<Capability> capabilities) {
  Replier replier(std::move(moved));
  const absl::Status status = replier.Reply(payload, capabilities);
  state_->answered = status.ok() || !replier.capability().valid();
  if (!state_->answered)
    state_->lane->KeepMovedReply(state_->correlation, replier.TakeCapability());
  return status;
}

absl::Status Message::Reply(Bytes payload, std::span<Capability> capabilities,
                            Deadline deadline) {
  if (!wants_reply()) return WantsNoAnswer();
  if (state_->noted) AnswerIsDue(state_->lane->session_ptr());
  const base::TraceStamp at = TraceTime(*state_);
  if (capabilities.empty() && state_->lane->TryAnswer(*state_, payload)) {
    TraceAnswer(*state_, at, abi::TraceKind::reply, payload.size(), 0,
                Error::ok, payload);
    return absl::OkStatus();
  }
  if (auto moved = state_->lane->TakeMovedReply(state_->correlation);
      moved.valid())
    return ReplyByCapability(std::move(moved), payload, capabilities);
  Outgoing record;
  record.label = state_->label;
  record.flow = state_->flow;
  record.payload = payload;
  Error error;
  {
    absl::StatusOr<StagedTransfer> staged =
        StagedTransfer::Stage(*state_->lane, capabilities);
    if (!staged.ok()) return staged.status();
    staged->AddTo(record);
    error = state_->lane->Answer(*state_, record, nullptr, deadline);
    if (error == Error::ok) staged->Commit();
  }
  // Its port was handed on while it was being answered.
  if (error != Error::ok)
    if (auto moved = state_->lane->TakeMovedReply(state_->correlation);
        moved.valid())
      return ReplyByCapability(std::move(moved), payload, capabilities);
  TraceAnswer(*state_, at, abi::TraceKind::reply, payload.size(),
              capabilities.size(), error, payload);
  return StatusOfReply(error, state_->correlation);
}

absl::Status Message::ReplyLoan(Loan loan, Deadline deadline) {
  if (!wants_reply()) return WantsNoAnswer();
  if (auto moved = state_->lane->TakeMovedReply(state_->correlation);
      moved.valid())
    return ReplyByCapability(std::move(moved), Bytes(loan.bytes()), {});
  if (state_->noted) AnswerIsDue(state_->lane->session_ptr());
  Outgoing record;
  record.label = state_->label;
  record.flow = state_->flow;
  const size_t bytes = loan.bytes().size();
  const base::TraceStamp at = TraceTime(*state_);
  TracedPrefix prefix(*state_->lane);
  prefix.Add(loan.bytes());
  const Error error = state_->lane->Answer(*state_, record, &loan, deadline);
  TraceAnswer(*state_, at, abi::TraceKind::reply, bytes, 0, error,
              prefix.bytes());
  return StatusOfReply(error, state_->correlation);
}

}  // namespace ipc
