#include "services/cli/measured_graph.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "libipc/base/times.h"
#include "services/cli/inspect_commands.h"
#include "services/cli/listing_builder.h"
#include "services/cli/top_rates.h"
#include "services/common/text_table.h"
#include "services/tracer/histogram_text.h"
#include "services/tracer/port_times.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

// Ports that are shown together.
struct PortGroup {
  std::string name;
  uint64_t port_id = 0;   // 0: a service
  uint64_t requests = 0;  // that were sent
  uint64_t taken = 0;
  ipc::LaneTimes times = {};
};

std::string NameOf(const ipc::PortEntry& port) {
  return port.name[0] != '\0' ? NameText(port.name)
                              : ":" + std::to_string(port.id);
}

void Add(const ipc::PortEntry& port, const ipc::LaneTimes& times,
         PortGroup* group) {
  group->requests += port.sender_counters.messages;
  group->taken += port.receiver_counters.taken;
  base::AddTimes(times, &group->times);
}

std::vector<PortGroup> GroupsOf(const Snapshot& graph,
                                const HistOptions& options) {
  std::vector<PortGroup> groups;
  std::map<std::string, size_t> services;
  for (const ipc::PortEntry& port : graph.ports) {
    const auto times = graph.times.find(port.id);
    if (times == graph.times.end() ||
        !IsPortNamed(port, options.input.filter.port))
      continue;
    size_t at = groups.size();
    const std::string service = graph.ServiceName(port.listener_process);
    if (options.by == HistBy::kService)
      at = services.emplace(service, at).first->second;
    if (at == groups.size()) groups.emplace_back();
    PortGroup& group = groups[at];
    group.name = options.by == HistBy::kService ? service : NameOf(port);
    if (options.by == HistBy::kPort) group.port_id = port.id;
    Add(port, times->second, &group);
  }
  return groups;
}

struct What {
  const char* name;
  const ipc::TimeBuckets* times;
};

std::vector<What> WhatOf(const PortGroup& group, const HistOptions& options) {
  const What all[] = {{"queue", &group.times.queue},
                      {"work", &group.times.work},
                      {"total", &group.times.call}};
  std::vector<What> shown;
  for (const What& what : all) {
    const auto& split = options.split;
    const bool wanted = split.empty() || std::find(split.begin(), split.end(),
                                                   what.name) != split.end();
    if (wanted && what.times->samples > 0) shown.push_back(what);
  }
  return shown;
}

Json JsonOf(const PortGroup& group, const What& what,
            const Histogram& histogram) {
  Json object = {{group.port_id != 0 ? "port" : "service", group.name}};
  if (group.port_id != 0) object["port_id"] = group.port_id;
  object["what"] = what.name;
  object["sampled"] = what.times->samples;
  object["messages"] = group.requests;
  Json shown = HistogramJson(histogram);
  shown["max_ns"] = what.times->most_ns;
  object.update(shown);
  return object;
}

}  // namespace

Listing ListTimes(const Snapshot& graph, const HistOptions& options) {
  Listing listing;
  for (const PortGroup& group : GroupsOf(graph, options))
    for (const What& what : WhatOf(group, options)) {
      const Histogram histogram = HistogramOf(*what.times);
      listing.text += Printable(group.name) + ", " + what.name + ": " +
                      std::to_string(what.times->samples) + " sampled, for " +
                      std::to_string(histogram.count()) + " of " +
                      std::to_string(group.requests) + " messages\n" +
                      HistogramText(histogram) + "\n";
      listing.json += LineOf(JsonOf(group, what, histogram));
    }
  if (listing.text.empty()) listing.text = "nothing was measured yet\n";
  return listing;
}

absl::StatusOr<Snapshot> MeasureGraph(const std::string& socket,
                                      std::string_view tool) {
  absl::StatusOr<ToolSession> session = ConnectTool(socket, tool);
  if (!session.ok()) return session.status();
  const auto inspector = ipc::Inspector::Create(std::move(session->kernel));
  if (!inspector.ok()) return inspector.status();
  absl::StatusOr<Snapshot> graph = TakeTraffic(*inspector, Lanes::kLeftOut);
  if (!graph.ok()) return graph;
  if (absl::Status timed = TakeTimes(*inspector, nullptr, &*graph); !timed.ok())
    return timed;
  // Once more: what was measured has been counted by now.
  absl::StatusOr<std::vector<ipc::PortEntry>> ports = inspector->Ports();
  if (!ports.ok()) return ports.status();
  graph->ports = *std::move(ports);
  return graph;
}

int RunMetrics(const MetricsOptions& options) {
  const auto graph = MeasureGraph(options.socket, "keyport metrics");
  if (!graph.ok()) return Complain(graph.status());
  const std::string text = MetricsText(*graph);
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    return Complain(ipc::MakeStatus(ipc::Error::peer_closed,
                                    "standard output cannot be written"));
  return 0;
}

}  // namespace keyport
