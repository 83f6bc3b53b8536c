// Reachability's searches, breadth first: each process and each port is looked
// at once.
#include <optional>
#include <queue>

#include "services/cli/reachability.h"

namespace keyport {
namespace {

bool MaySend(const ReachModel::Capability& capability) {
  return (capability.rights & ipc::kRightSend) != 0;
}

// Processes to look at, the nearest first; none that is kHopsMax away.
class Frontier {
 public:
  explicit Frontier(uint64_t start) : queue_({{start, 0}}) {}
  std::optional<uint64_t> Next() {
    if (queue_.empty()) return std::nullopt;
    const auto [process, hops] = queue_.front();
    queue_.pop();
    hops_ = hops + 1;
    return process;
  }
  // One hop from what Next gave last.
  void Add(uint64_t process) {
    if (hops_ < kHopsMax) queue_.push({process, hops_});
  }

 private:
  std::queue<std::pair<uint64_t, size_t>> queue_;
  size_t hops_ = 0;
};

}  // namespace

std::vector<Hop> Reachability::NearestPath(uint64_t from,
                                           const Target& target) const {
  Routes came_by;  // the hop that found it
  std::set<uint64_t> ports_seen;
  Frontier frontier(from);
  while (const std::optional<uint64_t> next = frontier.Next()) {
    const uint64_t at = *next;
    for (const Capability* capability : Find(of_process_, at).held) {
      const uint64_t port = capability->port;
      if (!MaySend(*capability) || !ports_seen.insert(port).second) continue;
      const auto& receivers = Find(of_port_, port).receiving;
      if (target.ports.contains(port))
        return PathBy(came_by, from, {at, port, OneOf(receivers, target)});
      for (const uint64_t to : receivers)
        if (to != from && came_by.try_emplace(to, Hop{at, port, to}).second)
          frontier.Add(to);
    }
  }
  return {};
}

uint64_t Reachability::OneOf(const std::vector<uint64_t>& receivers,
                             const Target& target) {
  for (const uint64_t receiver : receivers)
    if (target.processes.contains(receiver)) return receiver;
  return 0;
}

std::vector<Hop> Reachability::PathBy(const Routes& came_by, uint64_t from,
                                      Hop last) {
  std::vector<Hop> path = {last};
  while (path.front().from != from)
    path.insert(path.begin(), came_by.at(path.front().from));
  return path;
}

// Whoever keeps the Receive right of ports only for others hands nothing on
// while they run: through the supervisor everybody would reach everybody.
bool Reachability::OnlyKeeps(uint64_t process) const {
  const Links& links = Find(of_process_, process);
  if (!links.receiving.empty()) return false;
  for (const Capability* capability : links.held)
    if ((capability->rights & ipc::kRightReceive) != 0) return true;
  return false;
}

Reachability::Routes Reachability::RoutesTo(uint64_t to) const {
  Routes routes;
  std::set<std::pair<uint64_t, Hop::By>> seen;
  Frontier frontier(to);
  auto add = [&](const Hop& hop) {
    if (hop.from == 0 || hop.from == to || routes.contains(hop.from)) return;
    const bool only_keeps = OnlyKeeps(hop.from);
    if (only_keeps && Starts(hop.from, to)) return;
    routes.emplace(hop.from, hop);
    if (!only_keeps) frontier.Add(hop.from);
  };
  while (const std::optional<uint64_t> next = frontier.Next()) {
    const uint64_t at = *next;
    const Links& links = Find(of_process_, at);
    for (const uint64_t port : links.receiving) {
      if (!seen.insert({port, Hop::By::kMessage}).second) continue;
      for (const Capability* sender : Find(of_port_, port).held)
        if (MaySend(*sender))
          add({sender->process, port, at, Hop::By::kMessage});
    }
    for (const Capability* capability : links.held) {
      const uint64_t port = capability->port;
      if (!MaySend(*capability) || !seen.insert({port, Hop::By::kReply}).second)
        continue;
      for (const uint64_t receiver : Find(of_port_, port).receiving)
        add({receiver, port, at, Hop::By::kReply});
    }
  }
  return routes;
}

std::vector<Hop> Reachability::RouteFrom(uint64_t from, const Routes& routes) {
  std::vector<Hop> route;
  for (auto next = routes.find(from); next != routes.end();
       next = routes.find(next->second.to))
    route.push_back(next->second);
  return route;
}

}  // namespace keyport
