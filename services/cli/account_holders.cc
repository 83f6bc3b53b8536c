#include "services/cli/account_holders.h"

#include <algorithm>

#include "ipc/inspect.h"
#include "libipc/base/names.h"

namespace keyport {
namespace {

using ipc::abi::AccountItem;

uint64_t& At(ItemAmounts& amounts, AccountItem item) {
  return amounts[static_cast<size_t>(item)];
}

class Holders {
 public:
  Holders(const Snapshot& snapshot, const ipc::AccountEntry& account)
      : snapshot_(snapshot), account_(account) {}

  AccountHolders Find() {
    for (const ipc::AccountEntry& other : snapshot_.accounts)
      if (other.parent == account_.id && other.id != account_.id) Add(other);
    for (const ipc::ProcessEntry& process : snapshot_.processes)
      if (process.account == account_.id) Add(process);
    CountProcesses();
    for (const ipc::PortEntry& port : snapshot_.ports)
      if (port.account == account_.id) Add(port);
    for (const ipc::RegionEntry& region : snapshot_.regions)
      if (region.account == account_.id) Add(region);
    for (const ipc::NotificationEntry& notification : snapshot_.notifications)
      if (notification.account == account_.id) Add(notification);
    SetOther();
    return std::move(found_);
  }

 private:
  void Add(const ipc::AccountEntry& below) {
    ++found_.accounts_below;
    for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
      found_.below[i] += below.used[i];
  }

  ItemAmounts& AddHolder(ipc::ObjectKind kind, uint64_t id,
                         const std::string& name, const std::string& label) {
    found_.holders.push_back({.kind = kind,
                              .id = id,
                              .name = name,
                              .label = base::KindName(kind) + (" " + label),
                              .holds = {}});
    return found_.holders.back().holds;
  }

  void Add(const ipc::ProcessEntry& process) {
    const std::string name = NameText(process.name);
    ItemAmounts& holds =
        AddHolder(ipc::ObjectKind::process, process.id, name,
                  name + "(" + std::to_string(process.pid) + ")");
    // A lane that others made is charged to them.
    At(holds, AccountItem::handles) =
        process.handles - std::min(process.handles, process.lanes_receiving);
    At(holds, AccountItem::lanes) = process.lanes_sending;
    At(holds, AccountItem::bytes) = LaneBytes(process.id);
    At(holds, AccountItem::watches) = process.calls_parked;
  }

  // Both halves of the lanes it made.
  uint64_t LaneBytes(uint64_t process) const {
    uint64_t bytes = 0;
    for (const ipc::LaneEntry& lane : snapshot_.lanes) {
      if (lane.sender_process != process) continue;
      if (const ipc::PortEntry* port = snapshot_.FindPort(lane.port))
        bytes += 2 * (ipc::abi::kControlBytes + uint64_t{port->ring_bytes});
    }
    return bytes;
  }

  // Those that joined by the socket, and the first one, are not charged; the
  // lists do not tell which. In the usual account all are of one sort.
  void CountProcesses() {
    const auto item = static_cast<size_t>(AccountItem::processes);
    const uint64_t below = found_.below[item];
    if (account_.used[item] < below + found_.holders.size()) return;
    for (AccountHolder& holder : found_.holders) holder.holds[item] = 1;
  }

  void Add(const ipc::PortEntry& port) {
    At(AddHolder(ipc::ObjectKind::port, port.id, NameText(port.name),
                 snapshot_.PortName(port.id)),
       AccountItem::ports) = 1;
  }

  void Add(const ipc::RegionEntry& region) {
    ItemAmounts& holds = AddHolder(ipc::ObjectKind::region, region.id, "",
                                   ":" + Number(region.id));
    At(holds, AccountItem::regions) = 1;
    At(holds, AccountItem::bytes) = region.bytes;
  }

  void Add(const ipc::NotificationEntry& notification) {
    At(AddHolder(ipc::ObjectKind::notification, notification.id, "",
                 ":" + Number(notification.id)),
       AccountItem::notifications) = 1;
  }

  void SetOther() {
    for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i) {
      uint64_t told = found_.below[i];
      for (const AccountHolder& holder : found_.holders)
        told += holder.holds[i];
      found_.other[i] = account_.used[i] - std::min(told, account_.used[i]);
    }
  }

  const Snapshot& snapshot_;
  const ipc::AccountEntry& account_;
  AccountHolders found_;
};

}  // namespace

AccountHolders HoldersOf(const Snapshot& snapshot,
                         const ipc::AccountEntry& account) {
  return Holders(snapshot, account).Find();
}

}  // namespace keyport
