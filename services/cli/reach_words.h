// Words and JSON for capabilities and how somebody came by them.
#pragma once

#include <string>

#include "services/cli/listing_builder.h"
#include "services/cli/reachability.h"

namespace keyport {

// "handle 0x1001, rights Send|Wait, badge 3, made by supervisor(99), ends in
// 12.3 s"
std::string CapabilityWords(const Reachability& reachability,
                            const ReachModel::Capability& capability);

// "supervisor(99)", "process 12 (gone)"; "-" in a manifest.
std::string MakerCell(const Reachability& reachability,
                      const ReachModel::Capability& capability);

// "minted from supervisor(99): handle 0x1001, rights all" and what it was
// derived from in turn, one a line, each begun with `indent`.
std::string ChainLines(const Reachability& reachability,
                       const ReachModel::Capability& capability,
                       const Chain& chain, const std::string& indent);

// "clockd(101) 0x1003 < supervisor(99) 0x1001 (first)"; "(first)" of the
// first itself.
std::string ChainCell(const Reachability& reachability, const Chain& chain);

// Holder, port, handle, rights, badge, maker and end.
Json CapabilityJson(const Reachability& reachability,
                    const ReachModel::Capability& capability);
Json ChainJson(const Reachability& reachability, const Chain& chain);

// A process's name without its number; "(in flight)" for 0.
std::string ProcessName(const Reachability& reachability, uint64_t process);
std::string PortName(const Reachability& reachability, uint64_t port);

}  // namespace keyport
