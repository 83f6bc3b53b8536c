#include "libipc/base/audience.h"

#include <algorithm>

#include "libipc/base/socket.h"

namespace base {

void Audience::Add(uint64_t id, SubscriberMemory page, Kind kind, From from,
                   UniqueFd bell) {
  // It may have begun before it was heard of, and hold blocks since.
  const uint64_t held = page.held().load(std::memory_order_acquire);
  members_.push_back({id,
                      std::move(page),
                      kind,
                      from.read,
                      std::min(from.released, held),
                      {},
                      std::move(bell)});
  armed_.push_back(&members_.back().page.armed_word());
  if (kind == Kind::kReliable) ++reliable_;
}

bool Audience::Remove(uint64_t id) {
  const auto found =
      std::find_if(members_.begin(), members_.end(),
                   [id](const Member& member) { return member.id == id; });
  if (found == members_.end()) return false;
  if (found->kind == Kind::kReliable) --reliable_;
  armed_.erase(armed_.begin() + (found - members_.begin()));
  members_.erase(found);
  return true;
}

Audience::Sleepers Audience::TakeSleepers(uint64_t position) {
  Sleepers sleepers;
  for (Member& member : members_) {
    const uint32_t armed = member.page.armed().load(std::memory_order_relaxed);
    if (armed == 0 || !member.woken.IsDue(armed, position)) continue;
    if ((armed & abi::kArmRecordsFutex) != 0) sleepers.on_word = true;
    if ((armed & abi::kArmRecordsBell) == 0 || !member.bell.valid()) continue;
    RingBell(member.bell.get());
    ++sleepers.rung;
  }
  return sleepers;
}

uint64_t Audience::Look(Member& member, uint64_t position, Progress progress) {
  const bool is_read = progress == Progress::kRead;
  uint64_t& known = is_read ? member.head : member.held;
  const uint64_t said = (is_read ? member.page.head() : member.page.held())
                            .load(std::memory_order_acquire);
  if (said > known && said <= position) known = said;
  return said;
}

uint64_t Audience::LowestHead(uint64_t position) {
  uint64_t lowest = kNobody;
  for (Member& member : members_) {
    if (member.kind != Kind::kReliable) continue;
    Look(member, position, Progress::kRead);
    lowest = std::min(lowest, member.head);
  }
  return lowest;
}

uint64_t Audience::LowestHeld(uint64_t position, uint64_t overtaken) {
  uint64_t lowest = members_.empty() ? overtaken : position;
  for (Member& member : members_) {
    Look(member, position, Progress::kReleased);
    lowest = std::min(lowest, member.kind == Kind::kReliable
                                  ? member.held
                                  : std::max(member.held, overtaken));
  }
  return lowest;
}

Audience::Slow Audience::FirstBelow(uint64_t needed, uint64_t position,
                                    Progress progress) {
  const bool is_read = progress == Progress::kRead;
  for (Member& member : members_) {
    const uint64_t& known = is_read ? member.head : member.held;
    if (member.kind != Kind::kReliable || known >= needed) continue;
    const uint64_t seen = Look(member, position, progress);
    if (known < needed)
      return {member.id,
              is_read ? member.page.head_word() : member.page.held_word(),
              static_cast<uint32_t>(seen)};
  }
  return {};
}

bool Audience::AllMind() const {
  return std::all_of(
      members_.begin(), members_.end(), [](const Member& member) {
        return member.page.barrier().load(std::memory_order_relaxed) != 0;
      });
}

}  // namespace base
