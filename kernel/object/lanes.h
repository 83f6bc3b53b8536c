// Lanes: makes, binds, cuts and ends lanes, and tells both ends.
//
// What happens to a port or a session only marks its lanes; Settle brings each
// marked lane, in its turn, into the state that its port, its sender's
// capability and its ends ask for:
//
//        connect          ready + a listener
//   (made) ---> unbound -----------------------> bound
//                  ^        listener gone          |
//                  +-------------------------------+
//   cut, from any of them: no Send capability, sender gone, listener left the
//   lane, or port closed. Messages already sent stay for a next listener when
//   only the sender is gone. A lane ends when both ends have left.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "kernel/object/answer.h"
#include "kernel/object/lane.h"

namespace kernel {

class Kernel;
class Port;
class Session;
enum class Ending;

class Lanes {
 public:
  // Lanes settled a turn, besides those that became ready in it: each may make
  // and map memory.
  static constexpr uint32_t kSettledPerTurn = 64;

  explicit Lanes(Kernel* kernel) : kernel_(kernel) {}

  // ---- Syscalls.
  Answer Connect(Session& session, Capability& port_capability);
  Answer Listen(Session& session, Capability& port_capability);
  Answer Ready(Lane& lane, LaneEnd end);
  // lanes_resize.cc
  Answer Resize(Lane& lane, LaneEnd end, uint64_t bytes);
  Answer Resized(Lane& lane, LaneEnd end, uint64_t start);
  Answer Attach(Lane& lane, LaneEnd end, Capability& region);
  Answer Detach(Lane& lane, LaneEnd end, uint64_t attachment);
  Answer MapAttached(Session& session, Lane& lane, LaneEnd end,
                     uint64_t attachment);
  // Which end this lane handle is.
  static LaneEnd EndOf(const Lane& lane, const Capability& handle) {
    return lane.sender().handle == &handle ? LaneEnd::kSender
                                           : LaneEnd::kListener;
  }

  // ---- What happened around lanes.
  void EndListening(Port& port, Session& session, Error why);
  void LoseCapability(Lane& lane, Ending ending);
  void HandleGone(Lane& lane, const Capability& handle, Ending ending);
  void Enqueue(Lane& lane);

  bool HasWork() const {
    return !ready_.empty() || !queue_.empty() || may_be_lost_;
  }
  // Receive capabilities went, or lanes were left behind: some ports may now
  // be reachable from nowhere.
  void MayBeLost() { may_be_lost_ = !leftovers_.empty(); }
  void SettleSome();
  // Lets go of what listeners had that left in this turn: closing the last
  // descriptor of a memory, and its mapping, takes Linux 25 µs.
  void DropLeft() { left_.clear(); }

  // Lanes wait for descriptors or memory, which come back untold: to be tried
  // again from time to time, one for all.
  bool starves() const { return !starved_.empty(); }
  void TryStarved();

  // Of lanes that have more than their base rings, those that do not need it
  // are told so. When to look again; kNever.
  int64_t LookAtGrown(int64_t now_ns);

 private:
  // How often lanes that have grown are looked at, so many at a time, and how
  // long one is left more than it needs.
  static constexpr int64_t kLookNs = 1'000'000'000;
  static constexpr int64_t kModestNs = 2'000'000'000;
  static constexpr uint32_t kLookedAtPerTurn = 256;

  void EnqueueReady(Lane& lane);
  void SettleReady();
  void Settle(Lane& lane);
  void Bind(Lane& lane);
  Result<void> Open(Lane& lane, Session& listener, Handle port_handle);
  void PostJoined(Lane& lane);
  // lanes_resize.cc
  Answer CheckResize(Lane& lane, LaneEnd end, uint64_t bytes);
  void NoteTaken(Lane& lane);
  void Give(Lane& lane, std::unique_ptr<RequestRing> ring);
  void Drop(Lane& lane, std::unique_ptr<RequestRing> ring);
  void DropRings(Lane& lane);
  void LookAt(Lane& lane, int64_t now_ns);
  // What a listener is told of a ring, and the descriptor that goes with it.
  struct RingTold {
    uint64_t start;
    const RequestRing* ring;
    UniqueFd memory;  // none: the base ring
  };
  Result<std::vector<RingTold>> RingsToTell(const Lane& lane) const;
  void PostRings(const Lane& lane, std::vector<RingTold> rings);
  bool Listened(const Lane& lane) const;
  // The listener is gone from the lane; its handle too.
  void Unbind(Lane& lane);
  void PostOrphaned(Lane& lane);
  void CutBySender(Lane& lane, Error why);
  void CutByListener(Lane& lane, Error why);
  void DestroyLost();
  void UpdateTracing(Lane& lane);
  void RetireIfOver(Lane& lane);
  void Retire(Lane& lane);
  void TellSenders(Port& port);
  void Post(const Lane& lane, LaneEnd end, abi::Event event, Answer values);

  Kernel* const kernel_;
  std::deque<Lane*> ready_;  // in this turn, by their senders
  std::deque<Lane*> queue_;
  // Could not be bound for want of descriptors, memory or a handle. Tried in
  // turn; ids, because they may be gone by then.
  std::set<uint64_t> starved_;
  uint64_t last_tried_ = 0;
  // Ids of lanes that have, or had, more than their base rings.
  std::set<uint64_t> grown_;
  uint64_t last_looked_at_ = 0;
  // Lanes whose sender is gone and whose messages wait for a listener.
  std::set<Lane*> leftovers_;
  bool may_be_lost_ = false;
  std::vector<Lane::End> left_;
};

}  // namespace kernel
