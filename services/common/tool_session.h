// A tool's session with a running graph.
#pragma once

#include <string>
#include <string_view>

#include "ipc/session.h"

namespace keyport {

// With the right to inspect and to trace everything.
struct ToolSession {
  ipc::Session session;
  ipc::Capability kernel;
};
// `socket` "": the one running graph (FindSocket). Errors: as FindSocket;
// as Session::Connect, with the path.
absl::StatusOr<ToolSession> ConnectTool(const std::string& socket,
                                        std::string_view name);

}  // namespace keyport
