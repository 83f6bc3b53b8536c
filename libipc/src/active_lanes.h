// ActiveLanes: a receiver's lanes that it looks at, in turn. Those that sleep
// on their bells are not here.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "lane_end.h"

namespace ipc {

class ActiveLanes {
 public:
  using LanePtr = std::shared_ptr<LaneEnd>;

  bool empty() const { return lanes_.empty(); }
  size_t size() const { return lanes_.size(); }
  // The one whose turn it is; there must be one.
  const LanePtr& front() const { return lanes_[turn_]; }
  void Next() {
    if (++turn_ >= lanes_.size()) turn_ = 0;
  }
  // Takes the one out whose turn it is. The last one comes in its place.
  LanePtr Remove() {
    LanePtr lane = std::exchange(lanes_[turn_], std::move(lanes_.back()));
    lanes_.pop_back();
    if (turn_ == lanes_.size()) turn_ = 0;
    return lane;
  }
  void Add(LanePtr lane) { lanes_.push_back(std::move(lane)); }
  bool Has(const LanePtr& lane) const {
    return std::find(begin(), end(), lane) != end();
  }
  void Clear() {
    lanes_.clear();
    turn_ = 0;
  }
  std::vector<LanePtr>::const_iterator begin() const { return lanes_.begin(); }
  std::vector<LanePtr>::const_iterator end() const { return lanes_.end(); }

 private:
  std::vector<LanePtr> lanes_;
  size_t turn_ = 0;  // below size(), or 0
};

}  // namespace ipc
