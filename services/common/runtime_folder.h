// Where running graphs put their sockets, and how tools find them.
// Never uses a folder that belongs to somebody else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace keyport {

// $XDG_RUNTIME_DIR/keyport, or /tmp/keyport-UID; made (mode 0700) when it is
// not there. Errors: access_denied when it is another user's or open to others.
absl::StatusOr<std::string> RuntimeFolder();

// "FOLDER/GRAPH-PID.sock"; what is not a letter, digit, '.', '_' or '-' in the
// name becomes '_', and it is cut where a socket path must end.
std::string SocketPathFor(const std::string& folder, std::string_view graph,
                          int pid);

// Beside a socket, what its graph says of payloads (graph_schemas.h).
inline constexpr std::string_view kSchemasEnd = ".schemas";

// Sockets in the folder on which a kernel process answers. Files left by a
// killed one are removed.
std::vector<std::string> LiveSockets(const std::string& folder);

// The socket a tool should use: `given` if it is not empty, else
// KEYPORT_SOCKET, else the one running graph of this user.
// Errors: not_found when none runs; bad_state, naming all, when several do.
absl::StatusOr<std::string> FindSocket(const std::string& given);

}  // namespace keyport
