// The model's side of what object_list and the info calls tell.
#pragma once

#include "tests/unit/kernel/model/state.h"

namespace model {

void CopyName(char (&to)[abi::kNameBytesMax], const std::string& name);
abi::PortEntry EntryOf(const Port& port);
abi::LaneEntry EntryOf(const Lane& lane);
abi::RegionEntry EntryOf(const Region& region);
abi::RegionFacts FactsOf(const Region& region);
abi::ProcessEntry EntryOf(const Process& process);
abi::AccountEntry EntryOf(const Account& account);
abi::NotificationEntry EntryOf(const Notification& notification);
abi::CapabilityEntry EntryOf(const Cap& cap);

}  // namespace model
