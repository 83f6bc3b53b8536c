#include "services/supervisor/manifest.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "services/common/nearest.h"
#include "services/common/trace_names.h"
#include "services/supervisor/manifest_toml.h"

namespace keyport {
namespace {

// Instance numbers are added to a service's name: "tokenizer.256".
constexpr size_t kServiceNameBytesMax = ipc::abi::kNameBytesMax - 5;
// The supervisor passes the account too.
constexpr size_t kCapabilitiesMax = ipc::abi::kInitialHandlesMax - 1;

bool IsName(const std::string& name, size_t bytes_max) {
  if (name.empty() || name.size() > bytes_max) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

class GraphCheck {
 public:
  GraphCheck(const Manifest& manifest, std::vector<Problem>* problems)
      : manifest_(manifest), problems_(problems) {
    for (const PortSpec& port : manifest.ports)
      port_names_.push_back(port.name.text);
  }

  void Run() {
    if (manifest_.services.empty())
      Note({1, 1}, "the graph has no service; expected [service.NAME] tables");
    for (const PortSpec& port : manifest_.ports)
      CheckName(port.name, "port", ipc::abi::kNameBytesMax - 1);
    for (const ServiceSpec& service : manifest_.services) Check(service);
    CheckProviders();
  }

 private:
  void Note(const Position& at, std::string text) {
    problems_->push_back({at, std::move(text)});
  }

  void CheckName(const Word& name, const char* what, size_t bytes_max) {
    if (IsName(name.text, bytes_max)) return;
    Note(name.at, std::string(what) + " name \"" + name.text +
                      "\" is not 1 to " + std::to_string(bytes_max) +
                      " letters, digits, '_' or '-'");
  }

  // Whether the port is there; says so when it is not.
  bool CheckPort(const Word& port, const ServiceSpec& service) {
    if (manifest_.FindPort(port.text) != nullptr) return true;
    std::string text = "unknown port \"" + port.text + "\" in [service." +
                       service.name.text + "]; expected ";
    if (!port_names_.empty())
      text += "one of " + JoinWords(port_names_) + ", or ";
    text += "a [port." + port.text + "] table";
    Note(port.at, text + DidYouMean(port.text, port_names_));
    return false;
  }

  void CheckSecrecy(const Word& port, bool payload) {
    if (manifest_.FindPort(port.text)->secrecy != ipc::Secrecy::kSecret ||
        !payload)
      return;
    Note(port.at, "port \"" + port.text +
                      "\" is secret: nobody can have TracePayload on it");
  }

  void Check(const ServiceSpec& service) {
    CheckName(service.name, "service", kServiceNameBytesMax);
    const size_t kernels =
        service.traces.of == TraceSpec::Of::kEverything ? 1 : 0;
    if (service.uses.size() + service.provides.size() +
            service.traces.ports.size() + kernels >
        kCapabilitiesMax)
      Note(service.name.at, "service \"" + service.name.text +
                                "\" has more "
                                "than " +
                                std::to_string(kCapabilitiesMax) + " ports");
    std::set<std::string> names = {"account"};
    for (const Word& port : service.provides) {
      if (CheckPort(port, service)) providers_[port.text].push_back(&service);
      CheckCapabilityName(port.text, port.at, service, &names);
    }
    for (const UseSpec& use : service.uses) {
      if (CheckPort(use.port, service))
        CheckSecrecy(use.port, (use.rights & ipc::kRightTracePayload) != 0);
      CheckCapabilityName(use.as, use.port.at, service, &names);
    }
    CheckTraces(service, &names);
  }

  void CheckTraces(const ServiceSpec& service, std::set<std::string>* names) {
    const TraceSpec& traces = service.traces;
    if (traces.of == TraceSpec::Of::kEverything)
      CheckCapabilityName(std::string(kTraceEverything), service.name.at,
                          service, names);
    for (const Word& port : traces.ports) {
      if (CheckPort(port, service)) CheckSecrecy(port, traces.payload);
      CheckCapabilityName(std::string(kTracePrefix) + port.text, port.at,
                          service, names);
    }
  }

  void CheckCapabilityName(const std::string& name, const Position& at,
                           const ServiceSpec& service,
                           std::set<std::string>* names) {
    if (name.empty() || name.size() >= ipc::abi::kNameBytesMax)
      Note(at,
           "the capability's name \"" + name + "\" must have 1 to 47 bytes");
    if (!names->insert(name).second)
      Note(at, "service \"" + service.name.text +
                   "\" would hold two capabilities named \"" + name +
                   "\"; give one another name with as = \"NAME\"");
  }

  void CheckProviders() {
    for (const PortSpec& port : manifest_.ports) {
      if (port.listeners == Listeners::kMany) continue;
      const auto found = providers_.find(port.name.text);
      if (found == providers_.end()) continue;
      const auto& providers = found->second;
      if (providers.size() > 1)
        Note(providers[1]->name.at,
             "port \"" + port.name.text + "\" is provided by \"" +
                 providers[0]->name.text + "\" and by \"" +
                 providers[1]->name.text +
                 "\"; expected one, or shareable = true in [port." +
                 port.name.text + "]");
      else if (providers[0]->instances > 1)
        Note(providers[0]->name.at,
             "port \"" + port.name.text + "\" is provided by " +
                 std::to_string(providers[0]->instances) + " instances of \"" +
                 providers[0]->name.text +
                 "\"; expected one, or shareable = true in [port." +
                 port.name.text + "]");
    }
  }

  const Manifest& manifest_;
  std::vector<Problem>* problems_;
  std::vector<std::string> port_names_;
  std::map<std::string, std::vector<const ServiceSpec*>> providers_;
};

}  // namespace

const PortSpec* Manifest::FindPort(std::string_view port) const {
  for (const PortSpec& spec : ports)
    if (spec.name.text == port) return &spec;
  return nullptr;
}

void CheckGraph(const Manifest& manifest, std::vector<Problem>* problems) {
  GraphCheck(manifest, problems).Run();
}

ParsedManifest ParseManifest(const std::string& path, std::string_view text) {
  ParsedManifest parsed;
  parsed.manifest.path = path;
  parsed.manifest.name = std::filesystem::path(path).stem().string();
  ReadToml(text, &parsed.manifest, &parsed.problems);
  // After a syntax error there is no graph to check.
  const bool is_graph =
      parsed.problems.empty() || !parsed.manifest.services.empty();
  if (is_graph) CheckGraph(parsed.manifest, &parsed.problems);
  std::stable_sort(parsed.problems.begin(), parsed.problems.end(),
                   [](const Problem& a, const Problem& b) {
                     return std::pair(a.at.line, a.at.column) <
                            std::pair(b.at.line, b.at.column);
                   });
  return parsed;
}

ParsedManifest LoadManifest(const std::string& path) {
  constexpr size_t kManifestBytesMax = 1 << 20;
  ParsedManifest unreadable;
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) {
    unreadable.problems.push_back({{}, "this is a folder, not a manifest"});
    return unreadable;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    unreadable.problems.push_back(
        {{}, std::string("cannot be read: ") + std::strerror(errno)});
    return unreadable;
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > kManifestBytesMax) {
    unreadable.problems.push_back({{}, "is larger than 1 MiB"});
    return unreadable;
  }
  return ParseManifest(path, text);
}

std::string ProblemText(const std::string& path, const Problem& problem) {
  std::string text = path + ":";
  if (problem.at.line != 0)
    text += std::to_string(problem.at.line) + ":" +
            std::to_string(problem.at.column) + ":";
  return text + " " + problem.text;
}

}  // namespace keyport
