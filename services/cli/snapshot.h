// Snapshot: everything the kernel process says exists, at about one moment.
// Its lists are taken one after the other, so they may disagree a little; a
// lookup that finds nothing is not an error.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ipc/inspect.h"

namespace keyport {

struct Snapshot {
  std::vector<ipc::ProcessEntry> processes;  // without the tool that looks
  std::vector<ipc::PortEntry> ports;
  std::vector<ipc::LaneEntry> lanes;
  std::vector<ipc::RegionEntry> regions;
  std::vector<ipc::AccountEntry> accounts;
  std::vector<ipc::NotificationEntry> notifications;
  std::vector<ipc::TopicEntry> topics;
  std::vector<ipc::SubscriptionEntry> subscriptions;
  std::vector<ipc::CapabilityEntry> capabilities;
  // What threads sleep on, taken before all else and after: a thread that is
  // the same in both slept on that all the while.
  std::vector<ipc::ThreadEntry> threads_before;
  std::vector<ipc::ThreadEntry> threads;
  // What ports have measured, by their ids, where it was asked for.
  std::map<uint64_t, ipc::LaneTimes> times;
  int64_t taken_ns = 0;  // CLOCK_MONOTONIC

  const ipc::ProcessEntry* FindProcess(uint64_t id) const;
  const ipc::PortEntry* FindPort(uint64_t id) const;
  const ipc::AccountEntry* FindAccount(uint64_t id) const;
  // "crawler"; "nobody" for 0; "process 12" for one that is gone.
  std::string ProcessName(uint64_t id) const;
  // "store" of its instance "store.1"
  std::string ServiceName(uint64_t id) const;
  // Of whoever made something: "crawler", "process 12 (gone)", "kernel" for 0.
  std::string MakerName(uint64_t process) const;
  // ":7 files"
  std::string PortName(uint64_t id) const;
  std::string TopicName(uint64_t id) const;
  // "crawler"; "account 12" for one that is gone.
  std::string AccountName(uint64_t id) const;
  // The names of all processes.
  std::vector<std::string> ProcessNames() const;
};

// `own_process` is left out.
absl::StatusOr<Snapshot> TakeSnapshot(const ipc::Inspector& inspector,
                                      uint64_t own_process);
// Processes, threads and ports only, and lanes if they are wanted: there may be
// thousands. Taken when the ports were.
enum class Lanes { kLeftOut, kWanted };
absl::StatusOr<Snapshot> TakeTraffic(const ipc::Inspector& inspector,
                                     Lanes lanes);
// What its ports have measured. Those that have passed no message since
// `before`, if there is one, are not asked, and of the others the
// kTimesAskedMost through which most has passed.
inline constexpr size_t kTimesAskedMost = 512;
absl::Status TakeTimes(const ipc::Inspector& inspector, const Snapshot* before,
                       Snapshot* snapshot);

}  // namespace keyport
