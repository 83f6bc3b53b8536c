// Starts keyport-kernel with a root session for this process.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libipc/base/unique_fd.h"
#include "services/supervisor/children.h"

namespace keyport {

struct KernelProcess {
  Child child;
  base::UniqueFd session_socket;
};

// It ends by itself when the root session ends, and when this process dies.
// It is a process group of its own, so that a terminal's Ctrl-C leaves it to
// serve the services that end.
absl::StatusOr<KernelProcess> StartKernelProcess(
    const std::string& program, const std::string& listen_path);

}  // namespace keyport
