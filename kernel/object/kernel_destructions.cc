// Kernel: who was given memory of which regions; and destroying their
// contents, in steps. First everyone who was given the memory is told, so that
// nobody takes what is left of it for the contents; then the bytes go.
#include "kernel/object/kernel.h"

namespace kernel {

void Kernel::NoteGrant(Session& session, Region& region) {
  if (session.granted.insert(&region).second) ++region.sessions;
  if (region.given[&session]++ == 0) Use(region);
}

bool Kernel::HasMemoryOf(Session& session, const Region& region) {
  const auto found = region.given.find(&session);
  return found != region.given.end() && found->second > 0;
}

// Believed: who lies has memory that nobody is charged for, as it can have by
// a memfd of its own. It stays among those that are told of a destruction.
Answer Kernel::NoteUnmapped(Session& session, Region& region) {
  if (!HasMemoryOf(session, region)) return Error::not_found;
  if (--region.given[&session] == 0) Unuse(region);
  return {};
}

void Kernel::ForgetGrants(Session& session) {
  for (Region* region : session.granted) {
    const bool kept_it = HasMemoryOf(session, *region);
    region->given.erase(&session);
    if (kept_it) Unuse(*region);
  }
}

void Kernel::ForgetGrants(Region& region) {
  for (auto& [session, count] : region.given) session->granted.erase(&region);
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
