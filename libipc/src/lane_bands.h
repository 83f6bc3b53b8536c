// LaneBands: a receiver's lanes that it looks at, by the bands of their badges.
// Higher bands come first. A band that kPassesMax messages of higher ones have
// passed comes before them, once: no flood shuts a band out.
#pragma once

#include <array>
#include <bit>

#include "active_lanes.h"

namespace ipc {

class LaneBands {
 public:
  using LanePtr = ActiveLanes::LanePtr;
  static constexpr uint32_t kPassesMax = 16;
  // Whether the search goes on.
  enum class Found { kYes, kNo };

  LaneBands() = default;
  LaneBands(const LaneBands&) = delete;
  LaneBands& operator=(const LaneBands&) = delete;

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  bool has_several() const { return (used_ & (used_ - 1)) != 0; }
  void Add(LanePtr lane) {
    const uint32_t band = lane->band();
    bands_[band].Add(std::move(lane));
    Use(used_ | 1u << band);
    ++size_;
  }
  // The lane whose turn it is in a band, which must be one of this.
  LanePtr RemoveFront(ActiveLanes& band) {
    LanePtr lane = band.Remove();
    --size_;
    if (band.empty()) Use(used_ & ~(1u << lane->band()));
    return lane;
  }
  bool Has(const LanePtr& lane) const { return bands_[lane->band()].Has(lane); }
  void Forget(const LanePtr& lane) { bands_[lane->band()].Forget(lane); }
  void Clear() {
    for (ActiveLanes& band : bands_) band.Clear();
    Use(0);
    size_ = 0;
  }

  // The band of all lanes; null if there are none, or several.
  ActiveLanes* only_band() const { return only_; }
  // Shows the bands to `look`, in the order in which they are due, until it
  // has found something.
  template <typename Look>
  void EachDue(const Look& look) {
    if (only_ != nullptr)
      look(*only_);
    else
      EachDueOfSeveral(look);
  }
  // So many messages were taken from a lane of this band.
  void Took(uint32_t band, uint32_t count = 1) {
    if (has_several()) CountPasses(band, count);
  }

  template <typename Look>
  bool AnyOf(const Look& look) const {
    for (const ActiveLanes& band : bands_)
      for (const ActiveLanes::Entry& entry : band)
        if (look(entry.lane)) return true;
    return false;
  }
  // The only one, or null.
  LanePtr Only() const { return size_ == 1 ? only_->front() : nullptr; }

 private:
  void Use(uint32_t bands) {
    used_ = bands;
    only_ = used_ != 0 && !has_several() ? &bands_[Highest(used_)] : nullptr;
  }
  static uint32_t Highest(uint32_t bits) {
    return static_cast<uint32_t>(std::bit_width(bits)) - 1;
  }

  template <typename Look>
  void EachDueOfSeveral(const Look& look) {
    uint32_t left = used_;
    for (uint32_t overdue = Overdue(); overdue != 0;) {
      const uint32_t band = Highest(overdue);
      if (look(bands_[band]) == Found::kYes) return;
      passes_[band] = 0;  // it had nothing that was passed over
      overdue &= ~(1u << band);
      left &= ~(1u << band);
    }
    for (; left != 0; left &= ~(1u << Highest(left)))
      if (look(bands_[Highest(left)]) == Found::kYes) return;
  }
  uint32_t Overdue() const {
    uint32_t bits = 0;
    for (uint32_t left = used_; left != 0; left &= left - 1) {
      const auto band = static_cast<uint32_t>(std::countr_zero(left));
      if (passes_[band] >= kPassesMax) bits |= 1u << band;
    }
    return bits;
  }
  void CountPasses(uint32_t band, uint32_t count) {
    passes_[band] = 0;
    for (uint32_t lower = 0; lower < band; ++lower) passes_[lower] += count;
  }

  std::array<ActiveLanes, abi::kBands> bands_;
  // Messages of higher bands taken since one of this was, or was looked for.
  std::array<uint32_t, abi::kBands> passes_ = {};
  uint32_t used_ = 0;            // bit by band: it has lanes
  ActiveLanes* only_ = nullptr;  // of bands_
  size_t size_ = 0;
};

}  // namespace ipc
