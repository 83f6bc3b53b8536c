// Inspector: what exists in the kernel process, for tools.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "ipc/capability.h"
#include "libipc/abi/lane.h"
#include "libipc/abi/requests.h"
#include "libipc/abi/threads.h"
#include "libipc/abi/times.h"

namespace ipc {

using abi::AccountEntry;
using abi::CapabilityEntry;
using abi::kArmRecordsBell;
using abi::kArmRecordsFutex;
using abi::kArmRoomFutex;
using abi::LaneCounters;
using abi::LaneEntry;
using abi::LaneTimes;
using abi::NotificationEntry;
using abi::PortEntry;
using abi::ProcessEntry;
using abi::ProcessState;
using abi::RegionEntry;
using abi::SubscriptionEntry;
using abi::ThreadEntry;
using abi::ThreadState;
using abi::TimeBuckets;
using abi::TopicEntry;

// Thread: any. Each list is taken in pages and may change between them.
class Inspector {
 public:
  // Owns: the capability. Rights: Inspect on the kernel object. Lists fail with
  // timed_out where the kernel process takes longer than `patience` for a page.
  static absl::StatusOr<Inspector> Create(
      Capability kernel, absl::Duration patience = absl::InfiniteDuration());

  absl::StatusOr<std::vector<PortEntry>> Ports() const;
  absl::StatusOr<std::vector<LaneEntry>> Lanes() const;
  absl::StatusOr<std::vector<RegionEntry>> Regions() const;
  absl::StatusOr<std::vector<ProcessEntry>> Processes() const;
  absl::StatusOr<std::vector<AccountEntry>> Accounts() const;
  absl::StatusOr<std::vector<NotificationEntry>> Notifications() const;
  absl::StatusOr<std::vector<TopicEntry>> Topics() const;
  // What they say that they have read and missed are their claims.
  absl::StatusOr<std::vector<SubscriptionEntry>> Subscriptions() const;
  absl::StatusOr<std::vector<CapabilityEntry>> Capabilities() const;
  // What the processes' threads say they sleep on: their claims.
  absl::StatusOr<std::vector<ThreadEntry>> Threads() const;
  // How long the messages of a port, given by its id, waited, were worked on
  // and took: what its lanes measure always, of a sample, since it was made.
  // Claims of their two ends. Where lanes come and go while they are asked for
  // again and again, those that went may be missing.
  // Errors: not_found.
  absl::StatusOr<LaneTimes> Times(uint64_t port) const;

 private:
  Inspector(Capability kernel, absl::Duration patience)
      : kernel_(std::move(kernel)), patience_(patience) {}
  template <typename Entry>
  absl::StatusOr<std::vector<Entry>> List(ObjectKind kind) const;

  Capability kernel_;
  absl::Duration patience_;
};

}  // namespace ipc
