#include <set>

#include "libipc/base/names.h"
#include "services/cli/reach_listing.h"
#include "services/cli/reach_words.h"
#include "services/common/nearest.h"

namespace keyport {
namespace {

std::string NobodyText(const Reachability& reachability, ipc::Rights right,
                       const std::vector<uint64_t>& ports) {
  std::vector<std::string> labels;
  for (const uint64_t port : ports)
    labels.push_back(reachability.PortLabel(port));
  return "nobody holds " + base::RightsText(right) + " on " +
         JoinWords(labels, " or ") + "\n";
}

}  // namespace

Listing ListWhoCan(const Reachability& reachability, ipc::Rights right,
                   const std::vector<uint64_t>& ports) {
  ListingBuilder list({{"SERVICE"},
                       {"PORT"},
                       {"HANDLE", Align::kRight},
                       {"RIGHTS"},
                       {"BADGE", Align::kRight},
                       {"MADE BY", Align::kLeft, Shown::kIfSaid},
                       {"ENDS", Align::kRight, Shown::kIfSaid},
                       {"TRACES AT MOST", Align::kLeft, Shown::kIfSaid},
                       {"DERIVED FROM"}});
  std::set<const ReachModel::Capability*> shown;
  for (const uint64_t port : ports) {
    for (const ReachModel::Capability* held :
         reachability.WhoCan(right, port)) {
      // Of several ports, once for everything.
      if (!shown.insert(held).second) continue;
      const Chain chain = reachability.ChainOf(*held);
      Json json = CapabilityJson(reachability, *held);
      json["chain"] = ChainJson(reachability, chain);
      list.Add({reachability.Label(held->process),
                reachability.PortLabel(held->port),
                held->handle == 0 ? "-" : HandleCell(held->handle),
                RightsCell(held->rights),
                held->badge == 0 ? "-" : Number(held->badge),
                MakerCell(reachability, *held),
                EndsCell(held->ends_ns, reachability.model().taken_ns),
                base::TraceLimitsText(held->trace_limits),
                ChainCell(reachability, chain)},
               json);
    }
  }
  if (shown.empty()) return {NobodyText(reachability, right, ports), ""};
  return std::move(list).Build();
}

}  // namespace keyport
