#include "services/cli/reach_words.h"

#include "libipc/base/names.h"

namespace keyport {
namespace {

using Capability = ReachModel::Capability;

const char* EndName(Chain::End end) {
  switch (end) {
    case Chain::End::kFirst:
      return "first";
    case Chain::End::kLost:
      return "lost";
    case Chain::End::kLonger:
      return "longer";
  }
  return "";
}

// What the end of a chain means for the capability before it.
std::string EndWords(const Reachability& reachability,
                     const Capability& capability, Chain::End end) {
  const std::string port = reachability.PortLabel(capability.port);
  switch (end) {
    case Chain::End::kFirst:
      return "the first capability for " + port + ": " +
             reachability.Label(capability.process) + " made the port";
    case Chain::End::kLost:
      return "what that was derived from is gone";
    case Chain::End::kLonger:
      return "and so on: there are more than " + Number(kChainStepsMax);
  }
  return "";
}

// A badge appears where a capability is minted.
std::string StepWords(const Reachability& reachability, const Capability& made,
                      const Capability& from) {
  return (made.badge != from.badge ? "minted from " : "derived from ") +
         reachability.Label(from.process) + ": " +
         CapabilityWords(reachability, from);
}

void AddMakerAndBounds(const Reachability& reachability,
                       const Capability& capability, Json* json) {
  (*json)["made_by"] = capability.made_by;
  AddEnd(capability.ends_ns, reachability.model().taken_ns, json);
  (*json)["trace_limits"] = TraceLimitsJson(capability.trace_limits);
}

}  // namespace

std::string CapabilityWords(const Reachability& reachability,
                            const Capability& capability) {
  std::string text;
  if (capability.handle != 0)
    text += "handle " + HandleCell(capability.handle) + ", ";
  if (!capability.name.empty()) text += "\"" + capability.name + "\", ";
  text += "rights " + RightsCell(capability.rights);
  if (capability.badge != 0) text += ", badge " + Number(capability.badge);
  if (capability.made_by != 0)
    text += ", made by " + MakerCell(reachability, capability);
  if (capability.ends_ns != 0)
    text +=
        ", ends " + EndsCell(capability.ends_ns, reachability.model().taken_ns);
  if (capability.trace_limits.any())
    text +=
        ", traces at most: " + base::TraceLimitsText(capability.trace_limits);
  if (!capability.place.empty()) text += " (" + capability.place + ")";
  return text;
}

std::string MakerCell(const Reachability& reachability,
                      const Capability& capability) {
  const uint64_t maker = capability.made_by;
  if (maker == 0) return "-";
  return reachability.Label(maker) +
         (reachability.FindProcess(maker) == nullptr ? " (gone)" : "");
}

std::string ChainLines(const Reachability& reachability,
                       const Capability& capability, const Chain& chain,
                       const std::string& indent) {
  std::string text;
  const Capability* made = &capability;
  for (const Capability* step : chain.steps) {
    text += indent + StepWords(reachability, *made, *step) + "\n";
    made = step;
  }
  return text + indent + EndWords(reachability, *made, chain.end) + "\n";
}

std::string ChainCell(const Reachability& reachability, const Chain& chain) {
  std::string text;
  for (const Capability* step : chain.steps) {
    if (!text.empty()) text += " < ";
    text += reachability.Label(step->process);
    if (step->handle != 0) text += " " + HandleCell(step->handle);
  }
  const std::string end = "(" + std::string(EndName(chain.end)) + ")";
  return text.empty() ? end : text + " " + end;
}

Json CapabilityJson(const Reachability& reachability,
                    const Capability& capability) {
  Json json = {{"service", ProcessName(reachability, capability.process)},
               {"process", capability.process},
               {"port", PortName(reachability, capability.port)},
               {"port_id", capability.port},
               {"handle", capability.handle},
               {"rights", base::RightsText(capability.rights)},
               {"badge", capability.badge},
               {"serial", capability.serial},
               {"parent", capability.parent}};
  AddMakerAndBounds(reachability, capability, &json);
  if (!capability.name.empty()) json["name"] = capability.name;
  if (!capability.place.empty()) json["place"] = capability.place;
  return json;
}

Json ChainJson(const Reachability& reachability, const Chain& chain) {
  Json steps = Json::array();
  for (const Capability* step : chain.steps) {
    Json json = {{"service", ProcessName(reachability, step->process)},
                 {"process", step->process},
                 {"handle", step->handle},
                 {"rights", base::RightsText(step->rights)},
                 {"badge", step->badge},
                 {"serial", step->serial}};
    AddMakerAndBounds(reachability, *step, &json);
    if (!step->place.empty()) json["place"] = step->place;
    steps.push_back(std::move(json));
  }
  return {{"steps", std::move(steps)}, {"end", EndName(chain.end)}};
}

std::string ProcessName(const Reachability& reachability, uint64_t process) {
  const ReachModel::Process* found = reachability.FindProcess(process);
  return found != nullptr ? found->name : reachability.Label(process);
}

std::string PortName(const Reachability& reachability, uint64_t port) {
  if (port == ReachModel::kEverything) return reachability.PortLabel(port);
  const ReachModel::Port* found = reachability.FindPort(port);
  return found != nullptr ? found->name : "";
}

}  // namespace keyport
