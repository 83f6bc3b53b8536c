// Words and JSON for capabilities and how somebody came by them.
#pragma once

#include <string>

#include "services/cli/listing_builder.h"
#include "services/cli/reachability.h"

namespace keyport {

// "handle 0x1001, rights Send|Wait, badge 3"
std::string CapabilityWords(const ReachModel::Capability& capability);

// "minted from supervisor(99): handle 0x1001, rights all" and what it was
// derived from in turn, one a line, each begun with `indent`.
std::string ChainLines(const Reachability& reachability,
                       const ReachModel::Capability& capability,
                       const Chain& chain, const std::string& indent);

// "clockd(101) 0x1003 < supervisor(99) 0x1001 (first)"; "(first)" of the
// first itself.
std::string ChainCell(const Reachability& reachability, const Chain& chain);

// Holder, port, handle, rights and badge.
Json CapabilityJson(const Reachability& reachability,
                    const ReachModel::Capability& capability);
Json ChainJson(const Reachability& reachability, const Chain& chain);

// A process's name without its number; "(in flight)" for 0.
std::string ProcessName(const Reachability& reachability, uint64_t process);
std::string PortName(const Reachability& reachability, uint64_t port);

}  // namespace keyport
