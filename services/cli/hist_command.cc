#include "services/cli/hist_command.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "services/cli/inspect_commands.h"
#include "services/cli/measured_graph.h"
#include "services/cli/top_rates.h"
#include "services/common/nearest.h"
#include "services/common/text_table.h"
#include "services/tracer/histogram_text.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

// Whoever writes records can make up ports and labels; those beyond so many
// are counted together.
constexpr size_t kGroupsMax = 4'096;

struct Key {
  bool others = false;
  uint64_t port = 0;
  uint32_t label = 0;
  auto operator<=>(const Key&) const = default;
};
struct Group {
  std::string port;
  uint64_t messages = 0;
  std::map<std::string, Histogram> histograms;
};

class HistTable {
 public:
  explicit HistTable(const HistOptions& options) : options_(options) {}

  void Add(const TracedMessage& message, const std::string& port) {
    Key key = {false, message.port,
               options_.by == HistBy::kLabel ? message.label : 0};
    if (groups_.size() >= kGroupsMax && !groups_.contains(key)) key = {true};
    Group& group = groups_[key];
    group.port = key.others ? "(others)" : port;
    ++group.messages;
    if (message.queue_ns) group.histograms["queue"].Add(*message.queue_ns);
    if (message.work_ns) group.histograms["work"].Add(*message.work_ns);
    if (message.total_ns) group.histograms["total"].Add(*message.total_ns);
  }

  std::string Text() const {
    std::string text;
    ForEach([&](const Key& key, const Group& group, const std::string& what,
                const Histogram& histogram) {
      text += Printable(group.port);
      if (HasLabel(key)) text += " label " + std::to_string(key.label);
      text += ", " + what + ": " + std::to_string(histogram.count()) + " of " +
              std::to_string(group.messages) + " messages\n" +
              HistogramText(histogram) + "\n";
    });
    return text.empty() ? "no messages\n" : text;
  }

  std::string JsonLines() const {
    std::string text;
    ForEach([&](const Key& key, const Group& group, const std::string& what,
                const Histogram& histogram) {
      Json object = {{"port", group.port}};
      object["port_id"] = key.others ? Json(nullptr) : Json(key.port);
      if (HasLabel(key)) object["label"] = key.label;
      object["what"] = what;
      object["messages"] = group.messages;
      object.update(HistogramJson(histogram));
      text += object.dump(-1, ' ', false, Json::error_handler_t::replace);
      text += '\n';
    });
    return text;
  }

 private:
  bool HasLabel(const Key& key) const {
    return options_.by == HistBy::kLabel && !key.others;
  }
  // What holds no sample is left out.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    static const std::vector<std::string> kAll = {"queue", "work", "total"};
    for (const auto& [key, group] : groups_)
      for (const std::string& what :
           options_.split.empty() ? kAll : options_.split)
        if (const auto found = group.histograms.find(what);
            found != group.histograms.end())
          visit(key, group, what, found->second);
  }

  const HistOptions& options_;
  std::map<Key, Group> groups_;
};

int RunSinceStart(const HistOptions& options) {
  const auto graph = MeasureGraph(options.input.socket, "keyport hist");
  if (!graph.ok()) return Complain(graph.status());
  const std::string& word = options.input.filter.port;
  if (!word.empty() && std::none_of(graph->ports.begin(), graph->ports.end(),
                                    [&](const ipc::PortEntry& port) {
                                      return IsPortNamed(port, word);
                                    })) {
    std::vector<std::string> names;
    for (const ipc::PortEntry& port : graph->ports)
      names.push_back(NameText(port.name));
    return Complain(ipc::MakeStatus(
        ipc::Error::not_found, "no port \"" + word + "\"; there are " +
                                   JoinWords(names) + DidYouMean(word, names)));
  }
  Print(ListTimes(*graph, options), options.format);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

int RunHist(const HistOptions& options) {
  if (options.of == HistOf::kSinceStart) return RunSinceStart(options);
  HistTable table(options);
  const TracedEnd end =
      ForEachTraced(options.input, "keyport hist",
                    [&](const TracedMessage& message, const std::string& port) {
                      table.Add(message, port);
                    });
  const bool json = options.format == Format::kJson;
  if (end.status.ok() || end.loss.seen > 0)
    std::fputs(((json ? table.JsonLines() : table.Text()) +
                (json ? LossSummaryJson(end.loss) : LossText(end.loss)))
                   .c_str(),
               stdout);
  std::fflush(stdout);
  return ExitCodeOf(options.input, end);
}

}  // namespace keyport
