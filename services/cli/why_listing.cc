// The answer of `keyport why` in sentences. Long lists are cut, with the number
// of what was left out.
#include "libipc/base/names.h"
#include "services/cli/reach_listing.h"
#include "services/cli/reach_words.h"
#include "services/cli/why_json.h"
#include "services/common/nearest.h"

namespace keyport {
namespace {

constexpr size_t kShownMax = 16;

class WhyText {
 public:
  WhyText(const Reachability& reachability, const WhyAnswer& answer)
      : reachability_(reachability), answer_(answer) {}

  std::string Make() {
    if (!answer_.ways.empty()) {
      text_ = From() + " may send to " + TargetWords() + ":\n";
      AddEach(answer_.ways, "  ", "ways", [this](const Way& way) { Add(way); });
      return std::move(text_);
    }
    text_ = From() + " may not send to " + (ToPorts() ? "" : "a port of ") +
            TargetWords() + ": " + Reason() + "\n";
    AddEach(answer_.missing, "  ", "ports",
            [this](const MissingPort& missing) { Add(missing); });
    AddPath();
    AddHint();
    return std::move(text_);
  }

 private:
  bool ToPorts() const { return answer_.target.kind == Target::Kind::kPorts; }
  std::string FromName() const { return Name(answer_.from); }
  std::string From() const { return reachability_.Label(answer_.from); }
  std::string Name(uint64_t process) const {
    return ProcessName(reachability_, process);
  }

  template <typename Ids>
  std::string Processes(const Ids& ids) const {
    return Join(ids, [this](uint64_t id) { return reachability_.Label(id); });
  }
  template <typename Ids>
  std::string Ports(const Ids& ids, std::string_view separator = ", ") const {
    return Join(
        ids, [this](uint64_t id) { return reachability_.PortLabel(id); },
        separator);
  }
  template <typename Ids, typename Word>
  static std::string Join(const Ids& ids, Word&& word,
                          std::string_view separator = ", ") {
    std::vector<std::string> words;
    for (const uint64_t id : ids) {
      if (words.size() == kShownMax) {
        words.push_back(Number(ids.size() - kShownMax) + " more");
        break;
      }
      words.push_back(word(id));
    }
    return JoinWords(words, separator);
  }
  std::string TargetWords() const {
    return ToPorts() ? Ports(answer_.target.ports, " or ")
                     : Processes(answer_.target.processes);
  }

  template <typename Item, typename Show>
  void AddEach(const std::vector<Item>& items, const std::string& indent,
               const std::string& what, Show&& show) {
    for (size_t i = 0; i < items.size() && i < kShownMax; ++i) show(items[i]);
    if (items.size() > kShownMax)
      text_ += indent + "and " + Number(items.size() - kShownMax) + " more " +
               what + "\n";
  }

  // ---- It may

  void Add(const Way& way) {
    const ReachModel::Capability& capability = *way.capability;
    text_ += "  over " + reachability_.PortLabel(capability.port);
    if (ToPorts() || answer_.target.processes.size() > 1)
      text_ += way.receivers.empty() ? ", from which nobody receives now"
                                     : " to " + Processes(way.receivers);
    const ReachModel::Port* port = reachability_.FindPort(capability.port);
    if (port != nullptr && port->closed) text_ += ", which is closed";
    text_ += ": " + CapabilityWords(reachability_, capability) + "\n" +
             ChainLines(reachability_, capability, way.chain, "    ");
  }

  // ---- It may not

  std::string Reason() const {
    const ReachModel::Process* from = reachability_.FindProcess(answer_.from);
    if (from != nullptr && from->ended) return "it has ended.";
    if (answer_.target.ports.empty()) return NothingReceived();
    std::vector<std::string> reasons;
    std::vector<uint64_t> none;
    for (const MissingPort& missing : answer_.missing) {
      if (missing.held.empty())
        none.push_back(missing.port);
      else if (reasons.size() < kShownMax)
        reasons.push_back("it has no Send on " +
                          reachability_.PortLabel(missing.port) + ", only " +
                          RightsHeld(missing));
    }
    if (!none.empty())
      reasons.push_back("it holds no capability for " + Ports(none, " or "));
    return JoinWords(reasons, "; ") + ".";
  }

  static std::string RightsHeld(const MissingPort& missing) {
    ipc::Rights rights = 0;
    for (const ReachModel::Capability* capability : missing.held)
      rights |= capability->rights;
    return RightsCell(rights);
  }

  std::string NothingReceived() const {
    std::string text =
        Processes(answer_.target.processes) +
        (answer_.target.processes.size() > 1 ? " receive from no port."
                                             : " receives from no port.");
    if (!answer_.kept.empty())
      text += " The right to receive is only kept for others, on " +
              Ports(answer_.kept) + ".";
    return text;
  }

  void Add(const MissingPort& missing) {
    text_ += "  Send on " + reachability_.PortLabel(missing.port) +
             " is held by" + (missing.helpers.empty() ? " nobody.\n" : ":\n");
    AddEach(missing.helpers, "    ", "capabilities",
            [this](const Helper& helper) { Add(helper); });
  }

  void Add(const Helper& helper) {
    text_ += "    " + reachability_.Label(helper.capability->process);
    if (helper.capability->badge != 0)
      text_ += " badge " + Number(helper.capability->badge);
    text_ += ", " + PassingOn(helper) + "\n";
  }

  std::string PassingOn(const Helper& helper) const {
    if (helper.capability->process == 0) return "not taken by anybody yet";
    if (helper.passes_on == 0) return "may not pass it on";
    const std::string may =
        "may pass it on (" + base::RightsText(helper.passes_on) + ")";
    if (!helper.route.empty()) return may + " " + RouteWords(helper.route);
    if (helper.starts_it) return may + " whenever it starts " + FromName();
    return may + " but no way leads to " + FromName();
  }

  std::string RouteWords(const std::vector<Hop>& route) const {
    std::vector<std::string> hops;
    for (const Hop& hop : route)
      hops.push_back("to " + Name(hop.to) +
                     (hop.by == Hop::By::kReply ? " in a reply over "
                                                : " in a message over ") +
                     reachability_.PortLabel(hop.port));
    return JoinWords(hops, ", then ");
  }

  void AddPath() {
    if (answer_.missing.empty()) return;
    if (answer_.path.empty()) {
      text_ += "  no path of up to " + Number(kHopsMax) +
               " steps leads there over other services\n";
      return;
    }
    text_ += "  nearest path: " + Name(answer_.from);
    for (const Hop& hop : answer_.path) {
      text_ += " -> " + reachability_.PortLabel(hop.port);
      if (hop.to != 0) text_ += " -> " + Name(hop.to);
    }
    text_ += "\n";
  }

  // What to write into the manifest.
  void AddHint() {
    const ReachModel::Process* from = reachability_.FindProcess(answer_.from);
    if (answer_.missing.empty() || from == nullptr || from->service.empty())
      return;
    const std::string uses = Join(
        answer_.target.ports,
        [this](uint64_t id) {
          return "\"" + PortName(reachability_, id) + "\"";
        },
        " or ");
    text_ += "  to allow it, add " + uses + " to the uses of [service." +
             from->service + "]\n";
  }

  const Reachability& reachability_;
  const WhyAnswer& answer_;
  std::string text_;
};

}  // namespace

Listing ListWhy(const Reachability& reachability, const WhyAnswer& answer) {
  return {WhyText(reachability, answer).Make(), WhyJson(reachability, answer)};
}

}  // namespace keyport
