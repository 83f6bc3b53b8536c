// The part of SenderCore that sends to a shareable port: to a listener that has
// room, the least busy first; where none has any, it waits for all of them at
// once (ADR 37).
//
//   look at heads -> try each lane -> arm on all -> sleep on all heads
//        ^                                             |
//        +---------- one changed, or there is news ----+
//
// What is slept on was read before the lanes were tried, so room that comes in
// between is never missed.
#include <algorithm>

#include "sender_core.h"
#include "thread_table.h"

namespace ipc {
namespace {

// With the completion ring's word, and the epoch's.
static_assert(2 * abi::kListenersMax + 2 <= base::kFutexWaitsMax);

// The bytes that are sent inline, if they are not lent.
uint64_t InlineBytes(const SenderCore::Content& content) {
  const bool is_lent = content.loan != nullptr || !content.parts.empty();
  return is_lent ? sizeof(abi::LoanRef) : content.payload.size();
}

FutexWaits WordsOf(std::span<const RoomWatch> watches, RoomNeeded needed) {
  FutexWaits words;
  for (const RoomWatch& watch : watches) {
    if (watch.half == nullptr) continue;
    words.push_back({watch.half->head_word(), watch.head});
    if (needed == RoomNeeded::kRingAndBlock)
      words.push_back({watch.half->tail_word(), watch.tail});
  }
  return words;
}

bool HaveChanged(const FutexWaits& words) {
  return std::any_of(words.begin(), words.end(), [](const auto& word) {
    return base::ValueOf(word.word) != word.value;
  });
}

}  // namespace

Error SenderCore::SendToAny(Deadline deadline, const Content& content,
                            const SendOptions& options, CallSlot* slot,
                            Picked* over, absl::Status* detail) {
  const auto& session = capability_.session();
  const uint64_t bytes = InlineBytes(content);
  bool is_full = false;  // and was counted
  while (true) {
    const uint32_t seen = session->epoch();
    Lanes lanes;
    if (const Error error = LanesInTurn(&lanes); error != Error::ok)
      return error;
    absl::InlinedVector<RoomWatch, 4> watches;
    for (const auto& lane : lanes) watches.push_back(lane->WatchRoom());
    // At the deadline one is asked for the reason, too.
    const bool is_late = deadline.ns <= base::NowNs();
    for (const auto& lane : lanes) {
      if (!lane->MayHaveRoom(bytes)) continue;
      const Error error = SendOver({lane.get(), lane}, Deadline::Immediately(),
                                   content, options, slot, over, detail);
      // Its listener has left: the others are as good.
      const bool is_gone = error == Error::peer_closed && lanes.size() > 1;
      if (!is_gone && (error != Error::should_wait || !detail->ok()))
        return error;
      *detail = absl::OkStatus();
    }
    if (session->over() != Error::ok) return session->over();
    if (is_late)
      return SendOver({lanes.front().get(), lanes.front()}, deadline, content,
                      options, slot, over, detail);
    const RoomNeeded needed = lanes.front()->NeededFor(bytes);
    const FutexWaits words = WordsOf(watches, needed);
    if (room_spinner_.Spin(
            [&] { return HaveChanged(words) || session->HasNews(); }))
      continue;
    if (!std::exchange(is_full, true)) lanes.front()->CountFull();
    for (const auto& lane : lanes) lane->ArmRoom(needed);
    {
      const ThreadSleeps sleeps(session, {.state = abi::ThreadState::sending,
                                          .lane = lanes.front()->lane_id()});
      session->Sleep(seen, words, deadline.ns);
    }
    for (const auto& lane : lanes) lane->DisarmRoom(needed);
  }
}

Error SenderCore::LanesInTurn(Lanes* lanes) {
  std::lock_guard lock(mutex_);
  if (const Error error = ConnectIfNeeded(); error != Error::ok) return error;
  absl::InlinedVector<std::pair<uint64_t, size_t>, 4> order;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const size_t at = (turn_ + i) % lanes_.size();
    if (!IsTwin(at)) order.emplace_back(lanes_[at]->Outstanding(), at);
  }
  std::stable_sort(
      order.begin(), order.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  turn_ = order.front().second + 1;
  for (const auto& [outstanding, at] : order) lanes->push_back(lanes_[at]);
  return Error::ok;
}

// A lane for each listener of a shareable port: they share the work.
bool SenderCore::WantsAnotherLane() {
  if (!shareable_) return false;
  const auto& session = *capability_.session();
  if (session.HasNews()) capability_.session()->Pump();
  // A listener that left took its lane with it; another may have come.
  for (size_t i = 0; i < lanes_.size() && lanes_.size() > 1;) {
    if (lanes_[i]->cut() == Error::ok)
      ++i;
    else
      lanes_.erase(lanes_.begin() + static_cast<ptrdiff_t>(i));
  }
  std::vector<uint64_t> receivers;
  bool twins = false;
  for (const auto& lane : lanes_) {
    lane->ProcessMail();
    if (lane->listeners() != 0) listeners_ = lane->listeners();
    const uint64_t receiver = lane->receiver_process();
    if (receiver != 0 && std::find(receivers.begin(), receivers.end(),
                                   receiver) != receivers.end()) {
      twins = true;
      continue;
    }
    receivers.push_back(receiver);
  }
  if (twins) DropIdleTwin();
  if (receivers.size() >= listeners_) return false;
  return lanes_.size() < abi::kListenersMax;
}

// After restarts two lanes may lead to one listener, who would get twice the
// work: the later one is used no more and dropped when it is idle. A lane that
// another thread has picked is not idle.
void SenderCore::DropIdleTwin() {
  for (size_t i = 1; i < lanes_.size(); ++i) {
    if (!IsTwin(i) || lanes_[i].use_count() > 1 || !lanes_[i]->IsIdle())
      continue;
    lanes_.erase(lanes_.begin() + static_cast<ptrdiff_t>(i));
    return;
  }
}

bool SenderCore::IsTwin(size_t at) const {
  const uint64_t receiver = lanes_[at]->receiver_process();
  for (size_t i = 0; i < at; ++i)
    if (receiver != 0 && lanes_[i]->receiver_process() == receiver) return true;
  return false;
}

}  // namespace ipc
