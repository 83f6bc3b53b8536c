#include "services/tracer/port_names.h"

#include "libipc/base/clock.h"
#include "services/common/text_table.h"

namespace keyport {

void PortNames::Refresh() {
  refreshed_ns_ = base::NowNs();
  const auto ports = inspector_.Ports();
  if (!ports.ok()) return;
  for (const ipc::PortEntry& port : *ports)
    if (port.name[0] != '\0') names_[port.id] = NameText(port.name);
}

std::string PortNames::Name(uint64_t port) {
  constexpr int64_t kRefreshNs = 1'000'000'000;
  auto found = names_.find(port);
  if (found == names_.end() && base::NowNs() - refreshed_ns_ > kRefreshNs) {
    Refresh();
    found = names_.find(port);
  }
  return found != names_.end() ? found->second : ":" + std::to_string(port);
}

}  // namespace keyport
