#include "services/cli/run_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "services/cli/graph_schemas.h"
#include "services/cli/inspect_commands.h"
#include "services/common/nearest.h"
#include "services/common/runtime_folder.h"
#include "services/supervisor/reach.h"
#include "services/tracer/background_trace.h"

namespace keyport {
namespace {

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

PlanInputs InputsOf(const std::vector<std::string>& words) {
  PlanInputs inputs;
  inputs.words = SplitWords(words);
  inputs.environment = FromEnvironment;
  std::error_code failed;
  inputs.program_folder =
      std::filesystem::read_symlink("/proc/self/exe", failed)
          .parent_path()
          .string();
  inputs.path = FromEnvironment("PATH").value_or("");
  return inputs;
}

// A plan, or nothing after saying what is wrong.
std::optional<Plan> PlanOf(const ParsedManifest& parsed,
                           const RunOptions& options,
                           const PlanInputs& inputs) {
  if (!parsed.problems.empty()) {
    PrintProblems(options.manifest, parsed.problems);
    return std::nullopt;
  }
  PrintProblems(options.manifest, Warnings(parsed.manifest), "warning: ");
  return MakePlan(parsed.manifest, inputs);
}

// The trace of a run, printed when its services have ended.
class RunTracer : public GraphObserver {
 public:
  void GraphWired(ipc::Capability kernel) override {
    auto trace = BackgroundTrace::Start(
        std::move(kernel), [](const BackgroundTrace::Counters& counters) {
          std::fprintf(
              stderr,
              "trace   | %llu messages, %llu a second, %llu records "
              "lost\n",
              static_cast<unsigned long long>(counters.messages),
              static_cast<unsigned long long>(counters.messages_per_second),
              static_cast<unsigned long long>(counters.lost));
        });
    if (trace.ok())
      trace_ = *std::move(trace);
    else
      Complain(trace.status());
  }
  void ServicesEnded() override {
    if (trace_ == nullptr) return;
    std::fputs(("\n" + trace_->Finish()).c_str(), stdout);
    std::fflush(stdout);
    trace_.reset();
  }

 private:
  std::unique_ptr<BackgroundTrace> trace_;
};

}  // namespace

void PrintProblems(const std::string& path,
                   const std::vector<Problem>& problems, const char* before) {
  for (const Problem& problem : problems)
    std::fprintf(stderr, "%s%s\n", before, ProblemText(path, problem).c_str());
}

std::optional<SupervisorOptions> PrepareGraph(const RunOptions& options) {
  const ParsedManifest parsed = LoadManifest(options.manifest);
  const PlanInputs inputs = InputsOf(options.words);
  std::optional<Plan> plan = PlanOf(parsed, options, inputs);
  if (!plan) return std::nullopt;
  if (!plan->problems.empty()) {
    PrintProblems(options.manifest, plan->problems);
    return std::nullopt;
  }
  SupervisorOptions run;
  run.manifest = parsed.manifest;
  run.instances = std::move(plan->instances);
  run.kernel_program = FindProgram("keyport-kernel", "", inputs);
  run.socket_path = options.socket;
  if (run.kernel_program.empty()) {
    std::fprintf(stderr,
                 "keyport: keyport-kernel is missing; looked in %s "
                 "and in PATH\n",
                 inputs.program_folder.c_str());
    return std::nullopt;
  }
  if (run.socket_path.empty()) {
    const absl::StatusOr<std::string> folder = RuntimeFolder();
    if (!folder.ok()) {
      Complain(folder.status());
      return std::nullopt;
    }
    run.socket_path = SocketPathFor(*folder, run.manifest.name, getpid());
  }
  return run;
}

int RunGraphCommand(const RunOptions& options) {
  std::optional<SupervisorOptions> run = PrepareGraph(options);
  if (!run) return 1;
  std::vector<Problem> problems;
  const PublishedSchemas schemas(
      run->socket_path, SchemasOf(run->manifest, options.manifest, &problems));
  if (!problems.empty()) {
    PrintProblems(options.manifest, problems);
    return 1;
  }
  RunTracer tracer;
  if (options.trace == TraceTheRun::kYes) run->observer = &tracer;
  return RunGraph(*run);
}

int RunCheckCommand(const RunOptions& options) {
  const ParsedManifest parsed = LoadManifest(options.manifest);
  const PlanInputs inputs = InputsOf(options.words);
  std::optional<Plan> plan = PlanOf(parsed, options, inputs);
  if (!plan) return 1;
  std::vector<std::string> needs = plan->needs;
  std::sort(needs.begin(), needs.end());
  needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  SchemasOf(parsed.manifest, options.manifest, &plan->problems);
  std::erase_if(plan->problems,
                [](const Problem& problem) { return problem.is_need; });
  if (!plan->problems.empty()) {
    PrintProblems(options.manifest, plan->problems);
    return 1;
  }
  const std::string reach = ReachText(parsed.manifest, plan->instances);
  std::printf("%s: graph %s is right: %zu services, %zu ports\n",
              options.manifest.c_str(), parsed.manifest.name.c_str(),
              plan->instances.size(), parsed.manifest.ports.size());
  if (!needs.empty())
    std::printf("it needs values for: %s\n", JoinWords(needs).c_str());
  std::fputs(reach.c_str(), stdout);
  return 0;
}

}  // namespace keyport
