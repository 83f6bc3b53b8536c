#include "kernel/object/port.h"

#include "kernel/object/lane.h"

namespace kernel {

Port::Listener* Port::ChooseListener(uint64_t sender) {
  absl::flat_hash_set<const Session*> served;
  if (listeners.size() > 1) {
    if (auto found = by_sender.find(sender); found != by_sender.end())
      for (const Lane* lane : found->second)
        if (lane->bound()) served.insert(lane->listener().session);
  }
  Listener* best = nullptr;
  bool best_is_new = false;
  for (Listener& listener : listeners) {
    const bool is_new = !served.contains(listener.session);
    if (best == nullptr || (is_new && !best_is_new) ||
        (is_new == best_is_new && listener.lanes < best->lanes)) {
      best = &listener;
      best_is_new = is_new;
    }
  }
  return best;
}

}  // namespace kernel
