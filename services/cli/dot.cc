#include "services/cli/dot.h"

#include <set>
#include <utility>

#include "services/cli/waits.h"
#include "services/common/text_table.h"

namespace keyport {
namespace {

// Processes have unique ids, their names need not be unique.
std::string Node(uint64_t process) {
  return process == 0 ? "nobody" : "p" + std::to_string(process);
}

std::string Attributes(const std::string& label, const char* more) {
  return " [label=" + DotQuoted(label) + more + "];\n";
}

}  // namespace

std::string DotQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string GraphDot(const Snapshot& snapshot) {
  std::string text =
      "digraph keyport {\n"
      "  rankdir=LR;\n"
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  std::set<uint64_t> known;
  for (const ipc::ProcessEntry& process : snapshot.processes) {
    known.insert(process.id);
    text += "  " + Node(process.id) +
            Attributes(NameText(process.name) + " (" +
                           std::to_string(process.pid) + ")",
                       process.state == ipc::ProcessState::dead
                           ? ", color=gray, fontcolor=gray"
                           : "");
  }
  auto mention = [&](uint64_t process) {
    if (known.insert(process).second)
      text += "  " + Node(process) +
              Attributes(snapshot.ProcessName(process), ", color=gray");
  };
  for (const ipc::LaneEntry& lane : snapshot.lanes) {
    if (lane.cut != 0) continue;
    mention(lane.sender_process);
    mention(lane.receiver_process);
    std::string label = snapshot.PortName(lane.port);
    if (lane.queued_bytes > 0)
      label += " (" + BytesText(lane.queued_bytes) + " queued)";
    text += "  " + Node(lane.sender_process) + " -> " +
            Node(lane.receiver_process) + Attributes(label, "");
  }
  std::set<std::pair<uint64_t, Activity>> drawn;  // once for several threads
  for (const WaitEdge& edge : WaitEdges(snapshot)) {
    if (!drawn.insert({edge.lane, edge.activity}).second) continue;
    mention(edge.waiter);
    mention(edge.waits_for);
    text += "  " + Node(edge.waiter) + " -> " + Node(edge.waits_for) +
            Attributes(ActivityName(edge.activity),
                       ", style=dashed, color=red, constraint=false");
  }
  return text + "}\n";
}

}  // namespace keyport
