// The part of LaneEnd that knows calls whose reply was moved to a Reply
// capability: the caller's end hears of it by events, the listener's makes it.
#include <algorithm>
#include <cstring>

#include "ipc/region.h"
#include "lane_end.h"
#include "transfer.h"

namespace ipc {

std::vector<CallSlot*>::iterator LaneEnd::FindCall(uint32_t correlation) {
  return std::find_if(calls_.begin(), calls_.end(), [&](const CallSlot* slot) {
    return slot->correlation == correlation;
  });
}

void LaneEnd::ForgetOpenCall(uint32_t correlation) {
  std::erase_if(open_calls_, [&](const OpenCall& open) {
    return open.correlation == correlation;
  });
}

void LaneEnd::Unwanted(uint16_t handle_count, uint64_t token) {
  if (handle_count > 0 && unwanted_tokens_.size() < abi::kStagedTransfersMax)
    unwanted_tokens_.push_back(token);
}

// ---- the caller's end

void LaneEnd::OnCallMoved(const ipc::Answer& event) {
  const auto correlation = static_cast<uint32_t>(event.value(0));
  const auto found = FindCall(correlation);
  if (found != calls_.end())
    (*found)->moved = true;
  else  // given up before this was known
    session_->Later(abi::Syscall::reply_cancel, handle_, correlation);
}

void LaneEnd::OnCallAnswered(const ipc::Answer& event) {
  const auto found = FindCall(static_cast<uint32_t>(event.value(0)));
  const auto handles = static_cast<uint16_t>(event.value(2) & 0xff);
  const auto error = static_cast<Error>(event.value(3));
  if (found == calls_.end()) {
    stale_.fetch_add(1, std::memory_order_relaxed);
    Unwanted(handles, event.value(1));
    return;
  }
  CallSlot* slot = *found;
  calls_.erase(found);
  slot->done = true;
  slot->error = error;
  if (error != Error::ok) return;
  slot->reply.reset(new Message::State);
  Message::State& state = *slot->reply;
  state.lane = shared_from_this();
  state.flags = abi::kRecordReply;
  state.correlation = slot->correlation;
  state.label = static_cast<uint32_t>(event.value(2) >> 32);
  state.handle_count = handles;
  state.token = event.value(1);
  state.in_region = (event.value(2) & abi::kAnsweredInRegion) != 0;
  state.CopyIn(event.payload.data(), event.payload.size());
}

Error LaneEnd::ResolveRegion(Message::State& state) {
  uint64_t bytes = 0;
  if (state.payload.size() != sizeof(bytes)) return Error::invalid_args;
  std::memcpy(&bytes, state.payload.data(), sizeof(bytes));
  auto taken = RedeemNow(*this, state.token);
  if (!taken.ok()) return ErrorOf(taken.status());
  state.handle_count = 0;
  if (taken->empty()) return Error::invalid_args;
  auto region = Region::Adopt(std::move(taken->back().capability));
  taken->pop_back();
  Message::State::Rare& rare = state.MakeRare();
  rare.redeemed = *std::move(taken);
  if (!region.ok()) return ErrorOf(region.status());
  auto mapping = region->MapRead();
  if (!mapping.ok()) return ErrorOf(mapping.status());
  // It must be sealed, so that it neither shrinks nor changes while it is read.
  if (mapping->guarantee() != Guarantee::kImmutable ||
      bytes > mapping->bytes().size())
    return Error::invalid_args;
  rare.region = *std::move(mapping);
  state.payload = Bytes(rare.region.bytes()).first(bytes);
  return Error::ok;
}

bool LaneEnd::LookForDeadlock(CallSlot& slot, uint32_t thread_slot) {
  ipc::Answer answer = session_->Call(abi::Syscall::deadlock_check, handle_,
                                      {.args = {thread_slot}});
  if (answer.error() != Error::deadlock) {
    slot.deadlock.clear();
    return false;
  }
  // The first step is this call itself, which has just moved.
  const auto others = [](const std::vector<uint8_t>& path) {
    return std::span(path).subspan(
        std::min(path.size(), sizeof(abi::DeadlockStep)));
  };
  const std::vector<uint8_t> last =
      std::exchange(slot.deadlock, answer.payload);
  if (last.empty() || !std::ranges::equal(others(last), others(slot.deadlock)))
    return true;
  std::lock_guard lock(mutex_);
  if (slot.done) return false;
  std::erase(calls_, &slot);
  slot.done = true;
  slot.error = Error::deadlock;
  Owe({abi::kRecordCancel, slot.correlation, {}});
  return false;
}

// ---- the listener's end

base::Result<Capability> LaneEnd::MoveReply(Message::State& state) {
  if (Capability moved = TakeMovedReply(state.correlation); moved.valid()) {
    state.answered = true;
    return moved;
  }
  if (IsCancelled(state.correlation))
    return cut() == Error::ok ? Error::stale_reply : cut();
  auto moved = MakeReply(
      {state.correlation, false, state.label, state.flow, state.deadline_ns});
  if (!moved.ok()) return moved;
  state.answered = true;
  std::lock_guard lock(mutex_);
  ForgetOpenCall(state.correlation);
  return moved;
}

base::Result<Capability> LaneEnd::MakeReply(const OpenCall& call) {
  const uint64_t deadline = call.deadline_ns == base::kNoDeadline
                                ? 0
                                : static_cast<uint64_t>(call.deadline_ns);
  const ipc::Answer answer =
      session_->Call(abi::Syscall::reply_create, handle_,
                     {.args = {call.correlation | uint64_t{call.label} << 32,
                               call.flow, deadline}});
  if (answer.error() != Error::ok) return answer.error();
  return Capability(session_, static_cast<Handle>(answer.value(0)));
}

Error LaneEnd::MoveOpenReplies() {
  std::vector<OpenCall> open;
  {
    std::lock_guard lock(mutex_);
    ProcessMailLocked();
    if (cut_ != Error::ok) return Error::ok;
    open = open_calls_;
  }
  for (const OpenCall& call : open) {
    auto moved = MakeReply(call);
    if (moved.error() == Error::quota_exceeded ||
        moved.error() == Error::should_wait)
      return moved.error();
    if (!moved.ok()) continue;  // its caller is gone
    std::lock_guard lock(mutex_);
    // It may have been answered meanwhile, over the lane.
    const size_t before = open_calls_.size();
    ForgetOpenCall(call.correlation);
    if (open_calls_.size() != before)
      moved_replies_.emplace_back(call.correlation, *std::move(moved));
  }
  return Error::ok;
}

void LaneEnd::KeepMovedReply(uint32_t correlation, Capability moved) {
  std::lock_guard lock(mutex_);
  moved_replies_.emplace_back(correlation, std::move(moved));
}

Capability LaneEnd::TakeMovedReply(uint32_t correlation) {
  std::lock_guard lock(mutex_);
  for (auto at = moved_replies_.begin(); at != moved_replies_.end(); ++at) {
    if (at->first != correlation) continue;
    Capability taken = std::move(at->second);
    moved_replies_.erase(at);
    return taken;
  }
  return {};
}

}  // namespace ipc
