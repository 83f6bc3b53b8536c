#include "services/cli/explain_command.h"

#include "services/cli/explain_listing.h"
#include "services/cli/reach_commands.h"
#include "services/cli/reach_names.h"

namespace keyport {
namespace {

absl::Status HasEnded(const std::string& label) {
  return ipc::MakeStatus(ipc::Error::not_found,
                         label + " has ended, and its handles with it");
}

int Explain(const ipc::Capability& kernel, const Reachability& reachability,
            ipc::Handle handle, const ExplainOptions& options) {
  const auto processes = FindProcesses(reachability.model(), options.service);
  if (!processes.ok()) return Complain(processes.status());
  int exit_code = 0;
  for (const uint64_t process : *processes) {
    auto explanation = ipc::Explain(kernel, process, handle);
    if (ipc::ErrorOf(explanation.status()) == ipc::Error::not_found)
      return Complain(HasEnded(reachability.Label(process)));
    if (!explanation.ok()) return Complain(explanation.status());
    if (!explanation->is_open) exit_code = kExitNo;
    Print(ListExplanation(reachability.Label(process), *std::move(explanation)),
          options.format);
  }
  return exit_code;
}

}  // namespace

int RunExplain(const ExplainOptions& options) {
  const auto handle = ParseHandle(options.handle);
  if (!handle)
    return Complain(ipc::MakeStatus(
        ipc::Error::invalid_args,
        "\"" + options.handle +
            "\" is no handle: write 4097, or 0x1001 as `keyport caps` does"));
  const absl::StatusOr<Snapshot> snapshot = LookAtGraph(options.socket);
  if (!snapshot.ok()) return Complain(snapshot.status());
  const absl::StatusOr<ToolSession> tool =
      ConnectTool(options.socket, "keyport");
  if (!tool.ok()) return Complain(tool.status());
  const ReachModel model = ReachModelOf(*snapshot);
  return Explain(tool->kernel, Reachability(model), *handle, options);
}

}  // namespace keyport
