// SliceTracks: puts the overlapping slices of one process on as many tracks
// as they need: on each, a slice follows another or lies within it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace keyport {

class SliceTracks {
 public:
  static constexpr uint32_t kTracksMax = 1'024;
  // The first track with room for the slice; nothing when there are too many.
  // Slices come by their begin; of the same begin the longest first.
  std::optional<uint32_t> Place(uint64_t begin_ns, uint64_t end_ns);

 private:
  std::vector<std::vector<uint64_t>> open_;  // ends, the innermost last
};

}  // namespace keyport
