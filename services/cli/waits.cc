#include "services/cli/waits.h"

#include <algorithm>

namespace keyport {
namespace {

constexpr uint32_t kRecords = ipc::kArmRecordsFutex | ipc::kArmRecordsBell;

bool WaitsForRoom(const ipc::LaneEntry& lane) {
  return lane.cut == 0 && (lane.sender_armed & ipc::kArmRoomFutex) != 0;
}

// A sender that sleeps until something comes back: only a call does that.
bool WaitsForAnswer(const ipc::LaneEntry& lane) {
  return lane.cut == 0 && (lane.sender_armed & ipc::kArmRecordsFutex) != 0;
}

bool WaitsForMessages(const ipc::LaneEntry& lane) {
  return (lane.receiver_armed & kRecords) != 0;
}

}  // namespace

const char* ActivityName(Activity activity) {
  switch (activity) {
    case Activity::kStarting:
      return "starting";
    case Activity::kRunning:
      return "running";
    case Activity::kReceiving:
      return "recv";
    case Activity::kCallBlocked:
      return "call-blocked";
    case Activity::kSendBlocked:
      return "send-blocked";
    case Activity::kDead:
      return "dead";
  }
  return "running";
}

std::vector<WaitEdge> WaitEdges(const Snapshot& snapshot) {
  std::vector<WaitEdge> edges;
  for (const ipc::LaneEntry& lane : snapshot.lanes) {
    if (WaitsForRoom(lane))
      edges.push_back({lane.sender_process, lane.receiver_process, lane.port,
                       Activity::kSendBlocked});
    else if (WaitsForAnswer(lane))
      edges.push_back({lane.sender_process, lane.receiver_process, lane.port,
                       Activity::kCallBlocked});
  }
  return edges;
}

ProcessActivity ActivityOf(const Snapshot& snapshot,
                           const ipc::ProcessEntry& process) {
  if (process.state == ipc::ProcessState::dead) return {Activity::kDead, {}, 0};
  if (process.state == ipc::ProcessState::waiting)
    return {Activity::kStarting, {}, 0};
  for (const WaitEdge& edge : WaitEdges(snapshot))
    if (edge.waiter == process.id)
      return {edge.activity, {edge.port}, edge.waits_for};
  ProcessActivity activity;
  for (const ipc::LaneEntry& lane : snapshot.lanes) {
    if (lane.receiver_process != process.id || !WaitsForMessages(lane))
      continue;
    auto& ports = activity.ports;
    if (std::find(ports.begin(), ports.end(), lane.port) == ports.end())
      ports.push_back(lane.port);
  }
  if (!activity.ports.empty()) activity.activity = Activity::kReceiving;
  return activity;
}

std::string ActivityText(const Snapshot& snapshot,
                         const ProcessActivity& activity) {
  std::string text = ActivityName(activity.activity);
  for (const uint64_t port : activity.ports)
    text += " " + snapshot.PortName(port);
  if (activity.activity == Activity::kCallBlocked ||
      activity.activity == Activity::kSendBlocked)
    text += " -> " + snapshot.ProcessName(activity.waits_for);
  return text;
}

}  // namespace keyport
