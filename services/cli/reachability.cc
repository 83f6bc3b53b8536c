#include "services/cli/reachability.h"

#include <algorithm>

namespace keyport {
namespace {

constexpr ipc::Rights kTracing =
    ipc::kRightTraceMeta | ipc::kRightTracePayload | ipc::kRightTraceStall;
constexpr ipc::Rights kPassingOn = ipc::kRightDuplicate | ipc::kRightTransfer;

bool Has(const ReachModel::Capability& capability, ipc::Rights rights) {
  return (capability.rights & rights) != 0;
}

enum class Usefulness { kNone, kMay, kAtStart, kNow };

Usefulness UsefulnessOf(const Helper& helper) {
  if (!helper.route.empty()) return Usefulness::kNow;
  if (helper.starts_it) return Usefulness::kAtStart;
  return helper.passes_on != 0 ? Usefulness::kMay : Usefulness::kNone;
}

template <typename Entry>
const Entry* FindById(const std::unordered_map<uint64_t, const Entry*>& all,
                      uint64_t id) {
  const auto found = all.find(id);
  return found == all.end() ? nullptr : found->second;
}

}  // namespace

Reachability::Reachability(const ReachModel& model) : model_(model) {
  for (const Process& process : model.processes)
    processes_[process.id] = &process;
  for (const Port& port : model.ports) ports_[port.id] = &port;
  for (const Capability& capability : model.capabilities) {
    capabilities_[capability.serial] = &capability;
    of_port_[capability.port].held.push_back(&capability);
    if (capability.process != 0)
      of_process_[capability.process].held.push_back(&capability);
  }
  for (const Capability& capability : model.of_everything)
    capabilities_[capability.serial] = &capability;
  for (const ReachModel::Receiver& receiver : model.receivers) {
    of_process_[receiver.process].receiving.push_back(receiver.port);
    of_port_[receiver.port].receiving.push_back(receiver.process);
  }
  for (const ReachModel::Start& start : model.starts)
    starters_[start.started].insert(start.starter);
}

std::string Reachability::Label(uint64_t process) const {
  if (process == 0) return "(in flight)";
  const Process* found = FindProcess(process);
  return found != nullptr ? found->label : "process " + std::to_string(process);
}

std::string Reachability::PortLabel(uint64_t port) const {
  if (port == ReachModel::kEverything) return "everything";
  const Port* found = FindPort(port);
  return found != nullptr ? found->label : ":" + std::to_string(port);
}

const ReachModel::Process* Reachability::FindProcess(uint64_t id) const {
  return FindById(processes_, id);
}

const ReachModel::Port* Reachability::FindPort(uint64_t id) const {
  return FindById(ports_, id);
}

const Reachability::Links& Reachability::Find(
    const std::unordered_map<uint64_t, Links>& all, uint64_t id) {
  static const Links kNone;
  const auto found = all.find(id);
  return found == all.end() ? kNone : found->second;
}

Target Reachability::TargetOf(std::set<uint64_t> processes) const {
  Target target;
  for (const uint64_t process : processes) {
    const auto& ports = Find(of_process_, process).receiving;
    target.ports.insert(ports.begin(), ports.end());
  }
  target.processes = std::move(processes);
  return target;
}

Target Reachability::TargetOfPorts(std::set<uint64_t> ports) const {
  Target target = {.kind = Target::Kind::kPorts};
  for (const uint64_t port : ports) {
    const auto& receivers = Find(of_port_, port).receiving;
    target.processes.insert(receivers.begin(), receivers.end());
  }
  target.ports = std::move(ports);
  return target;
}

WhyAnswer Reachability::Why(uint64_t from, const Target& target) const {
  WhyAnswer answer = {.from = from,
                      .target = target,
                      .ways = Ways(from, target),
                      .missing = {},
                      .path = {},
                      .kept = {}};
  if (!answer.ways.empty()) return answer;
  const Routes routes = RoutesTo(from);
  for (const uint64_t port : target.ports)
    answer.missing.push_back(Missing(from, port, routes));
  answer.path = NearestPath(from, target);
  if (target.ports.empty()) answer.kept = Kept(target);
  return answer;
}

std::vector<Way> Reachability::Ways(uint64_t from, const Target& target) const {
  std::vector<Way> ways;
  for (const Capability* capability : Find(of_process_, from).held) {
    if (!Has(*capability, ipc::kRightSend) ||
        !target.ports.contains(capability->port))
      continue;
    Way way = {.capability = capability,
               .receivers = {},
               .chain = ChainOf(*capability)};
    for (const uint64_t process : Find(of_port_, capability->port).receiving)
      if (target.processes.contains(process)) way.receivers.push_back(process);
    ways.push_back(std::move(way));
  }
  return ways;
}

MissingPort Reachability::Missing(uint64_t from, uint64_t port,
                                  const Routes& routes) const {
  MissingPort missing = {.port = port, .held = {}, .helpers = {}};
  for (const Capability* capability : Find(of_port_, port).held) {
    if (capability->process == from) missing.held.push_back(capability);
    if (!Has(*capability, ipc::kRightSend)) continue;
    Helper helper = {.capability = capability};
    if (capability->process != 0)
      helper.passes_on = capability->rights & kPassingOn;
    if (helper.passes_on != 0) {
      helper.starts_it = Starts(capability->process, from);
      helper.route = RouteFrom(capability->process, routes);
    }
    missing.helpers.push_back(std::move(helper));
  }
  std::stable_sort(missing.helpers.begin(), missing.helpers.end(),
                   [](const Helper& a, const Helper& b) {
                     return UsefulnessOf(a) > UsefulnessOf(b);
                   });
  return missing;
}

bool Reachability::Starts(uint64_t starter, uint64_t started) const {
  const auto found = starters_.find(started);
  return found != starters_.end() && found->second.contains(starter);
}

std::vector<uint64_t> Reachability::Kept(const Target& target) const {
  std::set<uint64_t> kept;
  for (const uint64_t process : target.processes)
    for (const Capability* capability : Find(of_process_, process).held)
      if (Has(*capability, ipc::kRightReceive)) kept.insert(capability->port);
  return {kept.begin(), kept.end()};
}

std::vector<const ReachModel::Capability*> Reachability::WhoCan(
    ipc::Rights right, uint64_t port) const {
  std::vector<const Capability*> holders;
  for (const Capability* capability : Find(of_port_, port).held)
    if (Has(*capability, right)) holders.push_back(capability);
  const Port* found = FindPort(port);
  const bool hidden =
      right == ipc::kRightTracePayload && found != nullptr && found->secret;
  if ((right & kTracing) == 0 || hidden) return holders;
  for (const Capability& capability : model_.of_everything)
    if (Has(capability, right)) holders.push_back(&capability);
  return holders;
}

Chain Reachability::ChainOf(const Capability& capability) const {
  Chain chain;
  const Capability* at = &capability;
  while (at->parent != 0) {
    const Capability* above = FindById(capabilities_, at->parent);
    chain.end = above == nullptr ? Chain::End::kLost : Chain::End::kLonger;
    if (above == nullptr || chain.steps.size() == kChainStepsMax) return chain;
    chain.steps.push_back(above);
    at = above;
  }
  chain.end = IsFirst(*at) ? Chain::End::kFirst : Chain::End::kLost;
  return chain;
}

bool Reachability::IsFirst(const Capability& capability) const {
  if (capability.port == ReachModel::kEverything)
    return capability.parent == 0 && capability.made_by == 0;
  const Port* port = FindPort(capability.port);
  return capability.parent == 0 && port != nullptr &&
         port->maker == capability.process;
}

}  // namespace keyport
