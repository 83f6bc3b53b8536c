#include "ipc/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libipc/base/result.h"

namespace ipc {
namespace {

constexpr char kPayloadUrl[] = "keyport/error";
constexpr char kHandleUrl[] = "keyport/handle";

absl::StatusCode CodeOf(Error error) {
  switch (error) {
    case Error::ok:
      return absl::StatusCode::kOk;
    case Error::bad_handle:
    case Error::wrong_type:
    case Error::invalid_args:
      return absl::StatusCode::kInvalidArgument;
    case Error::access_denied:
    case Error::policy_denied:
      return absl::StatusCode::kPermissionDenied;
    case Error::out_of_range:
    case Error::buffer_too_small:
      return absl::StatusCode::kOutOfRange;
    case Error::should_wait:
    case Error::peer_closed:
      return absl::StatusCode::kUnavailable;
    case Error::timed_out:
      return absl::StatusCode::kDeadlineExceeded;
    case Error::canceled:
    case Error::revoked:
      return absl::StatusCode::kCancelled;
    case Error::quota_exceeded:
      return absl::StatusCode::kResourceExhausted;
    case Error::not_found:
      return absl::StatusCode::kNotFound;
    case Error::already_exists:
      return absl::StatusCode::kAlreadyExists;
    case Error::not_supported:
      return absl::StatusCode::kUnimplemented;
    case Error::dropped:
    case Error::deadlock:
    case Error::owner_died:
      return absl::StatusCode::kAborted;
    case Error::bad_state:
    case Error::stale_reply:
      return absl::StatusCode::kFailedPrecondition;
  }
  return absl::StatusCode::kUnknown;
}

}  // namespace

absl::Status MakeStatus(Error error, std::string_view sentence) {
  if (error == Error::ok) return absl::OkStatus();
  absl::Status status(
      CodeOf(error),
      absl::StrCat(base::ErrorName(error), ": ",
                   absl::string_view(sentence.data(), sentence.size())));
  status.SetPayload(kPayloadUrl,
                    absl::Cord(absl::StrCat(static_cast<int>(error))));
  return status;
}

Error ErrorOf(const absl::Status& status) {
  if (status.ok()) return Error::ok;
  const auto payload = status.GetPayload(kPayloadUrl);
  int number = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &number))
    return Error::invalid_args;
  return static_cast<Error>(number);
}

std::optional<Handle> HandleOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kHandleUrl);
  uint32_t handle = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &handle))
    return std::nullopt;
  return handle;
}

absl::Status WithHandle(absl::Status status, Handle handle) {
  if (!status.ok())
    status.SetPayload(kHandleUrl, absl::Cord(absl::StrCat(handle)));
  return status;
}

std::string_view ErrorName(Error error) { return base::ErrorName(error); }

}  // namespace ipc
