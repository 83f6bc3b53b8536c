#include "services/cli/reach_model.h"

#include <set>
#include <unordered_map>
#include <utility>

#include "services/common/text_table.h"

namespace keyport {
namespace {

using PortAndProcess = std::pair<uint64_t, uint64_t>;

ReachModel::Process ProcessOf(const ipc::ProcessEntry& entry) {
  ReachModel::Process process;
  process.id = entry.id;
  process.name = NameText(entry.name);
  process.label = process.name;
  if (entry.pid > 0) process.label += "(" + std::to_string(entry.pid) + ")";
  process.ended = entry.state == ipc::ProcessState::dead;
  return process;
}

ReachModel::Port PortOf(const Snapshot& snapshot, const ipc::PortEntry& entry) {
  return {.id = entry.id,
          .name = NameText(entry.name),
          .label = snapshot.PortName(entry.id),
          .maker = entry.owner_process,
          .closed = entry.closed != 0,
          .secret = (entry.options & ipc::abi::kPortSecret) != 0};
}

ReachModel::Capability CapabilityOf(const ipc::CapabilityEntry& entry) {
  const bool of_port = entry.kind == ipc::ObjectKind::port;
  return {.serial = entry.serial,
          .parent = entry.parent,
          .process = entry.process,
          .port = of_port ? entry.object : ReachModel::kEverything,
          .badge = entry.badge,
          .rights = entry.rights,
          .handle = entry.handle,
          .made_by = entry.made_by,
          .ends_ns = entry.ends_ns,
          .trace_limits = entry.trace_limits,
          .name = "",
          .place = ""};
}

std::set<PortAndProcess> Holders(const ReachModel& model) {
  std::set<PortAndProcess> holders;
  for (const ReachModel::Capability& capability : model.capabilities)
    if ((capability.rights & ipc::kRightReceive) != 0 &&
        capability.process != 0)
      holders.insert({capability.port, capability.process});
  return holders;
}

// Who gave a Receive right on to another process.
std::set<PortAndProcess> Givers(const ReachModel& model) {
  std::unordered_map<uint64_t, const ReachModel::Capability*> by_serial;
  for (const ReachModel::Capability& capability : model.capabilities)
    by_serial[capability.serial] = &capability;
  std::set<PortAndProcess> givers;
  for (const ReachModel::Capability& capability : model.capabilities) {
    if ((capability.rights & ipc::kRightReceive) == 0) continue;
    const auto parent = by_serial.find(capability.parent);
    if (parent != by_serial.end() &&
        parent->second->process != capability.process)
      givers.insert({capability.port, parent->second->process});
  }
  return givers;
}

void AddReceivers(const Snapshot& snapshot, ReachModel* model) {
  std::set<PortAndProcess> served;
  for (const ipc::LaneEntry& lane : snapshot.lanes)
    if (lane.cut == 0) served.insert({lane.port, lane.receiver_process});
  const std::set<PortAndProcess> givers = Givers(*model);
  std::unordered_map<uint64_t, const ipc::PortEntry*> ports;
  for (const ipc::PortEntry& port : snapshot.ports) ports[port.id] = &port;
  for (const PortAndProcess& holder : Holders(*model)) {
    const auto [port, process] = holder;
    const auto entry = ports.find(port);
    const bool kept_unread = entry != ports.end() &&
                             entry->second->listeners == 0 &&
                             entry->second->owner_process == process;
    if (served.contains(holder) || (!givers.contains(holder) && !kept_unread))
      model->receivers.push_back({port, process});
  }
}

// Whoever may manage a process has made it, or stands in for its maker.
void AddStarts(const Snapshot& snapshot, ReachModel* model) {
  for (const ipc::CapabilityEntry& capability : snapshot.capabilities)
    if (capability.kind == ipc::ObjectKind::process &&
        capability.process != 0 && (capability.rights & ipc::kRightManage) != 0)
      model->starts.push_back({capability.process, capability.object});
}

}  // namespace

ReachModel ReachModelOf(const Snapshot& snapshot) {
  ReachModel model;
  model.taken_ns = snapshot.taken_ns;
  for (const ipc::ProcessEntry& entry : snapshot.processes)
    model.processes.push_back(ProcessOf(entry));
  for (const ipc::PortEntry& entry : snapshot.ports)
    model.ports.push_back(PortOf(snapshot, entry));
  for (const ipc::CapabilityEntry& entry : snapshot.capabilities) {
    if (entry.kind == ipc::ObjectKind::port)
      model.capabilities.push_back(CapabilityOf(entry));
    if (entry.kind == ipc::ObjectKind::kernel)
      model.of_everything.push_back(CapabilityOf(entry));
  }
  AddReceivers(snapshot, &model);
  AddStarts(snapshot, &model);
  return model;
}

}  // namespace keyport
