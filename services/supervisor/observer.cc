#include "services/supervisor/observer.h"

#include <utility>

namespace keyport {

absl::Status Introduce(GraphObserver* observer, Wiring* wiring,
                       const std::vector<Instance>& instances) {
  absl::StatusOr<ipc::Capability> kernel = wiring->kernel().Duplicate();
  if (!kernel.ok()) return kernel.status();
  observer->GraphWired(*std::move(kernel));
  for (size_t i = 0; i < instances.size(); ++i) {
    if (instances[i].run_by != RunBy::kObserver) continue;
    absl::StatusOr<base::UniqueFd> socket = wiring->MakeSession(i);
    if (!socket.ok()) return socket.status();
    observer->TakesPlace(instances[i], *std::move(socket));
  }
  return absl::OkStatus();
}

}  // namespace keyport
