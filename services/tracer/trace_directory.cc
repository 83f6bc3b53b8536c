#include "services/tracer/trace_directory.h"

#include "services/common/text_table.h"

namespace keyport {
namespace {

constexpr size_t kEntriesMax = 65'536;

template <typename Map>
const typename Map::mapped_type* FindIn(const Map& map, uint64_t id) {
  const auto found = map.find(id);
  return found == map.end() ? nullptr : &found->second;
}

// Forgets those that are gone once there are too many.
template <typename Map>
void MakeRoom(Map* map) {
  if (map->size() > kEntriesMax) map->clear();
}

}  // namespace

void TraceDirectory::Learn(std::span<const ipc::PortEntry> ports) {
  MakeRoom(&ports_);
  for (const ipc::PortEntry& port : ports)
    ports_[port.id] = {NameText(port.name), port.owner_process};
}

void TraceDirectory::Learn(std::span<const ipc::ProcessEntry> processes) {
  MakeRoom(&processes_);
  for (const ipc::ProcessEntry& process : processes)
    processes_[process.id] = {NameText(process.name), process.pid};
}

void TraceDirectory::Learn(std::span<const ipc::LaneEntry> lanes) {
  MakeRoom(&lanes_);
  for (const ipc::LaneEntry& lane : lanes)
    lanes_[lane.id] = {lane.sender_process, lane.receiver_process};
}

void TraceDirectory::Refresh(const ipc::Inspector& inspector) {
  if (const auto ports = inspector.Ports(); ports.ok()) Learn(*ports);
  if (const auto processes = inspector.Processes(); processes.ok())
    Learn(*processes);
  if (const auto lanes = inspector.Lanes(); lanes.ok()) Learn(*lanes);
}

const TraceDirectory::Port* TraceDirectory::FindPort(uint64_t id) const {
  return FindIn(ports_, id);
}
const TraceDirectory::Process* TraceDirectory::FindProcess(uint64_t id) const {
  return FindIn(processes_, id);
}
const TraceDirectory::Lane* TraceDirectory::FindLane(uint64_t id) const {
  return FindIn(lanes_, id);
}

std::string TraceDirectory::ProcessName(uint64_t id) const {
  const Process* process = FindProcess(id);
  return process == nullptr ? "" : process->name;
}

std::string TraceDirectory::PortName(uint64_t id) const {
  const Port* port = FindPort(id);
  return port == nullptr || port->name.empty() ? ":" + std::to_string(id)
                                               : port->name;
}

}  // namespace keyport
