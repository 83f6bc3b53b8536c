#include "services/cli/deadlocks.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace keyport {
namespace {

// Of a process none of whose known threads does anything else.
using Calls = std::vector<WaitEdge>;
using CallsOf = std::map<uint64_t, Calls>;  // by process

auto Identity(const ipc::ThreadEntry& thread) {
  return std::tuple(thread.process, thread.thread_id, thread.state, thread.lane,
                    thread.since_ns);
}
using Identities = std::set<decltype(Identity({}))>;

std::map<uint64_t, const ipc::LaneEntry*> LanesById(const Snapshot& snapshot) {
  std::map<uint64_t, const ipc::LaneEntry*> lanes;
  for (const ipc::LaneEntry& lane : snapshot.lanes) lanes[lane.id] = &lane;
  return lanes;
}

// The two lists agree that somebody is there to answer.
bool IsAwaited(const ipc::ThreadEntry& thread, const ipc::LaneEntry& lane) {
  return lane.cut == 0 && lane.sender_process == thread.process &&
         thread.awaited != 0 && lane.receiver_process == thread.awaited;
}

CallsOf OnlyCalling(const Snapshot& snapshot) {
  Identities before;
  for (const ipc::ThreadEntry& thread : snapshot.threads_before)
    before.insert(Identity(thread));
  const auto lanes = LanesById(snapshot);
  CallsOf calls;
  std::set<uint64_t> others;
  for (const ipc::ThreadEntry& thread : snapshot.threads) {
    const auto lane = lanes.find(thread.lane);
    if (ActivityOf(thread) == Activity::kCallBlocked &&
        before.contains(Identity(thread)) && lane != lanes.end() &&
        IsAwaited(thread, *lane->second))
      calls[thread.process].push_back({thread.process, thread.awaited,
                                       thread.port, thread.lane,
                                       thread.since_ns});
    else
      others.insert(thread.process);
  }
  // With as many threads as slots, there may be more that are not seen.
  std::erase_if(calls, [&others](const auto& process) {
    return others.contains(process.first) ||
           process.second.size() >= ipc::abi::kThreadSlots;
  });
  return calls;
}

// Leaves those who can only be answered by one another.
void DropWhoMayGoOn(CallsOf* calls) {
  const auto may_go_on = [calls](const auto& process) {
    return std::any_of(process.second.begin(), process.second.end(),
                       [calls](const WaitEdge& call) {
                         return !calls->contains(call.waits_for);
                       });
  };
  for (auto at = calls->begin(); at != calls->end();) {
    if (!may_go_on(*at)) {
      ++at;
      continue;
    }
    calls->erase(at);
    at = calls->begin();
  }
}

const WaitEdge& Longest(const Calls& calls) {
  return *std::min_element(calls.begin(), calls.end(),
                           [](const WaitEdge& a, const WaitEdge& b) {
                             return a.since_ns < b.since_ns;
                           });
}

// Follows the longest calls until they lead back; nothing if that is to where
// somebody came by before.
std::optional<Deadlock> CycleFrom(uint64_t process, const CallsOf& calls,
                                  std::set<uint64_t>* seen) {
  Deadlock path;
  while (seen->insert(process).second) {
    path.push_back(Longest(calls.at(process)));
    process = path.back().waits_for;
  }
  const auto first = std::find_if(
      path.begin(), path.end(),
      [process](const WaitEdge& call) { return call.waiter == process; });
  if (first == path.end()) return std::nullopt;
  return Deadlock(first, path.end());
}

}  // namespace

std::vector<Deadlock> FindDeadlocks(const Snapshot& snapshot) {
  CallsOf calls = OnlyCalling(snapshot);
  DropWhoMayGoOn(&calls);
  std::vector<Deadlock> deadlocks;
  std::set<uint64_t> seen;
  for (const auto& [process, unused] : calls)
    if (auto cycle = CycleFrom(process, calls, &seen))
      deadlocks.push_back(*std::move(cycle));
  return deadlocks;
}

std::string DeadlockText(const Snapshot& snapshot, const Deadlock& deadlock) {
  std::string text = "deadlock: ";
  for (const WaitEdge& call : deadlock)
    text += snapshot.ProcessName(call.waiter) + " -> " +
            snapshot.PortName(call.port) + " -> ";
  return text + snapshot.ProcessName(deadlock.front().waiter);
}

}  // namespace keyport
