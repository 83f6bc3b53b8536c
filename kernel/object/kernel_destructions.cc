// Kernel: destroying the contents of regions, in steps. First everyone who was
// given the memory is told, so that nobody takes what is left of it for the
// contents; then the bytes go.
#include "kernel/object/kernel.h"

namespace kernel {

void Kernel::NoteGrant(Session& session, Region& region) {
  if (!session.granted.insert(&region).second) return;
  ++region.sessions;
  Use(region);
}

Answer Kernel::StartDestruction(Session& session, Region& region,
                                uint64_t user_data) {
  destructions_.push_back({.region = &region,
                           .session = session.id(),
                           .user_data = user_data,
                           .told = 0,
                           .tell_below = next_id_});
  Use(region);
  region.BeginErasing();
  return Answer::Parked();
}

void Kernel::RunDestructions() {
  if (destructions_.empty()) return;
  Destruction one = destructions_.front();
  destructions_.pop_front();
  if (!TellOfDestruction(one) || one.region->EraseSome())
    destructions_.push_back(one);
  else
    EndDestruction(one);
}

bool Kernel::TellOfDestruction(Destruction& one) {
  auto next = sessions_.upper_bound(one.told);
  for (uint32_t steps = 0; next != sessions_.end(); ++next, ++steps) {
    if (next->first >= one.tell_below) return true;
    if (steps == kStepsPerTurn) return false;
    Session& session = *next->second;
    if (session.granted.contains(one.region)) session.TellRegionDestroyed();
    one.told = next->first;
  }
  return true;
}

void Kernel::EndDestruction(const Destruction& one) {
  if (Session* session = FindSession(one.session); session != nullptr)
    session->Complete(static_cast<uint32_t>(abi::Syscall::region_destroy),
                      one.user_data, one.region->Receipt());
  Unuse(*one.region);
}

}  // namespace kernel
