#include "services/cli/waits.h"

#include <sys/wait.h>

#include <algorithm>
#include <set>

#include "services/common/text_table.h"

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

// Not known is no long wait.
bool IsLonger(uint64_t since_ns, uint64_t than_since_ns) {
  if (since_ns == 0 || than_since_ns == 0) return since_ns != 0;
  return since_ns < than_since_ns;
}

void AddOnce(uint64_t port, std::vector<uint64_t>* ports) {
  if (std::find(ports->begin(), ports->end(), port) == ports->end())
    ports->push_back(port);
}

ProcessActivity BlockedIn(const Snapshot& snapshot, uint64_t process) {
  ProcessActivity longest;
  size_t waiting = 0;
  for (const WaitEdge& edge : WaitEdges(snapshot)) {
    if (edge.waiter != process) continue;
    if (++waiting == 1 || IsLonger(edge.since_ns, longest.since_ns))
      longest = {.activity = edge.activity,
                 .ports = {edge.port},
                 .waits_for = edge.waits_for,
                 .since_ns = edge.since_ns};
  }
  if (waiting > 0) longest.more = waiting - 1;
  return longest;
}

ProcessActivity ReceivingIn(const Snapshot& snapshot, uint64_t process) {
  ProcessActivity activity;
  size_t waiting = 0;
  for (const ipc::ThreadEntry& thread : snapshot.threads) {
    if (thread.process != process || ActivityOf(thread) != Activity::kReceiving)
      continue;
    AddOnce(thread.port, &activity.ports);
    if (++waiting == 1 || IsLonger(thread.since_ns, activity.since_ns))
      activity.since_ns = thread.since_ns;
  }
  if (waiting > 0) activity.more = waiting - 1;
  for (const ipc::LaneEntry& lane : snapshot.lanes)
    if (lane.receiver_process == process && WaitsForMessages(lane))
      AddOnce(lane.port, &activity.ports);
  if (!activity.ports.empty()) activity.activity = Activity::kReceiving;
  return activity;
}

std::string DeadText(uint32_t exit) {
  if ((exit & ipc::abi::kExitKnown) == 0) return "dead";
  const int status = static_cast<int>(exit & ~ipc::abi::kExitKnown);
  return WIFSIGNALED(status)
             ? "dead (signal " + std::to_string(WTERMSIG(status)) + ")"
             : "dead (exited " + std::to_string(WEXITSTATUS(status)) + ")";
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

bool IsBlocked(Activity activity) {
  return activity == Activity::kCallBlocked ||
         activity == Activity::kSendBlocked;
}

Activity ActivityOf(const ipc::ThreadEntry& thread) {
  switch (static_cast<ipc::ThreadState>(thread.state)) {
    case ipc::ThreadState::receiving:
      return thread.port != 0 ? Activity::kReceiving : Activity::kRunning;
    case ipc::ThreadState::calling:
      return thread.lane != 0 ? Activity::kCallBlocked : Activity::kRunning;
    case ipc::ThreadState::sending:
      return thread.lane != 0 ? Activity::kSendBlocked : Activity::kRunning;
    default:
      return Activity::kRunning;
  }
}

std::vector<WaitEdge> WaitEdges(const Snapshot& snapshot) {
  std::vector<WaitEdge> edges;
  std::set<uint64_t> told;  // lanes
  for (const ipc::ThreadEntry& thread : snapshot.threads) {
    const Activity activity = ActivityOf(thread);
    if (!IsBlocked(activity)) continue;
    told.insert(thread.lane);
    edges.push_back({thread.process, thread.awaited, thread.port, thread.lane,
                     thread.since_ns, activity});
  }
  for (const ipc::LaneEntry& lane : snapshot.lanes) {
    if (told.contains(lane.id)) continue;
    if (!WaitsForRoom(lane) && !WaitsForAnswer(lane)) continue;
    edges.push_back(
        {lane.sender_process, lane.receiver_process, lane.port, lane.id, 0,
         WaitsForRoom(lane) ? Activity::kSendBlocked : Activity::kCallBlocked});
  }
  return edges;
}

ProcessActivity ActivityOf(const Snapshot& snapshot,
                           const ipc::ProcessEntry& process) {
  if (process.state == ipc::ProcessState::dead)
    return {.activity = Activity::kDead, .exit = process.exit};
  if (process.state == ipc::ProcessState::waiting)
    return {.activity = Activity::kStarting};
  ProcessActivity blocked = BlockedIn(snapshot, process.id);
  return IsBlocked(blocked.activity) ? blocked
                                     : ReceivingIn(snapshot, process.id);
}

uint64_t WaitedNs(const Snapshot& snapshot, uint64_t since_ns) {
  const auto now_ns = static_cast<uint64_t>(snapshot.taken_ns);
  return since_ns < now_ns ? now_ns - since_ns : 0;
}

std::string ActivityText(const Snapshot& snapshot,
                         const ProcessActivity& activity) {
  if (activity.activity == Activity::kDead) return DeadText(activity.exit);
  std::string text = ActivityName(activity.activity);
  for (const uint64_t port : activity.ports)
    text += " " + snapshot.PortName(port);
  if (IsBlocked(activity.activity))
    text += " -> " + snapshot.ProcessName(activity.waits_for);
  if (activity.since_ns != 0)
    text += ", " + DurationText(WaitedNs(snapshot, activity.since_ns));
  if (activity.more > 0) text += " +" + std::to_string(activity.more);
  return text;
}

}  // namespace keyport
