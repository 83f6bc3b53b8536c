// A manifest made ready to run: each instance with its program, words and
// capabilities. Looks for programs, starts nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/supervisor/expand.h"
#include "services/supervisor/manifest.h"

namespace keyport {

struct PlannedCapability {
  std::string name;  // as the service calls it
  size_t port = 0;   // index in Manifest::ports
  ipc::Rights rights = 0;
  uint64_t badge = 0;  // 0: that of the port's own capability
  uint32_t band = 0;
  ipc::TraceLimits trace_limits = {};
};

enum class RunBy { kProgram, kObserver };

struct Instance {
  std::string name;    // "tokenizer.2"
  size_t service = 0;  // index in Manifest::services
  std::vector<std::string> argv;
  std::vector<std::string> variables;  // NAME=value
  std::vector<PlannedCapability> capabilities;
  ipc::Rights kernel_rights = 0;  // on the kernel object; 0: none
  ipc::TraceLimits kernel_trace_limits;
  // kObserver: no program is started; the graph's observer takes its place.
  RunBy run_by = RunBy::kProgram;
};

struct PlanInputs {
  CommandWords words;
  Lookup environment;
  std::string program_folder;  // looked at first: where `keyport` is
  std::string path;            // then these, as in PATH
};

struct Plan {
  std::vector<Instance> instances;
  std::vector<Problem> problems;
  // Names in ${NAME} that have no value; each is a problem too.
  std::vector<std::string> needs;
};
// The manifest must have been parsed without problems.
Plan MakePlan(const Manifest& manifest, const PlanInputs& inputs);

// Bytes of the longest name.
size_t NameWidth(const std::vector<Instance>& instances);

// The file to execute, or "": a name with a slash is relative to `folder`,
// others are looked up in the program folder and in the path.
std::string FindProgram(const std::string& program, const std::string& folder,
                        const PlanInputs& inputs);

}  // namespace keyport
