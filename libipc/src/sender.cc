#include "ipc/sender.h"

#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "lane_plain.h"
#include "sender_core.h"
#include "trace_points.h"
#include "transfer.h"

namespace ipc {
namespace {

absl::Status StatusOfSend(Error error, const SenderCore& sender) {
  if (error == Error::ok) return absl::OkStatus();
  const char* what = "the message could not be sent";
  switch (error) {
    case Error::should_wait:
      what = "the queue is full; nothing was sent";
      break;
    case Error::timed_out:
      what = "the deadline passed before there was room, or an answer";
      break;
    case Error::peer_closed:
      what = "the port is closed, or whoever took the call is gone";
      break;
    case Error::revoked:
      what = "the Send capability was revoked";
      break;
    case Error::dropped:
      what = "the server destroyed the call without answering it";
      break;
    case Error::canceled:
      what = "the session or the Send capability was closed meanwhile";
      break;
    default:
      break;
  }
  return MakeStatus(error, absl::StrCat(what, " (port handle ",
                                        sender.capability().handle(), ")"));
}

}  // namespace

namespace {

// "client waits on :clock for clockd, which waits on :store for client".
absl::Status StatusOfDeadlock(const std::vector<uint8_t>& path) {
  std::vector<abi::DeadlockStep> steps(path.size() / sizeof(steps[0]));
  if (!steps.empty())
    std::memcpy(steps.data(), path.data(), steps.size() * sizeof(steps[0]));
  const auto who = [&](size_t at) {
    const abi::DeadlockStep& step = steps[at];
    return absl::StrCat(
        absl::string_view(step.process_name,
                          strnlen(step.process_name, abi::kNameBytesMax)),
        " (process ", step.process, ")");
  };
  std::string text = "the call would wait for ever: ";
  for (size_t i = 0; i < steps.size(); ++i) {
    absl::StrAppend(
        &text, i == 0 ? who(0) : std::string(", which"),
        " waits on :", steps[i].port, " ",
        absl::string_view(steps[i].port_name,
                          strnlen(steps[i].port_name, abi::kNameBytesMax)));
    if (steps[i].awaits < steps.size())
      absl::StrAppend(&text, " for ", who(steps[i].awaits));
  }
  return MakeStatus(Error::deadlock, text);
}

}  // namespace

uint64_t SenderCore::Content::bytes() const {
  uint64_t sum = loan != nullptr ? loan->bytes().size() : payload.size();
  for (const Loan& part : parts) sum += part.bytes().size();
  return sum;
}

absl::StatusOr<std::shared_ptr<SenderCore>> SenderCore::Create(
    Capability port) {
  KnownCapability known = port.known();
  if (!port.valid() || known.kind == ObjectKind::none) {
    absl::StatusOr<CapabilityInfo> info = port.Info();
    if (!info.ok()) return info.status();
    known = {info->kind, info->rights};
  }
  if (known.kind != ObjectKind::port)
    return MakeStatus(Error::wrong_type,
                      "a Sender needs a capability of a port");
  if ((known.rights & abi::kRightSend) == 0)
    return MakeStatus(Error::access_denied,
                      "the capability lacks the right Send; ask whoever gave "
                      "it for one with Send");
  return std::shared_ptr<SenderCore>(new SenderCore(std::move(port)));
}

namespace {

// What port_connect brings.
struct MappedGrant {
  std::shared_ptr<base::Half> half;
  base::UniqueFd bell;
  std::shared_ptr<base::Offer> offer;  // of a rendezvous
};

base::Result<MappedGrant> MapGranted(SessionCore& session,
                                     const abi::LaneGranted& granted,
                                     Answer& answer) {
  if (granted.spare != 0) {
    auto spare = session.TakeSpare(granted.spare);
    if (!spare.has_value()) return Error::peer_closed;
    return MappedGrant{std::move(spare->half), std::move(spare->bell), nullptr};
  }
  const bool meets = (granted.port_options & abi::kPortRendezvous) != 0;
  // Linux drops descriptors that find no room in this process.
  if (answer.descriptors.size() != (meets ? 3u : 2u))
    return Error::quota_exceeded;
  MappedGrant mapped;
  KP_ASSIGN(mapped.half,
            base::Half::Map(answer.descriptors[0].get(),
                            static_cast<uint32_t>(answer.value(2)),
                            answer.value(1), base::Access::kReadWrite));
  mapped.bell = std::move(answer.descriptors[1]);
  if (meets) {
    KP_ASSIGN(mapped.offer, base::Offer::Map(answer.descriptors[2].get()));
  }
  return mapped;
}

}  // namespace

base::Result<std::shared_ptr<LaneEnd>> SenderCore::Connect() {
  const auto& session = capability_.session();
  SessionCore::Expect expect(*session);
  Answer answer =
      session->Call(abi::Syscall::port_connect, capability_.handle());
  if (answer.error() != Error::ok) return answer.error();
  abi::LaneGranted granted = {};
  const auto handle = static_cast<Handle>(answer.value(0));
  if (!answer.Read(&granted)) return Error::peer_closed;
  auto own = MapGranted(*session, granted, answer);
  Error error = own.error();
  // Once it is answered the listener has been told of the lane. So who was told
  // of a message, in whatever way, finds it.
  if (own.ok() && granted.spare == 0)
    error = session->Call(abi::Syscall::lane_ready, handle).error();
  if (error != Error::ok) {
    session->Post(abi::Syscall::lane_close, handle);
    return error;
  }
  at_full_fails_ = (granted.port_options & abi::kPortFullFails) != 0;
  shareable_ = (granted.port_options & abi::kPortShareable) != 0;
  listeners_ = static_cast<uint32_t>(answer.value(3));
  const bool overwriting = (granted.port_options & abi::kPortOverwriting) != 0;
  auto lane = LaneEnd::Create({.session = session,
                               .role = LaneEnd::Role::kSender,
                               .handle = handle,
                               .lane_id = granted.lane_id,
                               .port_id = granted.port_id,
                               .badge = 0,
                               .band = 0,
                               .bell = std::move(own->bell),
                               .own = std::move(own->half),
                               .own_start = 0,
                               .peer = nullptr,
                               .peer_start = 0,
                               .tracing = granted.tracing,
                               .ring_bytes_max = granted.ring_bytes_max,
                               .offer = std::move(own->offer),
                               .overwriting = overwriting});
  session->WantSpare();
  return lane;
}

base::Result<SenderCore::Picked> SenderCore::Pick() {
  if (LaneEnd* only = only_.load(std::memory_order_acquire); only != nullptr)
    return Picked{only, nullptr};
  return PickSlow();
}

base::Result<SenderCore::Picked> SenderCore::PickSlow() {
  std::lock_guard lock(mutex_);
  if (const Error error = ConnectIfNeeded(); error != Error::ok) return error;
  return Picked{lanes_.front().get(), lanes_.front()};
}

Error SenderCore::ConnectIfNeeded() {
  if (only_.load() != nullptr || (!lanes_.empty() && !WantsAnotherLane()))
    return Error::ok;
  auto lane = Connect();
  if (lane.ok())
    lanes_.push_back(*std::move(lane));
  else if (lanes_.empty())
    return lane.error();
  if (!shareable_) only_.store(lanes_.front().get());
  return Error::ok;
}

[[gnu::always_inline]] inline bool SenderCore::TrySendPlain(
    Bytes payload, const SendOptions& options) {
  LaneEnd* const lane = only_.load(std::memory_order_acquire);
  return lane != nullptr && options.capabilities.empty() &&
         lane->TrySendPlain(payload, options.label);
}

[[gnu::always_inline]] inline bool SenderCore::TryCallPlain(
    const Content& content, const SendOptions& options, CallSlot& slot) {
  LaneEnd* const lane = only_.load(std::memory_order_acquire);
  return lane != nullptr && content.loan == nullptr && content.parts.empty() &&
         options.capabilities.empty() &&
         options.deadline.ns == base::kNoDeadline &&
         options.deadlocks == Deadlocks::kIgnore &&
         lane->TryCallPlain(content.payload, options.label, slot);
}

// What is usual: to a port with one listener, without capabilities.
bool SenderCore::TrySend(Bytes payload, Loan* loan, const SendOptions& options,
                         CallSlot* slot) {
  LaneEnd* const lane = only_.load(std::memory_order_acquire);
  if (lane == nullptr || !options.capabilities.empty() ||
      options.deadlocks != Deadlocks::kIgnore)
    return false;
  Outgoing record;
  record.label = options.label;
  record.flow = FlowToSend(*capability_.session());
  record.payload = payload;
  if (slot != nullptr) {
    record.flags = abi::kRecordCall;
    slot->flow = record.flow;
    if (options.deadline.ns != base::kNoDeadline) {
      record.flags |= abi::kRecordDeadline;
      record.deadline_ns = options.deadline.ns;
    }
  }
  if (TrySendOver(*lane, record, loan, slot)) return true;
  LeaveUnspent(record.flow);
  return false;
}

bool SenderCore::TrySendOver(LaneEnd& lane, Outgoing& record, Loan* loan,
                             CallSlot* slot) {
  const bool copies = record.payload.size() >= kLentBytes;
  // Blocks that are lent may be gone before a tracer is shown what they hold.
  if (lane.traced()) [[unlikely]]
    return loan == nullptr && !copies && TrySendTraced(lane, record, slot);
  if (loan != nullptr) return lane.TryLend(record, *loan, slot);
  return copies ? lane.TryCopy(record, slot) : lane.TrySend(record, slot);
}

bool SenderCore::TrySendTraced(LaneEnd& lane, Outgoing& record,
                               CallSlot* slot) {
  record.flags |= abi::kRecordSent;
  record.sent_at = base::TraceNow();
  if (!lane.TrySend(record, slot)) return false;
  if (slot != nullptr) slot->sent_at = record.sent_at;
  TraceSent(lane, record, record.payload.size(), record.payload, Error::ok);
  return true;
}

namespace {

// What an overwriting port takes: nobody could give back what came with a
// message that is gone.
absl::Status CheckOverwriting(const LaneEnd& lane,
                              const SenderCore::Content& content,
                              const SendOptions& options, bool calls) {
  const char* what = nullptr;
  if (calls) what = "no calls";
  if (!options.capabilities.empty()) what = "no capabilities";
  if (content.loan != nullptr || !content.parts.empty()) what = "no loans";
  if (what != nullptr)
    return MakeStatus(Error::bad_state,
                      absl::StrCat("the port overwrites its oldest messages "
                                   "and takes ",
                                   what, ", only bytes"));
  if (content.payload.size() > lane.inline_max())
    return MakeStatus(
        Error::out_of_range,
        absl::StrCat("a message of ", content.payload.size(),
                     " bytes to an overwriting port whose rings take ",
                     lane.inline_max(),
                     " at most: give it more ring_bytes, or send less"));
  return absl::OkStatus();
}

}  // namespace

namespace {

TracedPrefix PrefixOf(const LaneEnd& lane, const SenderCore::Content& content) {
  TracedPrefix prefix(lane);
  prefix.Add(content.loan != nullptr ? Bytes(content.loan->bytes())
                                     : content.payload);
  for (const Loan& part : content.parts) prefix.Add(part.bytes());
  return prefix;
}

}  // namespace

Error SenderCore::Send(const Content& content, const SendOptions& options,
                       CallSlot* slot, Picked* over, absl::Status* detail) {
  const auto until = [&] {
    return at_full_fails_ ? Deadline::Immediately() : options.deadline;
  };
  if (!shareable_) {
    auto picked = Pick();
    if (!picked.ok()) return picked.error();
    if (!shareable_)
      return SendOver(*std::move(picked), until(), content, options, slot, over,
                      detail);
  }
  return SendToAny(until(), content, options, slot, over, detail);
}

Error SenderCore::SendOver(Picked picked, Deadline deadline,
                           const Content& content, const SendOptions& options,
                           CallSlot* slot, Picked* over, absl::Status* detail) {
  LaneEnd* const lane = picked.lane;
  if (lane->overwriting()) {
    *detail = CheckOverwriting(*lane, content, options, slot != nullptr);
    if (!detail->ok()) return ErrorOf(*detail);
  }
  auto staged = StagedTransfer::Stage(*lane, options.capabilities);
  if (!staged.ok()) {
    *detail = staged.status();
    return ErrorOf(staged.status());
  }
  Outgoing record;
  record.label = options.label;
  record.flow = FlowToSend(*capability_.session());
  record.payload = content.payload;
  if (slot != nullptr) {
    slot->flow = record.flow;
    slot->looks_for_deadlock = options.deadlocks == Deadlocks::kDetect;
    record.flags |= abi::kRecordCall;
    if (options.deadline.ns != base::kNoDeadline) {
      record.flags |= abi::kRecordDeadline;
      record.deadline_ns = options.deadline.ns;
    }
  }
  const bool traced = lane->traced();
  TracedPrefix prefix;
  if (traced) {
    record.flags |= abi::kRecordSent;
    record.sent_at = base::TraceNow();
    // Once it is sent, what was lent may be gone.
    prefix = PrefixOf(*lane, content);
  }
  // Of this try: another one may have been traced.
  if (slot != nullptr) slot->sent_at = record.sent_at;
  staged->AddTo(record);
  const uint64_t bytes = content.bytes();
  Error error;
  if (content.loan != nullptr)
    error = lane->SendLoan(record, *content.loan, slot, deadline);
  else if (!content.parts.empty())
    error = lane->SendParts(record, content.parts, slot, deadline);
  else
    error = lane->SendBytes(record, slot, deadline);
  if (error == Error::ok) staged->Commit();
  if (error != Error::ok && slot == nullptr)
    lane->NoteFailure(abi::TraceKind::block, record, error);
  *over = std::move(picked);
  if (traced) {
    record.handle_count = static_cast<uint16_t>(options.capabilities.size());
    TraceSent(*lane, record, bytes, prefix.bytes(), error);
  }
  return error;
}

void SenderCore::TraceSent(const LaneEnd& lane, const Outgoing& record,
                           uint64_t bytes, Bytes prefix, Error error) {
  const bool sent = error == Error::ok;
  abi::TraceRecord trace =
      TraceOf(lane, sent ? abi::TraceKind::send : abi::TraceKind::block,
              record.sent_at);
  trace.flow = record.flow;
  trace.label = record.label;
  trace.correlation = record.correlation;
  trace.payload_bytes = static_cast<uint32_t>(bytes);
  trace.handle_count = static_cast<uint8_t>(record.handle_count);
  // What it is sent for.
  if (const base::TraceStamp received_at = t_flow.received_at())
    trace.interval_ns = base::StampsApart(received_at, record.sent_at);
  trace.error = static_cast<uint8_t>(error);
  WriteTrace(lane, trace, sent ? prefix : Bytes());
}

absl::Status SenderCore::SendMessage(const Content& content,
                                     const SendOptions& options) {
  Picked over;
  absl::Status detail;
  const Error error = Send(content, options, nullptr, &over, &detail);
  return detail.ok() ? StatusOfSend(error, *this) : detail;
}

absl::Status SenderCore::SendInFlow(uint64_t flow, Bytes payload,
                                    const SendOptions& options) {
  std::optional<FlowScope> scope;
  if (t_flow.flow.id() != flow) scope.emplace(Flow::WithId(flow));
  return TrySend(payload, nullptr, options, nullptr)
             ? absl::OkStatus()
             : SendMessage({payload}, options);
}

absl::StatusOr<size_t> SenderCore::SendBatch(std::span<const Bytes> payloads,
                                             const SendOptions& options) {
  if (!options.capabilities.empty())
    return MakeStatus(Error::invalid_args,
                      "a batch carries no capabilities; use Send");
  if (payloads.empty()) return 0;  // and begins no flow
  Outgoing record;
  record.label = options.label;
  record.flow = FlowToSend(*capability_.session());
  size_t sent = 0;
  while (sent < payloads.size()) {
    if (LaneEnd* const only = only_.load(std::memory_order_acquire);
        only != nullptr)
      sent += only->TrySendMany(record, payloads.subspan(sent));
    if (sent == payloads.size()) break;
    // What is unusual, or has to wait, goes by itself.
    absl::Status status = SendInFlow(record.flow, payloads[sent], options);
    if (!status.ok()) {
      if (sent == 0) return status;
      break;
    }
    ++sent;
  }
  return sent;
}

absl::StatusOr<Message> SenderCore::Call(const Content& content,
                                         const SendOptions& options) {
  CallSlot slot;
  Picked over;
  Error error = Error::ok;
  if (TryCallPlain(content, options, slot) ||
      (content.parts.empty() &&
       TrySend(content.payload, content.loan, options, &slot))) {
    over.lane = only_.load(std::memory_order_relaxed);
  } else {
    absl::Status detail;
    error = Send(content, options, &slot, &over, &detail);
    if (!detail.ok()) return detail;
  }
  if (error == Error::ok) {
    over.lane->Await(slot, options.deadline);
    error = slot.error;
  }
  if (error == Error::ok && slot.reply->has_loan())
    error = over.lane->ResolveLoan(*slot.reply);
  if (error == Error::ok && slot.reply->in_region)
    error = over.lane->ResolveRegion(*slot.reply);
  if (slot.sent_at != 0) TraceOutcome(*over.lane, options, slot, error);
  if (error != Error::ok && over.lane != nullptr)
    over.lane->NoteFailure(abi::TraceKind::outcome,
                           {.correlation = slot.correlation,
                            .flow = slot.flow,
                            .label = options.label},
                           error);
  if (error == Error::deadlock) return StatusOfDeadlock(slot.deadlock);
  if (error != Error::ok) return StatusOfSend(error, *this);
  return Message(std::move(slot.reply));
}

void SenderCore::TraceOutcome(const LaneEnd& lane, const SendOptions& options,
                              const CallSlot& slot, Error error) {
  abi::TraceRecord trace =
      TraceOf(lane, abi::TraceKind::outcome, base::TraceNow());
  trace.flow = slot.flow;
  trace.label = options.label;
  trace.correlation = slot.correlation;
  trace.error = static_cast<uint8_t>(error);
  trace.interval_ns = base::StampsApart(slot.sent_at, trace.time_ns);
  if (slot.reply != nullptr) {
    trace.payload_bytes = static_cast<uint32_t>(slot.reply->payload.size());
    trace.handle_count = static_cast<uint8_t>(slot.reply->handle_count);
  }
  WriteTrace(lane, trace);
}

uint64_t SenderCore::stale_replies() const {
  std::lock_guard lock(mutex_);
  uint64_t count = 0;
  for (const auto& lane : lanes_) count += lane->stale_replies();
  return count;
}

namespace {

absl::Status CheckParts(std::span<const Loan> blocks) {
  if (blocks.empty() || blocks.size() > abi::kLoanPartsMax)
    return MakeStatus(
        Error::out_of_range,
        absl::StrCat(blocks.size(), " blocks; a message has 1 to ",
                     abi::kLoanPartsMax, " of them"));
  for (const Loan& block : blocks)
    if (!block.valid())
      return MakeStatus(Error::invalid_args,
                        "a block is empty: it was sent already, or never "
                        "allocated");
  return absl::OkStatus();
}

}  // namespace

Sender::Sender(std::shared_ptr<SenderCore> core) : core_(std::move(core)) {}
Sender::Sender(Sender&&) noexcept = default;
Sender& Sender::operator=(Sender&&) noexcept = default;
Sender::~Sender() = default;

absl::StatusOr<Sender> Sender::Create(Capability port) {
  auto core = SenderCore::Create(std::move(port));
  if (!core.ok()) return core.status();
  return Sender(*std::move(core));
}

absl::Status Sender::Send(Bytes payload, const SendOptions& options) {
  if (core_->TrySendPlain(payload, options) ||
      core_->TrySend(payload, nullptr, options, nullptr))
    return absl::OkStatus();
  return core_->SendMessage({payload}, options);
}

absl::StatusOr<size_t> Sender::SendBatch(std::span<const Bytes> payloads,
                                         const SendOptions& options) {
  return core_->SendBatch(payloads, options);
}

absl::Status Sender::SendLoan(Loan& loan, const SendOptions& options) {
  if (core_->TrySend({}, &loan, options, nullptr)) return absl::OkStatus();
  return core_->SendMessage({{}, &loan}, options);
}

absl::StatusOr<Message> Sender::Call(Bytes payload,
                                     const SendOptions& options) {
  return core_->Call({payload}, options);
}

absl::StatusOr<Message> Sender::CallLoan(Loan& loan,
                                         const SendOptions& options) {
  return core_->Call({{}, &loan}, options);
}

absl::Status Sender::SendParts(Bytes payload, std::span<Loan> blocks,
                               const SendOptions& options) {
  if (absl::Status bad = CheckParts(blocks); !bad.ok()) return bad;
  return core_->SendMessage({payload, nullptr, blocks}, options);
}

absl::StatusOr<Message> Sender::CallParts(Bytes payload, std::span<Loan> blocks,
                                          const SendOptions& options) {
  if (absl::Status bad = CheckParts(blocks); !bad.ok()) return bad;
  return core_->Call({payload, nullptr, blocks}, options);
}

uint64_t Sender::stale_replies() const { return core_->stale_replies(); }
const Capability& Sender::capability() const { return core_->capability(); }

}  // namespace ipc
