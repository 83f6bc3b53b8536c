// PastTimes: what lanes of a port that are gone have counted of times. Most
// buckets are empty, so only the others are kept.
#pragma once

#include <cstdint>
#include <vector>

#include "kernel/object/object.h"
#include "libipc/abi/times.h"

namespace kernel {

class Lane;
enum class LaneEnd : uint8_t;

class PastTimes {
 public:
  // Changes with each Add that adds anything: who reads a port in parts sees
  // that a lane has moved here from among those that are there.
  uint64_t version() const { return version_; }
  void Add(const abi::LaneTimes& times);
  void AddTo(abi::LaneTimes* sum) const;

 private:
  // A word of LaneTimes, of which there are kLaneTimeWords.
  struct Cell {
    uint32_t word;
    uint64_t value;
  };
  std::vector<Cell> cells_;  // of words that are not 0, in their order
  uint64_t version_ = 0;
};

// What an end has counted, of words that it may falsify: at most one message
// for each nanosecond that it is there.
abi::LaneTimes ReadTimes(const Lane& lane, LaneEnd which, int64_t now_ns);

}  // namespace kernel
