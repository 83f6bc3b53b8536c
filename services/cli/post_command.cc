#include "services/cli/post_command.h"

#include <utility>

#include "ipc/inspect.h"
#include "ipc/status.h"
#include "libipc/base/clock.h"
#include "services/cli/post_listing.h"

namespace keyport {
namespace {

absl::StatusOr<FlightProcesses> FindFlights(const ipc::Capability& kernel) {
  FlightProcesses processes;
  const absl::Status read = ipc::ReadFlights(
      kernel,
      [&](const ipc::FlightSource& source) {
        processes.Add(source);
        return false;
      },
      [](const ipc::FlightLog&) {});
  if (!read.ok()) return read;
  return processes;
}

absl::StatusOr<std::vector<ipc::FlightLog>> LogsOf(
    const ipc::Capability& kernel, uint64_t process_id) {
  std::vector<ipc::FlightLog> logs;
  const absl::Status read = ipc::ReadFlights(
      kernel,
      [&](const ipc::FlightSource& source) {
        return source.process_id == process_id;
      },
      [&](ipc::FlightLog log) { logs.push_back(std::move(log)); });
  if (!read.ok()) return read;
  return logs;
}

// Another session: the capability to inspect cannot be used for both.
absl::StatusOr<TraceDirectory> LearnNames(const std::string& socket) {
  absl::StatusOr<ToolSession> looks = ConnectTool(socket, "keyport");
  if (!looks.ok()) return looks.status();
  const auto inspector = ipc::Inspector::Create(std::move(looks->kernel));
  if (!inspector.ok()) return inspector.status();
  TraceDirectory directory;
  directory.Refresh(*inspector);
  return directory;
}

PostTimes TimesNow() {
  return {.clock = WallClock(), .now_ns = static_cast<uint64_t>(base::NowNs())};
}

absl::StatusOr<Listing> ListOne(const ipc::Capability& kernel,
                                const FlightProcesses& processes,
                                const PostOptions& options) {
  const auto chosen = processes.Choose(options.service, options.pid);
  if (!chosen.ok()) return chosen.status();
  const auto directory = LearnNames(options.socket);
  if (!directory.ok()) return directory.status();
  auto logs = LogsOf(kernel, chosen->source.process_id);
  if (!logs.ok()) return logs.status();
  return ListPost(chosen->source, FlightStory(*std::move(logs)), *directory,
                  options.steps_max, TimesNow());
}

}  // namespace

int RunPost(const PostOptions& options) {
  if (options.shows == PostShows::kOne && options.service.empty() &&
      !options.pid)
    return Complain(ipc::MakeStatus(
        ipc::Error::invalid_args,
        "post of whom? Name a service, or --pid N; --list shows what there "
        "is"));
  const absl::StatusOr<ToolSession> tool =
      ConnectTool(options.socket, "keyport");
  if (!tool.ok()) return Complain(tool.status());
  const auto processes = FindFlights(tool->kernel);
  if (!processes.ok()) return Complain(processes.status());
  const absl::StatusOr<Listing> listing =
      options.shows == PostShows::kWhatThereIs
          ? ListFlights(*processes, TimesNow())
          : ListOne(tool->kernel, *processes, options);
  if (!listing.ok()) return Complain(listing.status());
  Print(*listing, options.format);
  return 0;
}

}  // namespace keyport
