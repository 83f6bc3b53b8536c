#include "services/cli/reach_commands.h"

#include <optional>

#include "libipc/base/names.h"
#include "services/cli/reach_listing.h"
#include "services/cli/reach_names.h"
#include "services/cli/run_command.h"
#include "services/common/right_names.h"

namespace keyport {
namespace {

// Values and programs do not matter to who gets what.
std::optional<ReachModel> ModelOfManifest(const std::string& path) {
  const ParsedManifest parsed = LoadManifest(path);
  if (!parsed.problems.empty()) {
    PrintProblems(path, parsed.problems);
    return std::nullopt;
  }
  PlanInputs inputs;
  inputs.environment = [](const std::string&) { return std::nullopt; };
  const Plan plan = MakePlan(parsed.manifest, inputs);
  return ReachModelOf(parsed.manifest, plan.instances);
}

// Nothing after saying what failed.
std::optional<ReachModel> Look(const ReachOptions& options) {
  if (!options.manifest.empty()) return ModelOfManifest(options.manifest);
  const absl::StatusOr<Snapshot> snapshot = LookAtGraph(options.socket);
  if (snapshot.ok()) return ReachModelOf(*snapshot);
  Complain(snapshot.status());
  return std::nullopt;
}

int Why(const Reachability& reachability, const WhyOptions& options) {
  const auto from = FindProcesses(reachability.model(), options.from);
  if (!from.ok()) return Complain(from.status());
  const auto to = FindTarget(reachability, options.to);
  if (!to.ok()) return Complain(to.status());
  int exit_code = 0;
  for (const uint64_t process : *from) {
    const WhyAnswer answer = reachability.Why(process, *to);
    if (answer.ways.empty()) exit_code = kExitNo;
    Print(ListWhy(reachability, answer), options.reach.format);
  }
  return exit_code;
}

int WhoCan(const Reachability& reachability, ipc::Rights right,
           const WhoCanOptions& options) {
  const auto ports = FindPorts(reachability.model(), options.port);
  if (!ports.ok()) return Complain(ports.status());
  const Listing listing = ListWhoCan(reachability, right, *ports);
  Print(listing, options.reach.format);
  return listing.json.empty() ? kExitNo : 0;
}

}  // namespace

int RunWhy(const WhyOptions& options) {
  const std::optional<ReachModel> model = Look(options.reach);
  if (!model) return 1;
  return Why(Reachability(*model), options);
}

int RunWhoCan(const WhoCanOptions& options) {
  const auto right = base::RightByName(options.right);
  if (!right)
    return Complain(
        ipc::MakeStatus(ipc::Error::invalid_args, UnknownRight(options.right)));
  const std::optional<ReachModel> model = Look(options.reach);
  if (!model) return 1;
  return WhoCan(Reachability(*model), *right, options);
}

}  // namespace keyport
