#include "services/cli/inspect_commands.h"

#include <cstdio>

#include "services/cli/account_tree.h"
#include "services/cli/dot.h"
#include "services/cli/listing.h"
#include "services/common/nearest.h"
#include "services/tracer/trace_filter.h"

namespace keyport {
namespace {

absl::Status CheckService(const Snapshot& snapshot,
                          const std::string& service) {
  if (service.empty()) return absl::OkStatus();
  const std::vector<std::string> names = snapshot.ProcessNames();
  for (const std::string& name : names)
    if (IsService(name, service)) return absl::OkStatus();
  return ipc::MakeStatus(ipc::Error::not_found,
                         "no service \"" + service + "\" runs; there are " +
                             JoinWords(names) + DidYouMean(service, names));
}

absl::StatusOr<Listing> ListKnownAccounts(const Snapshot& snapshot,
                                          const std::string& word) {
  if (word.empty()) return ListAccounts(snapshot);
  const auto accounts = FindAccounts(snapshot, word);
  if (!accounts.ok()) return accounts.status();
  Listing all;
  for (const ipc::AccountEntry* account : *accounts) {
    const Listing one = ListAccount(snapshot, *account);
    if (!all.text.empty()) all.text += "\n";
    all.text += one.text;
    all.json += one.json;
  }
  return all;
}

absl::StatusOr<Listing> Make(const Snapshot& snapshot,
                             const InspectOptions& options) {
  switch (options.listed) {
    case Listed::kProcesses:
      return ListProcesses(snapshot, ReadProcStat);
    case Listed::kThreads:
      return ListThreads(snapshot);
    case Listed::kPorts:
      return ListPorts(snapshot);
    case Listed::kCapabilities:
      if (absl::Status known = CheckService(snapshot, options.service);
          !known.ok())
        return known;
      return ListCapabilities(snapshot, options.service);
    case Listed::kRegions:
      return ListRegions(snapshot);
    case Listed::kNotifications:
      return ListNotifications(snapshot);
    case Listed::kTopics:
      return ListTopics(snapshot);
    case Listed::kAccounts:
      return ListKnownAccounts(snapshot, options.account);
    case Listed::kGraph:
      return ListLanes(snapshot);
    case Listed::kGraphDot:
      break;
  }
  return Listing{GraphDot(snapshot), ""};
}

}  // namespace

int Complain(const absl::Status& status) {
  std::fprintf(stderr, "keyport: %s\n", std::string(status.message()).c_str());
  return 1;
}

absl::StatusOr<Snapshot> LookAtGraph(const std::string& socket) {
  absl::StatusOr<ToolSession> tool = ConnectTool(socket, "keyport");
  if (!tool.ok()) return tool.status();
  const absl::StatusOr<ipc::Inspector> inspector =
      ipc::Inspector::Create(std::move(tool->kernel));
  if (!inspector.ok()) return inspector.status();
  return TakeSnapshot(*inspector, tool->session.process_id());
}

void Print(const Listing& listing, Format format) {
  const std::string& text =
      format == Format::kJson ? listing.json : listing.text;
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int RunInspect(const InspectOptions& options) {
  const absl::StatusOr<Snapshot> snapshot = LookAtGraph(options.socket);
  if (!snapshot.ok()) return Complain(snapshot.status());
  const absl::StatusOr<Listing> listing = Make(*snapshot, options);
  if (!listing.ok()) return Complain(listing.status());
  Print(*listing, options.format);
  return 0;
}

}  // namespace keyport
