#include "tests/unit/kernel/model/living.h"

namespace model {

const kernel::Capability* Living::Find(const Cap& cap) const {
  if (cap.holder == nullptr) return FindInFlight(cap);
  kernel::Session* session = kernel_.FindSession(cap.holder->id());
  if (session == nullptr) return nullptr;
  const kernel::Capability* found = session->handles.Find(cap.handle);
  return found != nullptr && found->serial == cap.serial ? found : nullptr;
}

// What a lane that is gone has left behind can only be found by a walk.
const kernel::Capability* Living::FindInFlight(const Cap& cap) const {
  const Lane* lane = cap.transfer->lane;
  const auto& lanes = kernel_.objects(ObjectKind::lane);
  const auto found = lane == nullptr ? lanes.end() : lanes.find(lane->id);
  if (found != lanes.end()) {
    const auto& transfers = kernel::As<kernel::Lane>(*found->second).transfers;
    const auto transfer = transfers.find(cap.transfer->token);
    if (transfer != transfers.end() && transfer->second != nullptr)
      return transfer->second->items[cap.index].capability;
  }
  const auto walked = all().find(cap.serial);
  return walked == all().end() ? nullptr : walked->second;
}

const Living::BySerial& Living::all() const {
  if (!all_.empty()) return all_;
  const kernel::Capability* next = tree().LivingAfter(0);
  for (; next != nullptr; next = tree().LivingAfter(next->index))
    all_[next->serial] = next;
  return all_;
}

}  // namespace model
