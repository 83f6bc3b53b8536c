#include "services/supervisor/plan.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "services/common/trace_names.h"

namespace keyport {
namespace {

constexpr ipc::Rights kProvidedRights =
    ipc::kRightReceive | ipc::kRightWait | ipc::kRightInspect;
constexpr ipc::Rights kUsedRights = ipc::kRightSend | ipc::kRightWait;

bool IsProgram(const std::filesystem::path& file) {
  std::error_code failed;
  return std::filesystem::is_regular_file(file, failed) &&
         access(file.c_str(), X_OK) == 0;
}

// Duplicate: a tracer looks at names with one and traces with the other.
constexpr ipc::Rights kTracedRights = ipc::kRightTraceMeta;
constexpr ipc::Rights kKernelRights =
    ipc::kRightInspect | ipc::kRightTraceMeta | ipc::kRightDuplicate;

ipc::Rights TraceRights(const TraceSpec& traces, ipc::Rights rights) {
  return rights | (traces.payload ? ipc::kRightTracePayload : 0) |
         (traces.lossless ? ipc::kRightTraceStall : 0);
}

class Planner {
 public:
  Planner(const Manifest& manifest, const PlanInputs& inputs)
      : manifest_(manifest), inputs_(inputs) {
    for (const ServiceSpec& service : manifest.services)
      for (const UseSpec& use : service.uses)
        if (use.badge) taken_badges_.insert(*use.badge);
  }

  Plan Make() {
    for (size_t i = 0; i < manifest_.services.size(); ++i) AddService(i);
    if (!inputs_.words.others.empty() && !others_taken_)
      Note({}, "no service takes the words \"" + inputs_.words.others[0] +
                   "\"...; expected NAME=value, or \"${@}\" among the "
                   "arguments of a service");
    return std::move(plan_);
  }

 private:
  void Note(const Position& at, std::string text) {
    plan_.problems.push_back({at, std::move(text)});
  }

  std::string Fill(const Word& word) {
    const Expanded expanded =
        Expand(word.text,
               [this](const std::string& name) -> std::optional<std::string> {
                 const auto given = inputs_.words.variables.find(name);
                 if (given != inputs_.words.variables.end())
                   return given->second;
                 return inputs_.environment(name);
               });
    if (!expanded.error.empty()) Note(word.at, expanded.error);
    for (const std::string& name : expanded.missing) {
      plan_.problems.push_back(
          {word.at,
           "${" + name + "} has no value; expected " + name +
               "=value after the manifest, or in the environment",
           true});
      plan_.needs.push_back(name);
    }
    return expanded.text;
  }

  void AddService(size_t index) {
    const ServiceSpec& service = manifest_.services[index];
    Instance instance;
    instance.service = index;
    FillProgram(service, &instance.argv);
    FillArguments(service, &instance.argv);
    for (const auto& [name, value] : service.variables)
      instance.variables.push_back(name + "=" + Fill(value));
    for (uint32_t number = 1; number <= service.instances; ++number) {
      instance.name = service.name.text;
      if (service.instances > 1) instance.name += "." + std::to_string(number);
      instance.capabilities = Capabilities(service);
      if (service.traces.of == TraceSpec::Of::kEverything) {
        instance.kernel_rights = TraceRights(service.traces, kKernelRights);
        instance.kernel_trace_limits = service.traces.limits;
      }
      plan_.instances.push_back(instance);
    }
  }

  void FillProgram(const ServiceSpec& service, std::vector<std::string>* argv) {
    const size_t before = plan_.problems.size();
    const std::string program = Fill(service.program);
    std::string folder =
        std::filesystem::path(manifest_.path).parent_path().string();
    std::string file = FindProgram(program, folder, inputs_);
    if (file.empty() && plan_.problems.size() == before)
      Note(service.program.at,
           "program \"" + program + "\" of [service." + service.name.text +
               "] is missing; looked " +
               (program.find('/') != std::string::npos
                    ? "from the manifest's folder"
                    : "in " + inputs_.program_folder + " and in PATH"));
    argv->push_back(std::move(file));
  }

  void FillArguments(const ServiceSpec& service,
                     std::vector<std::string>* argv) {
    for (const Word& argument : service.arguments) {
      if (argument.text != kOtherWords) {
        argv->push_back(Fill(argument));
        continue;
      }
      others_taken_ = true;
      argv->insert(argv->end(), inputs_.words.others.begin(),
                   inputs_.words.others.end());
    }
  }

  std::vector<PlannedCapability> Capabilities(const ServiceSpec& service) {
    std::vector<PlannedCapability> all;
    for (const Word& port : service.provides)
      all.push_back({port.text, PortIndex(port.text), kProvidedRights, 0});
    while (taken_badges_.contains(next_badge_)) ++next_badge_;
    const uint64_t own_badge = next_badge_++;
    for (const UseSpec& use : service.uses)
      all.push_back({use.as, PortIndex(use.port.text), kUsedRights | use.rights,
                     use.badge.value_or(own_badge), use.band});
    for (const Word& port : service.traces.ports)
      all.push_back({.name = std::string(kTracePrefix) + port.text,
                     .port = PortIndex(port.text),
                     .rights = TraceRights(service.traces, kTracedRights),
                     .trace_limits = service.traces.limits});
    return all;
  }

  size_t PortIndex(const std::string& port) const {
    return static_cast<size_t>(manifest_.FindPort(port) -
                               manifest_.ports.data());
  }

  const Manifest& manifest_;
  const PlanInputs& inputs_;
  std::set<uint64_t> taken_badges_;
  uint64_t next_badge_ = 1;
  bool others_taken_ = false;
  Plan plan_;
};

}  // namespace

std::string FindProgram(const std::string& program, const std::string& folder,
                        const PlanInputs& inputs) {
  if (program.empty()) return "";
  if (program.find('/') != std::string::npos) {
    const auto file =
        std::filesystem::absolute(std::filesystem::path(folder) / program);
    return IsProgram(file) ? file.lexically_normal().string() : "";
  }
  const auto beside = std::filesystem::path(inputs.program_folder) / program;
  if (IsProgram(beside)) return beside.string();
  std::istringstream folders(inputs.path);
  for (std::string one; std::getline(folders, one, ':');) {
    const auto file = std::filesystem::path(one) / program;
    if (!one.empty() && IsProgram(file)) return file.string();
  }
  return "";
}

size_t NameWidth(const std::vector<Instance>& instances) {
  size_t width = 0;
  for (const Instance& instance : instances)
    width = std::max(width, instance.name.size());
  return width;
}

Plan MakePlan(const Manifest& manifest, const PlanInputs& inputs) {
  return Planner(manifest, inputs).Make();
}

}  // namespace keyport
