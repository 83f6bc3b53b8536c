#include "services/cli/recorded_graph.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>

#include "ipc/status.h"
#include "services/cli/dot.h"
#include "services/cli/draw_svg.h"
#include "services/cli/listing_builder.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

std::string PlainRate(double rate) {
  char text[48];
  std::snprintf(text, sizeof(text), rate < 10 ? "%.1f" : "%.0f", rate);
  return text;
}

std::string Cell(const Histogram& histogram, double percent) {
  return histogram.count() == 0 ? "-"
                                : DurationText(histogram.Percentile(percent));
}

Json Percentiles(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50_ns", histogram.Percentile(50)},
          {"p99_ns", histogram.Percentile(99)},
          {"max_ns", histogram.max()}};
}

}  // namespace

void RecordedGraph::Add(const TracedMessage& message, const std::string& port) {
  const Key key = {message.from, message.to, port};
  if (arrows_.size() >= kArrowsMax && !arrows_.contains(key)) {
    ++left_out_;
    return;
  }
  Arrow& arrow = arrows_[key];
  ++arrow.messages;
  arrow.errors += message.status == MessageStatus::kError ? 1 : 0;
  arrow.bytes += message.payload_bytes;
  if (message.queue_ns) arrow.queue_ns.Add(*message.queue_ns);
  if (message.total_ns) arrow.total_ns.Add(*message.total_ns);
  first_ns_ = std::min(first_ns_, message.time_ns);
  last_ns_ = std::max(last_ns_, message.time_ns);
}

double RecordedGraph::Rate(const Arrow& arrow) const {
  const double seconds = static_cast<double>(last_ns_ - first_ns_) / 1e9;
  return seconds > 0 ? static_cast<double>(arrow.messages) / seconds : 0;
}

Listing RecordedGraph::List() const {
  ListingBuilder list({{"FROM"},
                       {"TO"},
                       {"PORT"},
                       {"MESSAGES", Align::kRight},
                       {"MSG/S", Align::kRight},
                       {"ERRORS", Align::kRight},
                       {"QUEUE p99", Align::kRight},
                       {"TOTAL p50", Align::kRight},
                       {"TOTAL p99", Align::kRight}});
  for (const auto& [key, arrow] : arrows_) {
    const auto& [from, to, port] = key;
    list.Add({from.empty() ? "?" : from, to.empty() ? "-" : to, port,
              Number(arrow.messages), PlainRate(Rate(arrow)),
              Number(arrow.errors), Cell(arrow.queue_ns, 99),
              Cell(arrow.total_ns, 50), Cell(arrow.total_ns, 99)},
             {{"from", from},
              {"to", to},
              {"port", port},
              {"messages", arrow.messages},
              {"messages_per_second", Rate(arrow)},
              {"errors", arrow.errors},
              {"bytes", arrow.bytes},
              {"queue", Percentiles(arrow.queue_ns)},
              {"total", Percentiles(arrow.total_ns)}});
  }
  return std::move(list).Build();
}

std::string RecordedGraph::Dot() const {
  const auto node = [](const std::string& name) {
    return DotQuoted(name.empty() ? "?" : Utf8Text(name));
  };
  std::string text =
      "digraph keyport {\n"
      "  rankdir=LR;\n"
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (const auto& [key, arrow] : arrows_) {
    const auto& [from, to, port] = key;
    std::string label = DotQuoted(
        Utf8Text(port) + "\n" + PlainRate(Rate(arrow)) + "/s" +
        (arrow.total_ns.count() > 0 ? "  p99 " + Cell(arrow.total_ns, 99)
                                    : "") +
        (arrow.errors > 0 ? "  errors " + Number(arrow.errors) : ""));
    char width[32];
    std::snprintf(width, sizeof(width), "%.1f",
                  1 + std::log10(1 + Rate(arrow)));
    text += "  " + node(from) + " -> " + node(to) + " [label=" + label +
            ", penwidth=" + width +
            (arrow.errors > 0 ? ", color=red, fontcolor=red" : "") + "];\n";
  }
  return text + "}\n";
}

int RunRecordedGraph(const RecordedGraphOptions& options) {
  std::error_code ignored;
  if (std::filesystem::equivalent(options.svg, options.input.recording,
                                  ignored))
    return Complain(ipc::MakeStatus(
        ipc::Error::invalid_args,
        options.svg + " is the recording; the drawing needs another file"));
  RecordedGraph graph;
  const TracedEnd end =
      ForEachTraced(options.input, "keyport graph",
                    [&](const TracedMessage& message, const std::string& port) {
                      graph.Add(message, port);
                    });
  if (graph.left_out() > 0)
    std::fprintf(stderr, "keyport: %" PRIu64 " messages are left out\n",
                 graph.left_out());
  if (!options.svg.empty() && end.status.ok()) {
    if (absl::Status drawn = DrawSvg(graph.Dot(), options.svg); !drawn.ok())
      return Complain(drawn);
  } else if (end.status.ok() || end.loss.seen > 0) {
    Listing listing = graph.List();
    if (options.dot)
      listing = {graph.Dot(), graph.Dot()};
    else
      listing.text += LossText(end.loss);
    Print(listing, options.format);
  }
  return ExitCodeOf(options.input, end);
}

}  // namespace keyport
