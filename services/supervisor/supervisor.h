// Runs a service graph: the kernel process, the services, and what happens
// when one of them ends. One thread, no waits but one poll.
//
//   starting -> running -> stopping (SIGTERM, 3 s later SIGKILL) -> ended
#pragma once

#include <string>
#include <vector>

#include "services/supervisor/manifest.h"
#include "services/supervisor/observer.h"
#include "services/supervisor/output.h"
#include "services/supervisor/plan.h"

namespace keyport {

struct SupervisorOptions {
  Manifest manifest;
  std::vector<Instance> instances;
  std::string socket_path;
  std::string kernel_program;
  Output::Colour colour = Output::Colour::kIfTerminal;
  Output::Services services_to = Output::Services::kOutput;
  GraphObserver* observer = nullptr;  // may be none
};

// Runs the graph to its end. Returns the exit code: the job's; 128 + signal
// when a signal ended a graph whose job was not done, 0 when it has no job;
// 1 when the kernel process died or nothing could be started.
int RunGraph(const SupervisorOptions& options);

}  // namespace keyport
