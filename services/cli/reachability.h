// Reachability: who can send to whom and why, who could pass a capability on,
// who holds a right. Answers point into the model. Time and answers are bounded
// by its size (times kChainStepsMax or kHopsMax), whatever services did to it.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/cli/reach_model.h"

namespace keyport {

// What a capability was derived from, nearest first.
struct Chain {
  enum class End {
    kFirst,   // at the port's first capability
    kLost,    // what comes next is gone
    kLonger,  // cut at kChainStepsMax
  };
  std::vector<const ReachModel::Capability*> steps;
  End end = End::kFirst;
};
inline constexpr size_t kChainStepsMax = 16;

// `from` sends over the port to `to`; of a reply, `to` had called `from`.
struct Hop {
  enum class By { kMessage, kReply };
  uint64_t from = 0;
  uint64_t port = 0;
  uint64_t to = 0;
  By by = By::kMessage;
};

// Of a route or a path; longer ones are not looked for.
inline constexpr size_t kHopsMax = 16;

// Whom or what somebody wants to reach: processes, or ports.
struct Target {
  enum class Kind { kProcesses, kPorts };
  Kind kind = Kind::kProcesses;
  std::set<uint64_t> processes;  // or who receives from the ports
  std::set<uint64_t> ports;      // or what the processes receive from
};

struct Way {
  const ReachModel::Capability* capability = nullptr;
  std::vector<uint64_t> receivers;  // processes among the target's
  Chain chain;
};

// Somebody with the right that is missing.
struct Helper {
  const ReachModel::Capability* capability = nullptr;
  ipc::Rights passes_on = 0;    // Duplicate, Transfer, or both; 0: it may not
  bool starts_it = false;       // it started who lacks the right
  std::vector<Hop> route = {};  // to hand it over; may be none
};

// A port of the target on which Send is missing.
struct MissingPort {
  uint64_t port = 0;
  // What is held, without Send.
  std::vector<const ReachModel::Capability*> held;
  std::vector<Helper> helpers;  // the most useful first
};

struct WhyAnswer {
  uint64_t from = 0;
  Target target;
  std::vector<Way> ways;  // none: `missing` and `path` say more
  std::vector<MissingPort> missing;
  std::vector<Hop> path;       // the shortest over others; may be none
  std::vector<uint64_t> kept;  // ports: Receive is held, but nothing received
};

class Reachability {
 public:
  using Process = ReachModel::Process;
  using Port = ReachModel::Port;
  using Capability = ReachModel::Capability;

  // `model` must outlive it.
  explicit Reachability(const ReachModel& model);

  const ReachModel& model() const { return model_; }
  // "clockd(101)", "process 7", "(in flight)" for 0
  std::string Label(uint64_t process) const;
  std::string PortLabel(uint64_t port) const;
  const Process* FindProcess(uint64_t id) const;
  const Port* FindPort(uint64_t id) const;

  Target TargetOf(std::set<uint64_t> processes) const;
  Target TargetOfPorts(std::set<uint64_t> ports) const;

  WhyAnswer Why(uint64_t from, const Target& target) const;
  // Each capability for the port with that right, in the order they were made;
  // of a right to trace, then those for everything. Nobody has a secret port's
  // payload by these.
  std::vector<const Capability*> WhoCan(ipc::Rights right, uint64_t port) const;
  Chain ChainOf(const Capability& capability) const;
  // Whether its holder has it from making the port, as far as one can tell.
  bool IsFirst(const Capability& capability) const;

 private:
  // What a process has to do with ports, or a port with processes.
  struct Links {
    std::vector<const Capability*> held;
    std::vector<uint64_t> receiving;  // ports, or processes
  };
  using Routes = std::unordered_map<uint64_t, Hop>;  // by process

  static const Links& Find(const std::unordered_map<uint64_t, Links>& all,
                           uint64_t id);
  std::vector<Way> Ways(uint64_t from, const Target& target) const;
  MissingPort Missing(uint64_t from, uint64_t port, const Routes& routes) const;
  std::vector<Hop> NearestPath(uint64_t from, const Target& target) const;
  // A receiver that belongs to the target; 0 if none does.
  static uint64_t OneOf(const std::vector<uint64_t>& receivers,
                        const Target& target);
  static std::vector<Hop> PathBy(const Routes& came_by, uint64_t from,
                                 Hop last);
  // From every process that can hand something to `to` in kHopsMax hops, the
  // next hop there.
  Routes RoutesTo(uint64_t to) const;
  static std::vector<Hop> RouteFrom(uint64_t from, const Routes& routes);
  bool OnlyKeeps(uint64_t process) const;
  bool Starts(uint64_t starter, uint64_t started) const;
  std::vector<uint64_t> Kept(const Target& target) const;

  const ReachModel& model_;
  std::unordered_map<uint64_t, const Process*> processes_;
  std::unordered_map<uint64_t, const Port*> ports_;
  std::unordered_map<uint64_t, const Capability*> capabilities_;  // by serial
  std::unordered_map<uint64_t, Links> of_process_;
  std::unordered_map<uint64_t, Links> of_port_;
  std::unordered_map<uint64_t, std::set<uint64_t>> starters_;  // by process
};

}  // namespace keyport
