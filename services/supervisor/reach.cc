#include "services/supervisor/reach.h"

#include <algorithm>

#include "libipc/base/names.h"
#include "services/common/nearest.h"
#include "services/common/text_table.h"

namespace keyport {
namespace {

std::vector<std::string> Receivers(const Manifest& manifest, size_t port,
                                   const std::vector<Instance>& instances) {
  std::vector<std::string> names;
  for (const Instance& instance : instances)
    for (const PlannedCapability& capability : instance.capabilities)
      if (capability.port == port &&
          (capability.rights & ipc::kRightReceive) != 0)
        names.push_back(instance.name);
  if (names.empty())
    names.push_back("nobody (no service provides " +
                    manifest.ports[port].name.text + ")");
  return names;
}

bool Names(const std::vector<Word>& words, const std::string& port) {
  return std::any_of(words.begin(), words.end(),
                     [&](const Word& word) { return word.text == port; });
}

bool Uses(const std::vector<UseSpec>& uses, const std::string& port) {
  return std::any_of(uses.begin(), uses.end(),
                     [&](const UseSpec& use) { return use.port.text == port; });
}

}  // namespace

std::string ReachText(const Manifest& manifest,
                      const std::vector<Instance>& instances) {
  TextTable table({{"FROM"},
                   {"TO"},
                   {"PORT"},
                   {"RIGHTS"},
                   {"BADGE", Align::kRight},
                   {"TRACES AT MOST", Align::kLeft, Shown::kIfSaid}});
  for (const Instance& instance : instances) {
    for (const PlannedCapability& capability : instance.capabilities) {
      if ((capability.rights & (ipc::kRightSend | ipc::kRightTraceMeta)) == 0)
        continue;
      table.Add({instance.name,
                 JoinWords(Receivers(manifest, capability.port, instances)),
                 manifest.ports[capability.port].name.text,
                 base::RightsText(capability.rights),
                 std::to_string(capability.badge),
                 base::TraceLimitsText(capability.trace_limits)});
    }
    if (instance.kernel_rights != 0)
      table.Add({instance.name, "(everything)", "-",
                 base::RightsText(instance.kernel_rights), "-",
                 base::TraceLimitsText(instance.kernel_trace_limits)});
  }
  return table.Text();
}

std::vector<Problem> Warnings(const Manifest& manifest) {
  std::vector<Problem> warnings;
  for (const PortSpec& port : manifest.ports) {
    bool provided = false;
    bool used = false;
    for (const ServiceSpec& service : manifest.services) {
      provided |= Names(service.provides, port.name.text);
      used |= Uses(service.uses, port.name.text);
    }
    if (!provided)
      warnings.push_back(
          {port.name.at, "no service provides port \"" + port.name.text +
                             "\": what is sent to it waits for ever"});
    if (!used)
      warnings.push_back(
          {port.name.at, "no service uses port \"" + port.name.text + "\""});
  }
  return warnings;
}

}  // namespace keyport
