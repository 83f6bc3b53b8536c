#include "services/cli/reach_names.h"

#include <set>
#include <string>

#include "ipc/status.h"
#include "services/common/nearest.h"
#include "services/tracer/trace_filter.h"

namespace keyport {
namespace {

// The word without the mark that it is a port's.
std::string_view WithoutMark(std::string_view word) {
  for (const std::string_view mark : {"port:", ":"})
    if (word.starts_with(mark)) return word.substr(mark.size());
  return word;
}

bool IsPort(const ReachModel& model, const ReachModel::Port& port,
            std::string_view word) {
  const std::string_view name = WithoutMark(word);
  if (name.empty()) return false;
  return port.name == name || port.label == word ||
         (model.source == ReachModel::Source::kRunning &&
          std::to_string(port.id) == name);
}

// Each name once, in the order of the model.
class Names {
 public:
  void Add(const std::string& name) {
    if (seen_.insert(name).second) names_.push_back(name);
  }
  const std::vector<std::string>& all() const { return names_; }

 private:
  std::set<std::string> seen_;
  std::vector<std::string> names_;
};

Names ProcessNames(const ReachModel& model) {
  Names names;
  for (const ReachModel::Process& process : model.processes)
    names.Add(process.name);
  return names;
}

Names PortNames(const ReachModel& model) {
  Names names;
  for (const ReachModel::Port& port : model.ports)
    names.Add(port.name.empty() ? port.label : port.name);
  return names;
}

std::string There(const std::vector<std::string>& names) {
  return names.empty() ? "there are none" : "there are " + JoinWords(names);
}

std::string Where(const ReachModel& model) {
  return model.source == ReachModel::Source::kRunning ? " runs"
                                                      : " is in the manifest";
}

absl::Status NotFound(const std::string& sentence) {
  return ipc::MakeStatus(ipc::Error::not_found, sentence);
}

absl::Status NoProcess(const ReachModel& model, std::string_view word) {
  const std::vector<std::string> names = ProcessNames(model).all();
  return NotFound("no service \"" + std::string(word) + "\"" + Where(model) +
                  "; " + There(names) + DidYouMean(word, names));
}

absl::Status NoPort(const ReachModel& model, std::string_view word) {
  const std::vector<std::string> names = PortNames(model).all();
  return NotFound("no port \"" + std::string(word) + "\"; " + There(names) +
                  DidYouMean(WithoutMark(word), names));
}

absl::Status Neither(const ReachModel& model, std::string_view word) {
  Names names = ProcessNames(model);
  const std::string services = JoinWords(names.all());
  const std::vector<std::string> ports = PortNames(model).all();
  for (const std::string& name : ports) names.Add(name);
  return NotFound("no service and no port \"" + std::string(word) +
                  "\"; services: " + services +
                  "; ports: " + (ports.empty() ? "none" : JoinWords(ports)) +
                  DidYouMean(word, names.all()));
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> FindProcesses(const ReachModel& model,
                                                    std::string_view word) {
  std::vector<uint64_t> living;
  std::vector<uint64_t> ended;
  for (const ReachModel::Process& process : model.processes)
    if (IsService(process.name, word) || process.label == word)
      (process.ended ? ended : living).push_back(process.id);
  if (!living.empty()) return living;
  if (!ended.empty()) return ended;
  return NoProcess(model, word);
}

absl::StatusOr<std::vector<uint64_t>> FindPorts(const ReachModel& model,
                                                std::string_view word) {
  std::vector<uint64_t> ports;
  for (const ReachModel::Port& port : model.ports)
    if (IsPort(model, port, word)) ports.push_back(port.id);
  if (ports.empty()) return NoPort(model, word);
  return ports;
}

absl::StatusOr<Target> FindTarget(const Reachability& reachability,
                                  std::string_view word) {
  const ReachModel& model = reachability.model();
  if (WithoutMark(word) == word) {
    const auto processes = FindProcesses(model, word);
    if (processes.ok())
      return reachability.TargetOf({processes->begin(), processes->end()});
  }
  const auto ports = FindPorts(model, word);
  if (ports.ok())
    return reachability.TargetOfPorts({ports->begin(), ports->end()});
  return WithoutMark(word) == word ? Neither(model, word) : ports.status();
}

}  // namespace keyport
