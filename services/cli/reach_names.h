// What the words of `keyport why` and `keyport who-can` name in a model.
// Errors: not_found, with the names there are and the nearest one.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/reachability.h"

namespace keyport {

// A service ("tokenizer": all its instances), an instance ("tokenizer.2"), or
// one process of several with a name ("keyport(4711)"). Those that have ended
// only if no other is left.
absl::StatusOr<std::vector<uint64_t>> FindProcesses(const ReachModel& model,
                                                    std::string_view word);

// Ports: "store", ":store", "port:store"; ":9" or "9" by id, if a graph runs.
absl::StatusOr<std::vector<uint64_t>> FindPorts(const ReachModel& model,
                                                std::string_view word);

// What processes or ports it names; both have it: processes, except with ":".
absl::StatusOr<Target> FindTarget(const Reachability& reachability,
                                  std::string_view word);

}  // namespace keyport
