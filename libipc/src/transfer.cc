#include "transfer.h"

#include "absl/strings/str_cat.h"
#include "libipc/base/result.h"

namespace ipc {
namespace {

std::vector<ReceivedCapability> CapabilitiesOf(
    const std::shared_ptr<SessionCore>& session, const Answer& answer) {
  std::vector<ReceivedCapability> items;
  for (uint64_t i = 0; i < answer.value(0); ++i) {
    abi::RedeemedItem item;
    if (!answer.Read(&item, i * sizeof(item))) break;
    ReceivedCapability received;
    received.kind = item.kind;
    received.rights = item.rights;
    received.error = item.error;
    if (item.error == Error::ok)
      received.capability =
          Capability(session, item.handle, {item.kind, item.rights});
    items.push_back(std::move(received));
  }
  return items;
}

}  // namespace

absl::Status StatusOfItems(const Answer& answer,
                           std::span<const Capability> capabilities) {
  std::string text = "the capabilities stay with the sender";
  for (size_t i = 0; i < capabilities.size(); ++i) {
    Error error;
    if (!answer.Read(&error, i * sizeof(error)) || error == Error::ok) continue;
    absl::StrAppend(&text, "; number ", i, " (handle ",
                    capabilities[i].handle(), "): ", base::ErrorName(error),
                    ", ", base::ErrorText(error));
  }
  return MakeStatus(answer.error(), text);
}

absl::StatusOr<StagedTransfer> StagedTransfer::Stage(
    LaneEnd& lane, std::span<Capability> capabilities) {
  if (capabilities.empty()) return StagedTransfer(lane, capabilities, 0);
  if (capabilities.size() > abi::kMessageHandlesMax)
    return MakeStatus(
        Error::out_of_range,
        absl::StrCat("a message carries at most ", abi::kMessageHandlesMax,
                     " capabilities, not ", capabilities.size()));
  std::vector<abi::TransferItem> items;
  for (const Capability& capability : capabilities)
    items.push_back(
        {capability.handle(), abi::kRightsSame, abi::kTransferMove, 0});
  const Answer answer =
      lane.session().Call(abi::Syscall::transfer_stage, lane.handle(),
                          {.payload = std::as_bytes(std::span(items))});
  lane.NoteHandles(abi::TraceKind::stage, items.size(), answer.error());
  if (answer.error() != Error::ok) return StatusOfItems(answer, capabilities);
  return StagedTransfer(lane, capabilities, answer.value(0));
}

StagedTransfer::StagedTransfer(StagedTransfer&& other) noexcept
    : lane_(other.lane_),
      capabilities_(std::exchange(other.capabilities_, {})),
      token_(other.token_) {}

StagedTransfer::~StagedTransfer() {
  if (capabilities_.empty()) return;
  const Answer answer = lane_->session().Call(
      abi::Syscall::transfer_cancel, lane_->handle(), {.args = {token_}});
  for (size_t i = 0; i < capabilities_.size(); ++i) {
    Handle handle = abi::kNoHandle;
    if (answer.error() == Error::ok) answer.Read(&handle, i * sizeof(handle));
    capabilities_[i].Release();
    if (handle != abi::kNoHandle)
      capabilities_[i] =
          Capability(lane_->session_ptr(), handle, capabilities_[i].known());
  }
}

void StagedTransfer::AddTo(Outgoing& record) const {
  if (capabilities_.empty()) return;
  record.flags |= abi::kRecordToken;
  record.token = token_;
  record.handle_count = static_cast<uint16_t>(capabilities_.size());
}

void StagedTransfer::Commit() {
  for (Capability& capability : capabilities_) capability.Release();
  capabilities_ = {};
}

void Discard(LaneEnd& lane, uint64_t token) {
  // The session keeps what is asked of it: so it must not be kept by that.
  std::weak_ptr<SessionCore> weak = lane.session_ptr();
  lane.session().Start(abi::Syscall::transfer_redeem, lane.handle(),
                       {.args = {token}}, [weak](Answer answer) {
                         const auto session = weak.lock();
                         if (session == nullptr) return;
                         for (uint64_t i = 0; i < answer.value(0); ++i) {
                           abi::RedeemedItem item;
                           if (!answer.Read(&item, i * sizeof(item))) break;
                           if (item.error == Error::ok)
                             session->CloseLater(item.handle);
                         }
                       });
}

absl::StatusOr<std::vector<ReceivedCapability>> RedeemNow(LaneEnd& lane,
                                                          uint64_t token) {
  const Answer answer = lane.session().Call(abi::Syscall::transfer_redeem,
                                            lane.handle(), {.args = {token}});
  lane.NoteHandles(abi::TraceKind::redeem,
                   answer.error() == Error::ok ? answer.value(0) : 0,
                   answer.error());
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::transfer_redeem, lane.handle(), answer);
  return CapabilitiesOf(lane.session_ptr(), answer);
}

}  // namespace ipc
