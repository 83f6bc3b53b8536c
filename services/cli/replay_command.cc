#include "services/cli/replay_command.h"

#include <cstdio>

#include "services/cli/graph_schemas.h"
#include "services/cli/recording_end.h"
#include "services/common/nearest.h"
#include "services/replay/replay_report.h"
#include "services/replay/replay_stage.h"

namespace keyport {
namespace {

absl::StatusOr<ReplayScript> ReadScript(const ReplayOptions& options) {
  auto reader = RecordingReader::Open(options.recording);
  if (!reader.ok()) return reader.status();
  auto script = ReadReplayScript(&*reader, options.choice);
  if (!script.ok()) return script.status();
  TellOfEnd(*reader);
  if (script->requests.empty())
    return ipc::MakeStatus(ipc::Error::not_found,
                           "the recording holds no request that can be sent "
                           "again: " +
                               RefusalsText(script->refused));
  return script;
}

// Those given, and for other ports those of the graph's manifest.
absl::StatusOr<PayloadSchemas> SchemasFor(const ReplayOptions& options,
                                          const Manifest& manifest) {
  auto schemas = SchemasGiven(options.schemas);
  if (!schemas.ok()) return schemas;
  std::vector<Problem> problems;
  for (const std::string& word :
       SchemasOf(manifest, options.graph.manifest, &problems))
    if (absl::Status added = schemas->AddUsual(word); !added.ok()) return added;
  PrintProblems(options.graph.manifest, problems, "warning: ");
  return schemas;
}

void SayBegun(const ReplayScript& script,
              const std::vector<Instance>& instances) {
  std::vector<std::string> names;
  for (const Instance& instance : instances)
    if (instance.run_by == RunBy::kObserver) names.push_back(instance.name);
  std::fprintf(stderr, "replay: %zu requests in the place of %s\n",
               script.requests.size(), JoinWords(names).c_str());
}

}  // namespace

int RunReplay(const ReplayOptions& options) {
  const auto script = ReadScript(options);
  if (!script.ok()) return Complain(script.status());
  std::optional<SupervisorOptions> graph = PrepareGraph(options.graph);
  if (!graph) return 1;
  const auto schemas = SchemasFor(options, graph->manifest);
  if (!schemas.ok()) return Complain(schemas.status());
  if (absl::Status left =
          LeaveOutSenders(*script, graph->manifest, &graph->instances);
      !left.ok())
    return Complain(left);
  SayBegun(*script, graph->instances);
  ReplayStage stage(*script, options.pace, graph->manifest, graph->instances);
  graph->observer = &stage;
  graph->services_to = Output::Services::kError;
  const int ended = RunGraph(*graph);
  const auto outcomes = stage.Finish();
  if (!outcomes.ok()) return Complain(outcomes.status());
  const ReplayReport report =
      MakeReplayReport(*script, *outcomes, *schemas, options.differences_max);
  const bool json = options.format == Format::kJson;
  std::fputs((json ? report.json : report.text).c_str(), stdout);
  if (report.sums.unsent > 0)
    return Complain(ipc::MakeStatus(ipc::Error::canceled,
                                    "the graph ended before the last " +
                                        std::to_string(report.sums.unsent) +
                                        " requests were sent"));
  if (ended != 0)
    return Complain(ipc::MakeStatus(ipc::Error::bad_state,
                                    "a service of the graph failed; what it "
                                    "said stands above"));
  return report.sums.differ > 0 ? kExitDiffer : 0;
}

}  // namespace keyport
