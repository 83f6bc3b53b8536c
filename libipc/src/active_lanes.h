// ActiveLanes: a receiver's lanes of one band that it looks at, in turn. Those
// that sleep on their bells are not here.
//
// Beside each lane stands the word in which its next record will appear, so
// that passing an idle one costs no more than a look at it. Whoever takes
// records otherwise than by TryFront and TryFrontPlain says what it knows, or
// has it forgotten.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "lane_plain.h"

namespace ipc {

class ActiveLanes {
 public:
  using LanePtr = std::shared_ptr<LaneEnd>;
  struct Entry {
    LanePtr lane;
    base::RingReader::Probe probe;
    bool is_known = false;  // the probe is
  };

  bool empty() const { return lanes_.empty(); }
  size_t size() const { return lanes_.size(); }
  // The one whose turn it is; there must be one.
  const LanePtr& front() const { return lanes_[turn_].lane; }
  bool FrontLooksIdle() const {
    const Entry& entry = lanes_[turn_];
    return entry.is_known && !entry.probe.Ready() &&
           !entry.lane->mailbox()->HasMail();
  }
  // Records were taken otherwise: where the next one appears is not known.
  void ForgetFront() {
    ++takes_;
    lanes_[turn_].is_known = false;
  }
  void Forget(const LanePtr& lane) {
    for (Entry& entry : lanes_)
      if (entry.lane == lane) entry.is_known = false;
  }
  // How often was taken from the lanes here. Who takes from one of them without
  // the receiver's mutex knows by it whether others did meanwhile.
  uint64_t takes() const { return takes_; }
  // Records of the lane that was in front were taken otherwise, when takes()
  // was `since`; the next one appears at `probe`.
  void Know(const LanePtr& lane, uint64_t since,
            const base::RingReader::Probe& probe) {
    if (takes_ != since || empty() || front() != lane) return Forget(lane);
    lanes_[turn_].probe = probe;
    lanes_[turn_].is_known = true;
  }
  // Takes a message from it if that is quickly done.
  LaneEnd::Try TryFront(Message::StatePtr* message) {
    ++takes_;
    Entry& entry = lanes_[turn_];
    const LaneEnd::Try what = entry.lane->TryTake(message, &entry.probe);
    entry.is_known = what != LaneEnd::Try::kUnusual;
    return what;
  }
  // Takes a plain message from it, if one is there; it then counts as Took.
  [[gnu::always_inline]] Message::StatePtr TryFrontPlain() {
    Entry& entry = lanes_[turn_];
    if (!entry.is_known || !entry.probe.Ready()) return nullptr;
    Message::StatePtr state =
        entry.lane->TryTakePlain(entry.lane, &entry.probe);
    if (state == nullptr) return nullptr;
    ++takes_;
    Took();
    return state;
  }
  void Next() {
    taken_in_turn_ = 0;
    if (++turn_ >= lanes_.size()) turn_ = 0;
  }
  // One message was taken from the one whose turn it is.
  void Took() {
    if (++taken_in_turn_ >= kTurn) Next();
  }
  // Takes the one out whose turn it is. The last one comes in its place.
  LanePtr Remove() {
    taken_in_turn_ = 0;
    Entry entry = std::exchange(lanes_[turn_], std::move(lanes_.back()));
    lanes_.pop_back();
    if (turn_ == lanes_.size()) turn_ = 0;
    return std::move(entry.lane);
  }
  void Add(LanePtr lane) { lanes_.push_back({std::move(lane), {}, false}); }
  bool Has(const LanePtr& lane) const {
    return std::any_of(begin(), end(),
                       [&](const Entry& entry) { return entry.lane == lane; });
  }
  void Clear() {
    lanes_.clear();
    turn_ = 0;
    taken_in_turn_ = 0;
  }
  std::vector<Entry>::const_iterator begin() const { return lanes_.begin(); }
  std::vector<Entry>::const_iterator end() const { return lanes_.end(); }

 private:
  static constexpr int kTurn = 16;  // messages in a row from one busy lane

  std::vector<Entry> lanes_;
  size_t turn_ = 0;  // below size(), or 0
  uint64_t takes_ = 0;
  int taken_in_turn_ = 0;
};

}  // namespace ipc
