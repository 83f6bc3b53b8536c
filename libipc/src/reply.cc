#include "ipc/reply.h"

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ipc/region.h"
#include "session_core.h"
#include "transfer.h"

namespace ipc {
namespace {

absl::Status StatusOfReply(const Answer& answer,
                           std::span<const Capability> capabilities,
                           Handle handle) {
  switch (answer.error()) {
    case Error::ok:
      return absl::OkStatus();
    case Error::stale_reply:
      return MakeStatus(Error::stale_reply,
                        "the caller gave up before it was answered; nothing "
                        "was sent");
    case Error::peer_closed:
      return MakeStatus(Error::peer_closed, "the caller is gone");
    case Error::should_wait:
      return MakeStatus(Error::should_wait,
                        "the caller reads its answers too slowly; try again "
                        "later");
    default:
      break;
  }
  if (!answer.payload.empty()) return StatusOfItems(answer, capabilities);
  return StatusOfAnswer(abi::Syscall::reply_send, handle, answer);
}

}  // namespace

absl::StatusOr<Replier> Replier::Adopt(Capability capability) {
  const absl::StatusOr<CapabilityInfo> info = capability.Info();
  if (!info.ok()) return info.status();
  if (info->kind != ObjectKind::reply)
    return MakeStatus(
        Error::wrong_type,
        "a Replier needs a Reply capability (Message::MoveReply)");
  return Replier(std::move(capability));
}

absl::Status Replier::Reply(Bytes payload, std::span<Capability> capabilities) {
  if (!capability_.valid())
    return MakeStatus(Error::bad_handle,
                      "this Replier is empty: it has answered already, or its "
                      "capability was taken");
  if (capabilities.size() > abi::kMessageHandlesMax)
    return MakeStatus(Error::out_of_range,
                      absl::StrCat("an answer carries at most ",
                                   abi::kMessageHandlesMax, " capabilities"));
  const size_t room =
      abi::kRequestPayloadMax - capabilities.size() * sizeof(abi::TransferItem);
  return payload.size() <= room ? Send(payload, capabilities, 0)
                                : SendInRegion(payload, capabilities);
}

absl::Status Replier::Send(Bytes payload, std::span<Capability> capabilities,
                           uint32_t options) {
  std::vector<std::byte> request;
  for (const Capability& capability : capabilities) {
    const abi::TransferItem item = {capability.handle(), abi::kRightsSame,
                                    abi::kTransferMove, 0};
    const auto bytes = std::as_bytes(std::span(&item, 1));
    request.insert(request.end(), bytes.begin(), bytes.end());
  }
  request.insert(request.end(), payload.begin(), payload.end());
  const Answer answer = capability_.session()->Call(
      abi::Syscall::reply_send, capability_.handle(),
      {.options = options, .args = {capabilities.size()}, .payload = request});
  const absl::Status status =
      StatusOfReply(answer, capabilities, capability_.handle());
  if (status.ok()) {
    for (Capability& capability : capabilities) capability.Release();
    capability_.Release();
  } else if (answer.error() == Error::stale_reply ||
             answer.error() == Error::peer_closed) {
    capability_ = Capability();
  }
  return status;
}

absl::Status Replier::SendInRegion(Bytes payload,
                                   std::span<Capability> capabilities) {
  if (capabilities.size() + 1 > abi::kMessageHandlesMax)
    return MakeStatus(Error::out_of_range,
                      "an answer of this size carries one capability less");
  absl::StatusOr<Region> region =
      Region::Create(capability_.session(), payload.size());
  if (!region.ok()) return region.status();
  {
    absl::StatusOr<Mapping> mapping = region->MapWrite();
    if (!mapping.ok()) return mapping.status();
    std::memcpy(mapping->bytes().data(), payload.data(), payload.size());
  }
  if (absl::Status sealed = region->SealImmutable(); !sealed.ok())
    return sealed;
  std::vector<Capability> all;
  for (Capability& capability : capabilities)
    all.push_back(std::move(capability));
  all.push_back(region->TakeCapability());
  const uint64_t bytes = payload.size();
  const absl::Status status =
      Send(std::as_bytes(std::span(&bytes, 1)), all, abi::kReplyInRegion);
  // What was not sent goes back to its owners.
  for (size_t i = 0; i < capabilities.size(); ++i)
    capabilities[i] = std::move(all[i]);
  return status;
}

absl::StatusOr<Replier::Call> Replier::Info() const {
  if (!capability_.valid())
    return MakeStatus(Error::bad_handle, "this Replier is empty");
  const Answer answer = capability_.session()->Call(abi::Syscall::reply_info,
                                                    capability_.handle());
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::reply_info, capability_.handle(),
                          answer);
  Call call;
  call.over =
      static_cast<abi::ReplyState>(answer.value(0)) != abi::ReplyState::open;
  if (answer.value(1) != 0)
    call.deadline.ns = static_cast<int64_t>(answer.value(1));
  call.flow = answer.value(2);
  call.label = static_cast<uint32_t>(answer.value(3));
  return call;
}

}  // namespace ipc
