#include "tests/unit/kernel/model/state.h"

#include <algorithm>

namespace model {
namespace {

constexpr uint32_t kSlotMask = abi::kHandleSlotsMax - 1;
// docs/abi.md: a slot gives so many values before one comes again.
constexpr uint32_t kValuesOfSlot = abi::kHandleGenerations - 1;

}  // namespace

uint64_t Account::EffectiveLimit(size_t item) const {
  const Account* account = this;
  while (account != nullptr && account->limit[item] == 0)
    account = account->parent;
  return account == nullptr ? ~uint64_t{0} : account->limit[item];
}

uint64_t Account::Consumers(size_t item) const {
  uint64_t count = 0;
  for (const Account* child : children) count += child->used[item] != 0;
  return count;
}

Port::Listener* Port::FindListener(const Session* session) {
  for (Listener& listener : listeners)
    if (listener.session == session) return &listener;
  return nullptr;
}

Lane::Positions Lane::Measure() const {
  const Side& sender = side(End::kSender);
  const Side& listener = side(End::kListener);
  Positions at = {taken, taken, reply_end};
  if (sender.ready) {
    at.request_end = std::max(sender.tail, taken);
    if (listener.ready) at.taken = std::max(listener.head, taken);
    at.taken = std::min(at.taken, at.request_end);
  }
  if (sender_cut) at.request_end = cut_end;
  at.taken = std::min(at.taken, at.request_end);
  if (listener.ready) at.reply_end = std::max(listener.tail, reply_end);
  return at;
}

bool Lane::left_over() const {
  return !retired && !bound() && side(End::kSender).handle == nullptr &&
         side(End::kSender).ready && !port->closed && sender_cut &&
         taken < cut_end;
}

bool Notification::Has(uint64_t mask) const {
  if (type == abi::NotificationKind::latest) return fresh;
  return type == abi::NotificationKind::bits ? (value & mask) != 0 : value != 0;
}

uint64_t Notification::Take(uint64_t mask, uint32_t options) {
  uint64_t taken = value;
  if (type == abi::NotificationKind::bits) taken &= mask;
  if ((options & abi::kTakeOne) != 0) taken = 1;
  fresh = false;
  if (type != abi::NotificationKind::latest) value -= taken;
  return taken;
}

Cap* Table::Find(Handle handle) const {
  const auto found = held_.find(handle);
  return found == held_.end() ? nullptr : found->second;
}

uint32_t Table::ChooseSlot(Handle seen) {
  if (free_.empty()) {
    slots_.emplace_back();
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  std::set<uint32_t>& first = free_.front();
  const uint32_t wanted = seen & kSlotMask;
  // A group being freed in no known order may not have been there yet.
  if (group_open_ && free_.size() == 1 && seen != 0 &&
      wanted == slots_.size()) {
    slots_.emplace_back();
    return wanted;
  }
  const uint32_t slot =
      seen != 0 && first.count(wanted) != 0 ? wanted : *first.begin();
  first.erase(slot);
  if (first.empty()) {
    if (group_open_ && free_.size() == 1) group_open_ = false;
    free_.pop_front();
  }
  return slot;
}

Handle Table::Name(uint32_t slot, Handle seen) {
  Slot& used = slots_[slot];
  Handle handle = seen;
  if (seen == 0) {
    const uint32_t last = used.last >> abi::kHandleSlotBits;
    handle = slot | (last % kValuesOfSlot + 1) << abi::kHandleSlotBits;
  }
  if ((handle & kSlotMask) != slot)
    throw Mismatch("a handle of slot " + std::to_string(handle & kSlotMask) +
                   " instead of " + std::to_string(slot));
  if ((handle >> abi::kHandleSlotBits) == 0)
    throw Mismatch("a handle of generation 0");
  ++used.uses;
  const auto before = used.given.find(handle);
  if (before != used.given.end() && used.uses - before->second < kValuesOfSlot)
    throw Mismatch("a handle's value came again after " +
                   std::to_string(used.uses - before->second) + " uses");
  if (before != used.given.end()) ++repeats_;
  used.given[handle] = used.uses;
  used.last = handle;
  return handle;
}

Handle Table::Insert(Cap* cap, Handle seen) {
  const Handle handle = Name(ChooseSlot(seen), seen);
  held_[handle] = cap;
  by_kind_[cap->object->kind].insert(handle);
  return handle;
}

void Table::Remove(Handle handle, HandleFate fate) {
  const auto found = held_.find(handle);
  by_kind_[found->second->object->kind].erase(handle);
  held_.erase(found);
  slots_[handle & kSlotMask].ended = handle;
  slots_[handle & kSlotMask].fate = fate;
  if (!in_group_ || !group_open_) free_.emplace_back();
  if (in_group_) group_open_ = true;
  free_.back().insert(handle & kSlotMask);
}

// A slot's values count up, and begin again after the last one. Of those of
// the time before one cannot tell whether they were given.
HandleFate Table::FateOf(Handle handle) const {
  if (handle == abi::kNoHandle) return HandleFate::zero;
  const uint32_t number = handle & kSlotMask;
  if (number >= slots_.size()) return HandleFate::never_given;
  const Slot& slot = slots_[number];
  if (handle == slot.ended) return slot.fate;
  if (slot.given.count(handle) == 0) return HandleFate::never_given;
  const bool free = slot.last == slot.ended;
  const uint32_t last = slot.last >> abi::kHandleSlotBits;
  const uint32_t next = free ? last % kValuesOfSlot + 1 : last;
  return handle >> abi::kHandleSlotBits < next ? HandleFate::stale
                                               : HandleFate::never_given;
}

void Table::BeginGroup() {
  in_group_ = true;
  group_open_ = false;
}

void Table::EndGroup() {
  in_group_ = false;
  group_open_ = false;
}

bool Table::predictable() const {
  for (const std::set<uint32_t>& group : free_)
    if (group.size() != 1) return false;
  return true;
}

Answer Answer::Of(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  Answer answer;
  answer.values = {a, b, c, d};
  return answer;
}

Answer Answer::Parked() {
  Answer answer;
  answer.parked = true;
  return answer;
}

Answer Answer::Failed(Error why, uint64_t a, uint64_t b, uint64_t c,
                      uint64_t d) {
  Answer answer = Of(a, b, c, d);
  answer.error = why;
  return answer;
}

}  // namespace model
