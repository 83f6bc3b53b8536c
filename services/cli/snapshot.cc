#include "services/cli/snapshot.h"

#include <algorithm>

#include "libipc/base/clock.h"
#include "services/common/text_table.h"

namespace keyport {
namespace {

template <typename Entry>
const Entry* FindById(const std::vector<Entry>& entries, uint64_t id) {
  const auto found =
      std::find_if(entries.begin(), entries.end(),
                   [id](const Entry& entry) { return entry.id == id; });
  return found == entries.end() ? nullptr : &*found;
}

template <typename Entry>
absl::Status Fill(absl::StatusOr<std::vector<Entry>> taken,
                  std::vector<Entry>* entries) {
  if (!taken.ok()) return taken.status();
  *entries = *std::move(taken);
  return absl::OkStatus();
}

// Whatever is measured was counted here, too.
uint64_t PassedOver(const ipc::PortEntry& port) {
  return port.sender_counters.messages + port.receiver_counters.taken +
         port.receiver_counters.messages + port.sender_counters.taken;
}

}  // namespace

const ipc::ProcessEntry* Snapshot::FindProcess(uint64_t id) const {
  return FindById(processes, id);
}

const ipc::PortEntry* Snapshot::FindPort(uint64_t id) const {
  return FindById(ports, id);
}

const ipc::AccountEntry* Snapshot::FindAccount(uint64_t id) const {
  return FindById(accounts, id);
}

std::string Snapshot::ProcessName(uint64_t id) const {
  if (id == 0) return "nobody";
  const ipc::ProcessEntry* process = FindProcess(id);
  return process != nullptr ? NameText(process->name)
                            : "process " + std::to_string(id);
}

std::string Snapshot::ServiceName(uint64_t id) const {
  std::string name = ProcessName(id);
  const size_t end = name.find_last_not_of("0123456789");
  if (end != std::string::npos && end > 0 && end + 1 < name.size() &&
      name[end] == '.')
    name.resize(end);
  return name;
}

std::string Snapshot::MakerName(uint64_t process) const {
  if (process == 0) return "kernel";
  return ProcessName(process) +
         (FindProcess(process) == nullptr ? " (gone)" : "");
}

std::string Snapshot::TopicName(uint64_t id) const {
  for (const ipc::TopicEntry& topic : topics)
    if (topic.id == id)
      return ":" + std::to_string(id) + " " + NameText(topic.name);
  return ":" + std::to_string(id);
}

std::string Snapshot::PortName(uint64_t id) const {
  const ipc::PortEntry* port = FindPort(id);
  std::string text = ":" + std::to_string(id);
  if (port != nullptr && port->name[0] != '\0')
    text += " " + NameText(port->name);
  return text;
}

std::string Snapshot::AccountName(uint64_t id) const {
  const ipc::AccountEntry* account = FindAccount(id);
  return account != nullptr ? NameText(account->name)
                            : "account " + std::to_string(id);
}

std::vector<std::string> Snapshot::ProcessNames() const {
  std::vector<std::string> names;
  for (const ipc::ProcessEntry& process : processes)
    names.push_back(NameText(process.name));
  return names;
}

absl::StatusOr<Snapshot> TakeSnapshot(const ipc::Inspector& inspector,
                                      uint64_t own_process) {
  Snapshot snapshot;
  for (const absl::Status& status :
       {Fill(inspector.Threads(), &snapshot.threads_before),
        Fill(inspector.Processes(), &snapshot.processes),
        Fill(inspector.Ports(), &snapshot.ports),
        Fill(inspector.Lanes(), &snapshot.lanes),
        Fill(inspector.Regions(), &snapshot.regions),
        Fill(inspector.Accounts(), &snapshot.accounts),
        Fill(inspector.Notifications(), &snapshot.notifications),
        Fill(inspector.Topics(), &snapshot.topics),
        Fill(inspector.Subscriptions(), &snapshot.subscriptions),
        Fill(inspector.Capabilities(), &snapshot.capabilities),
        Fill(inspector.Threads(), &snapshot.threads)})
    if (!status.ok()) return status;
  snapshot.taken_ns = base::NowNs();
  std::erase_if(snapshot.processes, [own_process](const auto& process) {
    return process.id == own_process;
  });
  std::erase_if(snapshot.capabilities, [own_process](const auto& capability) {
    return capability.process == own_process && own_process != 0;
  });
  std::erase_if(snapshot.threads, [own_process](const auto& thread) {
    return thread.process == own_process;
  });
  return snapshot;
}

absl::StatusOr<Snapshot> TakeTraffic(const ipc::Inspector& inspector,
                                     Lanes lanes) {
  Snapshot snapshot;
  snapshot.taken_ns = base::NowNs();
  absl::Status filled = Fill(inspector.Ports(), &snapshot.ports);
  if (filled.ok() && lanes == Lanes::kWanted)
    filled = Fill(inspector.Lanes(), &snapshot.lanes);
  if (filled.ok()) filled = Fill(inspector.Processes(), &snapshot.processes);
  if (filled.ok()) filled = Fill(inspector.Threads(), &snapshot.threads);
  if (!filled.ok()) return filled;
  return snapshot;
}

absl::Status TakeTimes(const ipc::Inspector& inspector, const Snapshot* before,
                       Snapshot* snapshot) {
  std::map<uint64_t, uint64_t> passed_before;
  if (before != nullptr) {
    for (const ipc::PortEntry& port : before->ports)
      passed_before[port.id] = PassedOver(port);
    for (const ipc::PortEntry& port : snapshot->ports)
      if (const auto found = before->times.find(port.id);
          found != before->times.end())
        snapshot->times.insert(*found);
  }
  struct Changed {
    uint64_t port;
    uint64_t passed;
  };
  std::vector<Changed> changed;
  for (const ipc::PortEntry& port : snapshot->ports)
    if (const uint64_t passed = PassedOver(port) - passed_before[port.id];
        passed != 0)
      changed.push_back({port.id, passed});
  std::sort(
      changed.begin(), changed.end(),
      [](const Changed& a, const Changed& b) { return a.passed > b.passed; });
  if (before != nullptr)
    changed.resize(std::min(changed.size(), kTimesAskedMost));
  for (const Changed& port : changed) {
    absl::StatusOr<ipc::LaneTimes> times = inspector.Times(port.port);
    if (times.ok())
      snapshot->times[port.port] = *times;
    else if (ipc::ErrorOf(times.status()) != ipc::Error::not_found)
      return times.status();
  }
  return absl::OkStatus();
}

}  // namespace keyport
