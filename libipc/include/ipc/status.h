// Keyport's errors as absl::Status, and back again without loss.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipc/types.h"

namespace ipc {

// A status that carries the exact ABI error; `sentence` says what was wrong,
// what was expected and what to do. The nearest absl code is chosen from it.
absl::Status MakeStatus(Error error, std::string_view sentence);

// The ABI error inside a status; Error::ok for an ok one. A status that did
// not come from Keyport gives invalid_args.
Error ErrorOf(const absl::Status& status);

// The handle that a failed call was about, if the status tells one.
std::optional<Handle> HandleOf(const absl::Status& status);
absl::Status WithHandle(absl::Status status, Handle handle);

// "peer_closed", as in libipc/abi/errors.def.
std::string_view ErrorName(Error error);

}  // namespace ipc
