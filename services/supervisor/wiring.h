// Wiring: the graph's ports and accounts in the kernel process, and the
// sessions of its services with exactly the capabilities they were promised.
//
// It keeps every right on every port, so that the port and what is queued in
// it outlive a service that crashes.
#pragma once

#include <string>
#include <vector>

#include "ipc/process.h"
#include "ipc/session.h"
#include "services/supervisor/children.h"
#include "services/supervisor/manifest.h"
#include "services/supervisor/plan.h"
#include "services/supervisor/restart.h"

namespace keyport {

class Wiring {
 public:
  // Makes all ports and an account for each instance. `manifest` and
  // `instances` must outlive it. Takes the session's "account", which is
  // charged for everything, or an account of the graph below it if the manifest
  // has one; and its "kernel", of which those who trace everything get copies.
  static absl::StatusOr<Wiring> Create(ipc::Session& session,
                                       const Manifest& manifest,
                                       const std::vector<Instance>& instances);

  // Starts instance `index`. Its object in the kernel process is kept until the
  // next start.
  absl::StatusOr<Child> Start(size_t index);
  // A session for whoever runs instance `index` in this process.
  absl::StatusOr<base::UniqueFd> MakeSession(size_t index);
  // Tells the kernel process how instance `index` ended, for those who watch
  // or list it. Never waits.
  void Exited(size_t index, const Ending& ending);
  const ipc::Capability& kernel() const { return kernel_; }

 private:
  Wiring(const Manifest& manifest, const std::vector<Instance>& instances)
      : manifest_(manifest), instances_(instances) {}
  absl::Status MakeGraphAccount(ipc::Capability root);
  absl::Status MakePorts(const ipc::Session& session);
  absl::Status MakeAccounts();
  absl::StatusOr<ipc::NewProcess> MakeProcess(size_t index);

  const Manifest& manifest_;
  const std::vector<Instance>& instances_;
  ipc::Capability kernel_;
  ipc::Capability account_;                 // the graph's, or the root
  std::vector<ipc::Capability> ports_;      // as in the manifest
  std::vector<ipc::Capability> accounts_;   // an instance each
  std::vector<ipc::Capability> processes_;  // an instance each
};

}  // namespace keyport
