#include "services/cli/flow_command.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <optional>

#include "ipc/status.h"
#include "services/cli/listing_builder.h"
#include "services/cli/recording_end.h"
#include "services/tracer/flow_tree.h"
#include "services/tracer/recorded_messages.h"

namespace keyport {
namespace {

// A deeper step is indented no further.
constexpr uint32_t kIndentMax = 32;
constexpr size_t kPortsMax = 65'536;

std::optional<uint64_t> FlowNumber(std::string_view word) {
  const bool hex = word.starts_with("0x");
  if (hex) word.remove_prefix(2);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(
      word.data(), word.data() + word.size(), number, hex ? 16 : 10);
  if (error != std::errc() || end != word.data() + word.size())
    return std::nullopt;
  return number;
}

std::string Time(const std::optional<uint64_t>& ns) {
  return ns ? DurationText(*ns) : "-";
}

std::string PathText(const TracedMessage& message, const std::string& port) {
  return (message.from.empty() ? "?" : message.from) + " -> " + port + " (" +
         (message.to.empty() ? "-" : message.to) + ")";
}

std::string FlowText(uint64_t flow) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(flow));
  return text;
}

// Where most of the root's time went: into one queue, or one service's work.
struct Part {
  uint64_t ns = 0;
  std::string text;
};
Part LongestPart(const std::vector<FlowStep>& steps, const PortNameOf& names) {
  Part longest;
  for (const FlowStep& step : steps) {
    if (step.own_ns.value_or(0) > longest.ns)
      longest = {*step.own_ns, "work of " + Printable(step.message.to)};
    if (step.message.queue_ns.value_or(0) > longest.ns)
      longest = {*step.message.queue_ns,
                 "queue of " + Printable(names(step.message.port))};
  }
  return longest;
}

std::string LongestText(const std::vector<FlowStep>& steps,
                        const PortNameOf& names) {
  const Part longest = LongestPart(steps, names);
  const std::optional<uint64_t> all = steps.front().message.total_ns;
  if (longest.ns == 0 || !all || *all == 0) return "";
  const double percent =
      100.0 * static_cast<double>(longest.ns) / static_cast<double>(*all);
  char share[32];
  std::snprintf(share, sizeof(share), "%.0f %%", percent);
  return "longest: " + longest.text + ", " + DurationText(longest.ns) + " (" +
         share + " of " + DurationText(*all) + ")\n";
}

Json StepJson(const FlowStep& step, const std::string& port,
              uint64_t begin_ns) {
  const TracedMessage& message = step.message;
  const auto maybe = [](const std::optional<uint64_t>& ns) {
    return ns ? Json(*ns) : Json(nullptr);
  };
  return {{"flow", FlowText(message.flow)},
          {"depth", step.depth},
          {"from", message.from},
          {"to", message.to},
          {"port", port},
          {"label", message.label},
          {"at_ns", message.time_ns - begin_ns},
          {"queue_ns", maybe(message.queue_ns)},
          {"work_ns", maybe(message.work_ns)},
          {"own_ns", maybe(step.own_ns)},
          {"total_ns", maybe(message.total_ns)},
          {"status", StatusText(message)}};
}

Listing ListTree(const std::vector<FlowStep>& steps, const PortNameOf& names) {
  ListingBuilder list({{"MESSAGE"},
                       {"LABEL", Align::kRight},
                       {"AT", Align::kRight},
                       {"QUEUE", Align::kRight},
                       {"WORK", Align::kRight},
                       {"OWN", Align::kRight},
                       {"TOTAL", Align::kRight},
                       {"STATUS"}});
  const uint64_t begin_ns = steps.front().message.time_ns;
  for (const FlowStep& step : steps) {
    const TracedMessage& message = step.message;
    const std::string port = names(message.port);
    list.Add({std::string(2 * std::min(step.depth, kIndentMax), ' ') +
                  PathText(message, port),
              Number(message.label), DurationText(message.time_ns - begin_ns),
              Time(message.queue_ns), Time(message.work_ns), Time(step.own_ns),
              Time(message.total_ns), StatusText(message)},
             StepJson(step, port, begin_ns));
  }
  Listing listing = std::move(list).Build();
  listing.text += LongestText(steps, names);
  return listing;
}

Listing ListFlows(const std::vector<FlowSummary>& flows,
                  const PortNameOf& names) {
  ListingBuilder list({{"FLOW"},
                       {"BEGINS WITH"},
                       {"LABEL", Align::kRight},
                       {"MESSAGES", Align::kRight},
                       {"TOTAL", Align::kRight},
                       {"STATUS"}});
  for (const FlowSummary& flow : flows) {
    const TracedMessage& root = flow.root;
    const std::string port = names(root.port);
    Json json = {{"flow", FlowText(root.flow)},
                 {"from", root.from},
                 {"to", root.to},
                 {"port", port},
                 {"label", root.label},
                 {"messages", flow.messages},
                 {"status", StatusText(root)}};
    json["total_ns"] = root.total_ns ? Json(*root.total_ns) : Json(nullptr);
    list.Add({FlowText(root.flow), PathText(root, port), Number(root.label),
              Number(flow.messages), Time(root.total_ns), StatusText(root)},
             json);
  }
  return std::move(list).Build();
}

absl::StatusOr<Listing> ListOne(RecordingReader* reader, uint64_t flow) {
  std::vector<TracedMessage> messages;
  const absl::Status read = ForEachMessage(
      reader,
      [&](const RecordingDecoder::Recorded& recorded) {
        return recorded.header.flow == flow;
      },
      [&](TracedMessage message) {
        if (messages.size() < kFlowMessagesMax)
          messages.push_back(std::move(message));
      });
  if (!read.ok()) return read;
  if (messages.empty())
    return ipc::MakeStatus(
        ipc::Error::not_found,
        "no message of flow " + FlowText(flow) + " is in the recording");
  return ListTree(FlowTree(std::move(messages)), [reader](uint64_t port) {
    return reader->decoder().PortName(port);
  });
}

int ShowOne(const FlowOptions& options, uint64_t flow) {
  auto reader = RecordingReader::Open(options.input.recording);
  if (!reader.ok()) return Complain(reader.status());
  const absl::StatusOr<Listing> listing = ListOne(&*reader, flow);
  if (!listing.ok()) return Complain(listing.status());
  TellOfEnd(*reader);
  Print(*listing, options.format);
  return 0;
}

// The messages of a running graph, of which one chain may be asked for.
class LiveFlows {
 public:
  void Add(const TracedMessage& message) {
    if (messages_.size() < kMessagesMax) messages_.push_back(message);
  }
  std::vector<TracedMessage> Of(uint64_t flow) const {
    std::vector<TracedMessage> found;
    for (const TracedMessage& message : messages_)
      if (message.flow == flow && found.size() < kFlowMessagesMax)
        found.push_back(message);
    return found;
  }

 private:
  static constexpr size_t kMessagesMax = 1'000'000;
  std::vector<TracedMessage> messages_;
};

int ShowSlowest(const FlowOptions& options) {
  const bool live = options.input.recording.empty();
  FlowTable flows;
  LiveFlows messages;
  std::map<uint64_t, std::string> ports;
  const TracedEnd end =
      ForEachTraced(options.input, "keyport flow",
                    [&](const TracedMessage& message, const std::string& port) {
                      if (ports.size() < kPortsMax)
                        ports.try_emplace(message.port, port);
                      if (live) messages.Add(message);
                      flows.Add(message);
                    });
  const PortNameOf names = [&](uint64_t port) {
    const auto found = ports.find(port);
    return found == ports.end() ? ":" + std::to_string(port) : found->second;
  };
  if (!end.status.ok()) return Complain(end.status);
  const std::vector<FlowSummary> slowest = flows.Slowest(options.flows_max);
  Listing listing = ListFlows(slowest, names);
  // Of the first million messages, so it may be none.
  const std::vector<FlowStep> steps =
      live && !slowest.empty()
          ? FlowTree(messages.Of(slowest.front().root.flow))
          : std::vector<FlowStep>();
  if (!steps.empty()) {
    const Listing tree = ListTree(steps, names);
    listing.text += "\n" + tree.text;
    listing.json += tree.json;
  }
  if (live) listing.text += LossText(end.loss);
  Print(listing, options.format);
  return 0;
}

}  // namespace

int RunFlow(const FlowOptions& options) {
  const std::optional<uint64_t> flow = FlowNumber(options.flow);
  if (!options.flow.empty() && !flow)
    return Complain(ipc::MakeStatus(
        ipc::Error::invalid_args,
        "\"" + options.flow + "\" is no flow; one is 0x1a2f, or decimal"));
  return flow ? ShowOne(options, *flow) : ShowSlowest(options);
}

}  // namespace keyport
