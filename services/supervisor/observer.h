// GraphObserver: who runs a graph and wants to look on, or to play a part in
// it.
#pragma once

#include <vector>

#include "ipc/session.h"
#include "libipc/base/unique_fd.h"
#include "services/supervisor/plan.h"
#include "services/supervisor/wiring.h"

namespace keyport {

// Told of a graph's life on the supervisor's thread.
class GraphObserver {
 public:
  virtual ~GraphObserver() = default;
  // The ports are there, no service was started yet. `kernel` has the rights
  // to inspect and to trace.
  virtual void GraphWired(ipc::Capability kernel) = 0;
  // An instance that is run by the observer: its session, with what the
  // manifest promises it and nothing else. Before any service is started.
  virtual void TakesPlace(const Instance& /*instance*/,
                          base::UniqueFd /*session_socket*/) {}
  // The graph ends when this is readable; -1: never.
  virtual int end_descriptor() const { return -1; }
  // No service runs any more; the kernel process still does, unless it died.
  virtual void ServicesEnded() = 0;
};

// Tells it that the graph is wired, and gives it the places that it takes.
absl::Status Introduce(GraphObserver* observer, Wiring* wiring,
                       const std::vector<Instance>& instances);

}  // namespace keyport
