// What object_list and the info calls tell about objects.
#pragma once

#include "kernel/object/kernel.h"

namespace kernel {

// Not const: what its lanes' counters are believed to be is kept.
class TraceScopes;
abi::PortEntry PortEntryOf(Port& port, const TraceScopes& traced,
                           int64_t now_ns);
abi::LaneEntry LaneEntryOf(Lane& lane, int64_t now_ns);
abi::RegionEntry RegionEntryOf(const Region& region);
abi::ProcessEntry ProcessEntryOf(const Process& process);
abi::AccountEntry AccountEntryOf(const Account& account);
abi::TopicEntry TopicEntryOf(const Topic& topic);
abi::SubscriptionEntry SubscriptionEntryOf(const Subscription& subscription);
abi::NotificationEntry NotificationEntryOf(const Notification& notification);
abi::CapabilityEntry CapabilityEntryOf(const CapabilityTree& tree,
                                       const Capability& capability);

}  // namespace kernel
