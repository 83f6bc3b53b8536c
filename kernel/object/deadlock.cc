#include "kernel/object/deadlock.h"

#include <cstring>

#include "kernel/object/kernel.h"
#include "kernel/object/lane_positions.h"
#include "kernel/session/threads.h"

namespace kernel {
namespace {

// Threads looked at: a search that is larger is given up. It must fit into
// what the memory reserve holds for a request.
constexpr size_t kThreadsMax = 1024;
constexpr size_t kNobody = ~size_t{0};

struct Node {
  Session* session;
  uint32_t number;
  abi::ThreadSlot slot;
  Lane* lane;               // of the call that it is blocked in
  size_t awaits = kNobody;  // index of the first it waits for
};

Lane* FindLane(Kernel& kernel, uint64_t id) {
  const auto& lanes = kernel.objects(ObjectKind::lane);
  const auto found = lanes.find(id);
  return found == lanes.end() ? nullptr : &As<Lane>(*found->second);
}

class Search {
 public:
  explicit Search(Kernel& kernel) : kernel_(kernel) {}

  // Whether nobody reachable from there could go on.
  bool IsStuck(Session& session, uint32_t number) {
    if (!Add(session, number, kNobody)) return false;
    for (size_t at = 0; at < nodes_.size(); ++at)
      if (!AddAwaited(at)) return false;
    return true;
  }
  // The calls from the first one on, to where they lead back.
  Answer Path() const;

 private:
  // `waiter`: the node that waits for it, if any. False when that thread is
  // not blocked in a call: it can go on.
  bool Add(Session& session, uint32_t number, size_t waiter);
  bool AddAwaited(size_t at);
  bool AddHandler(size_t at, Session& listener, const Threads& threads);
  bool AddAll(size_t at, Session& listener, const Threads& threads);
  // What a thread that is blocked on `lane` waits for is on its way already.
  static bool IsAnswered(const Lane& lane, const LanePositions& positions);

  Kernel& kernel_;
  std::vector<Node> nodes_;
  absl::flat_hash_map<std::pair<uint64_t, uint32_t>, size_t> seen_;
};

bool Search::Add(Session& session, uint32_t number, size_t waiter) {
  const auto [found, is_new] =
      seen_.try_emplace({session.id(), number}, nodes_.size());
  if (waiter != kNobody && nodes_[waiter].awaits == kNobody)
    nodes_[waiter].awaits = found->second;
  if (!is_new) return true;
  if (nodes_.size() == kThreadsMax) return false;
  const abi::ThreadSlot slot = session.threads().Read(number);
  if (Threads::StateOf(slot) != abi::ThreadState::calling) return false;
  // An answer may be among what it has not looked at.
  if (session.HasUnread()) return false;
  Lane* lane = FindLane(kernel_, slot.lane);
  if (lane == nullptr || lane->sender().session != &session ||
      lane->sender().handle == nullptr)
    return false;
  nodes_.push_back({&session, number, slot, lane});
  return true;
}

bool Search::IsAnswered(const Lane& lane, const LanePositions& positions) {
  const auto& half = lane.sender().half;
  return half != nullptr &&
         positions.reply_end > half->head().load(std::memory_order_acquire);
}

bool Search::AddAwaited(size_t at) {
  const Lane& lane = *nodes_[at].lane;
  // A reply that was moved may come from anywhere, and who is to listen may
  // still come.
  if (lane.cut || !lane.bound() || !lane.replies.empty()) return false;
  const LanePositions positions = Measure(lane);
  if (IsAnswered(lane, positions)) return false;
  Session& listener = *lane.listener().session;
  const Threads threads = listener.threads();
  if (threads.is_partial()) return false;
  return positions.taken > nodes_[at].slot.position
             ? AddHandler(at, listener, threads)
             : AddAll(at, listener, threads);
}

// The thread that took the call calls on with its flow. One that runs may be
// the one that handles it; one that receives is not.
bool Search::AddHandler(size_t at, Session& listener, const Threads& threads) {
  bool found = false;
  for (uint32_t i = 0; i < threads.used(); ++i) {
    const abi::ThreadSlot slot = threads.Read(i);
    const abi::ThreadState state = Threads::StateOf(slot);
    if (state == abi::ThreadState::running) return false;
    if (state != abi::ThreadState::calling || slot.flow != nodes_[at].slot.flow)
      continue;
    found = true;
    if (!Add(listener, i, at)) return false;
  }
  return found;
}

// Any thread of the listener may come and take it. One must be known to.
bool Search::AddAll(size_t at, Session& listener, const Threads& threads) {
  bool serves = false;
  for (uint32_t i = 0; i < threads.used(); ++i) {
    const abi::ThreadSlot slot = threads.Read(i);
    if (Threads::StateOf(slot) == abi::ThreadState::none) continue;
    serves |= slot.port == nodes_[at].lane->port->id;
    if (!Add(listener, i, at)) return false;
  }
  return serves;
}

Answer Search::Path() const {
  std::vector<size_t> path;
  absl::flat_hash_map<size_t, uint32_t> told;
  constexpr size_t kMost = abi::kRequestPayloadMax / sizeof(abi::DeadlockStep);
  for (size_t at = 0; path.size() < kMost; at = nodes_[at].awaits) {
    if (!told.try_emplace(at, static_cast<uint32_t>(path.size())).second) break;
    path.push_back(at);
  }
  Answer answer = Error::deadlock;
  for (const size_t at : path) {
    const Node& node = nodes_[at];
    abi::DeadlockStep step = {};
    step.process = node.session->id();
    step.port = node.lane->port->id;
    step.since_ns = node.slot.since_ns;
    step.thread_id = node.slot.thread_id;
    if (const auto next = told.find(node.awaits); next != told.end())
      step.awaits = next->second;
    CopyName(step.process_name, node.session->process->name);
    CopyName(step.port_name, node.lane->port->name);
    answer.Append(step);
  }
  return answer;
}

}  // namespace

Answer CheckDeadlock(Kernel& kernel, Session& session, Lane& lane,
                     uint64_t waiter) {
  const Threads threads = session.threads();
  if (waiter >= threads.used()) return Error::invalid_args;
  const auto number = static_cast<uint32_t>(waiter);
  const abi::ThreadSlot slot = threads.Read(number);
  if (Threads::StateOf(slot) != abi::ThreadState::calling ||
      slot.lane != lane.id)
    return Error::invalid_args;
  Search search(kernel);
  if (!search.IsStuck(session, number)) return {};
  return search.Path();
}

}  // namespace kernel
