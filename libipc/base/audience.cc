#include "libipc/base/audience.h"

#include <algorithm>

#include "libipc/base/socket.h"

namespace base {

void Audience::Add(uint64_t id, SubscriberMemory page, Kind kind, uint64_t from,
                   UniqueFd bell) {
  members_.push_back({id, std::move(page), kind, from, {}, std::move(bell)});
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

uint64_t Audience::Look(Member& member, uint64_t position) {
  const uint64_t head = member.page.head().load(std::memory_order_acquire);
  if (head > member.head && head <= position) member.head = head;
  return head;
}

uint64_t Audience::LowestHead(uint64_t position) {
  uint64_t lowest = kNobody;
  for (Member& member : members_) {
    if (member.kind != Kind::kReliable) continue;
    Look(member, position);
    lowest = std::min(lowest, member.head);
  }
  return lowest;
}

Audience::Slow Audience::FirstBelow(uint64_t needed, uint64_t position) {
  for (Member& member : members_) {
    if (member.kind != Kind::kReliable || member.head >= needed) continue;
    const uint64_t seen = Look(member, position);
    if (member.head < needed)
      return {member.id, member.page.head_word(), static_cast<uint32_t>(seen)};
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
