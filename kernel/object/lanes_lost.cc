// Lanes: finds ports whose Receive capabilities are all in messages that
// nobody can ever receive, because the lanes that hold them lead, by way of
// dead senders, to such ports themselves.
#include "absl/container/flat_hash_map.h"
#include "kernel/object/kernel.h"

namespace kernel {
namespace {

// Calls `visit(Port&, Capability&)` for each Receive capability in the lane.
template <typename Visit>
void EachReceiver(const Lane& lane, Visit&& visit) {
  for (const auto& [token, transfer] : lane.transfers)
    for (const Transfer::Item& item : transfer->items) {
      Capability* capability = item.capability;
      if (capability == nullptr ||
          capability->object->kind != ObjectKind::port ||
          (capability->rights & abi::kRightReceive) == 0)
        continue;
      visit(As<Port>(*capability->object), *capability);
    }
}

}  // namespace

// Follows what can be reached from a port with a holder; the rest is lost.
void Lanes::DestroyLost() {
  absl::flat_hash_map<Port*, uint32_t> left;
  for (const Lane* lane : leftovers_)
    EachReceiver(*lane, [&](Port& port, Capability&) { ++left[&port]; });
  if (left.empty()) return;
  absl::flat_hash_map<Port*, std::vector<Lane*>> lanes_of;
  std::vector<Port*> reached;
  absl::flat_hash_set<Port*> seen;
  for (Lane* lane : leftovers_) {
    Port* port = lane->port;
    lanes_of[port].push_back(lane);
    const auto found = left.find(port);
    const uint32_t lost = found == left.end() ? 0 : found->second;
    if (port->receivers > lost && seen.insert(port).second)
      reached.push_back(port);
  }
  while (!reached.empty()) {
    Port* port = reached.back();
    reached.pop_back();
    for (const Lane* lane : lanes_of[port])
      EachReceiver(*lane, [&](Port& next, Capability&) {
        if (seen.insert(&next).second) reached.push_back(&next);
      });
  }
  std::vector<Capability*> doomed;
  for (const Lane* lane : leftovers_)
    if (!seen.contains(lane->port))
      EachReceiver(*lane, [&](Port& port, Capability& capability) {
        if (port.receivers == left[&port] && !seen.contains(&port))
          doomed.push_back(&capability);
      });
  for (Capability* capability : doomed)
    kernel_->Destroy(*capability, Ending::kClosed);
}

}  // namespace kernel
