// What object_list and the info calls tell about objects.
#pragma once

#include "kernel/object/kernel.h"

namespace kernel {

abi::PortEntry PortEntryOf(const Port& port);
abi::LaneEntry LaneEntryOf(const Lane& lane);
abi::RegionEntry RegionEntryOf(const Region& region);
abi::ProcessEntry ProcessEntryOf(const Process& process);
abi::AccountEntry AccountEntryOf(const Account& account);
abi::NotificationEntry NotificationEntryOf(const Notification& notification);
abi::CapabilityEntry CapabilityEntryOf(const CapabilityTree& tree,
                                       const Capability& capability);

}  // namespace kernel
