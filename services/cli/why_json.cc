#include "services/cli/why_json.h"

#include "libipc/base/names.h"
#include "services/cli/reach_words.h"

namespace keyport {
namespace {

class WhyObjects {
 public:
  WhyObjects(const Reachability& reachability, const WhyAnswer& answer)
      : reachability_(reachability), answer_(answer) {}

  std::string Lines() {
    for (const Way& way : answer_.ways) Add(OfWay(way));
    if (answer_.ways.empty()) Add(OfMissing());
    return std::move(lines_);
  }

 private:
  void Add(const Json& object) {
    lines_ += object.dump(-1, ' ', false, Json::error_handler_t::replace);
    lines_ += '\n';
  }

  template <typename Ids>
  Json Names(const Ids& ids) const {
    Json names = Json::array();
    for (const uint64_t id : ids)
      names.push_back(ProcessName(reachability_, id));
    return names;
  }

  Json OfWay(const Way& way) const {
    const ReachModel::Port* port = reachability_.FindPort(way.capability->port);
    Json object = CapabilityJson(reachability_, *way.capability);
    object["reaches"] = true;
    object["to"] = Names(way.receivers);
    object["closed"] = port != nullptr && port->closed;
    object["chain"] = ChainJson(reachability_, way.chain);
    return object;
  }

  Json OfMissing() const {
    Json missing = Json::array();
    for (const MissingPort& port : answer_.missing)
      missing.push_back(OfPort(port));
    return {{"service", ProcessName(reachability_, answer_.from)},
            {"process", answer_.from},
            {"reaches", false},
            {"to", Names(answer_.target.processes)},
            {"missing", std::move(missing)},
            {"path", Hops(answer_.path)}};
  }

  Json OfPort(const MissingPort& missing) const {
    Json held = Json::array();
    for (const ReachModel::Capability* capability : missing.held)
      held.push_back(CapabilityJson(reachability_, *capability));
    Json senders = Json::array();
    for (const Helper& helper : missing.helpers) {
      Json sender = CapabilityJson(reachability_, *helper.capability);
      sender["passes_on"] = base::RightsText(helper.passes_on);
      sender["starts_it"] = helper.starts_it;
      sender["route"] = Hops(helper.route);
      senders.push_back(std::move(sender));
    }
    return {{"port", PortName(reachability_, missing.port)},
            {"port_id", missing.port},
            {"held", std::move(held)},
            {"senders", std::move(senders)}};
  }

  Json Hops(const std::vector<Hop>& hops) const {
    Json all = Json::array();
    for (const Hop& hop : hops)
      all.push_back(
          {{"from", ProcessName(reachability_, hop.from)},
           {"port", PortName(reachability_, hop.port)},
           {"port_id", hop.port},
           {"to", hop.to == 0 ? Json(nullptr)
                              : Json(ProcessName(reachability_, hop.to))},
           {"by", hop.by == Hop::By::kReply ? "reply" : "message"}});
    return all;
  }

  const Reachability& reachability_;
  const WhyAnswer& answer_;
  std::string lines_;
};

}  // namespace

std::string WhyJson(const Reachability& reachability, const WhyAnswer& answer) {
  return WhyObjects(reachability, answer).Lines();
}

}  // namespace keyport
