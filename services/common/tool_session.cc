#include "services/common/tool_session.h"

#include "services/common/runtime_folder.h"

namespace keyport {

absl::StatusOr<ToolSession> ConnectTool(const std::string& socket,
                                        std::string_view name) {
  absl::StatusOr<std::string> path = FindSocket(socket);
  if (!path.ok()) return path.status();
  absl::StatusOr<ipc::Session> session = ipc::Session::Connect(*path, name);
  if (!session.ok())
    return ipc::MakeStatus(
        ipc::ErrorOf(session.status()),
        *path + ": " + std::string(session.status().message()));
  absl::StatusOr<ipc::Capability> kernel = session->Take("kernel");
  if (!kernel.ok()) return kernel.status();
  return ToolSession{*std::move(session), *std::move(kernel)};
}

}  // namespace keyport
