#include "services/tracer/slice_tracks.h"

namespace keyport {
namespace {

bool Fits(std::vector<uint64_t>* ends, uint64_t begin_ns, uint64_t end_ns) {
  while (!ends->empty() && ends->back() <= begin_ns) ends->pop_back();
  if (!ends->empty() && ends->back() < end_ns) return false;
  ends->push_back(end_ns);
  return true;
}

}  // namespace

std::optional<uint32_t> SliceTracks::Place(uint64_t begin_ns, uint64_t end_ns) {
  for (size_t i = 0; i < open_.size(); ++i)
    if (Fits(&open_[i], begin_ns, end_ns)) return static_cast<uint32_t>(i);
  if (open_.size() >= kTracksMax) return std::nullopt;
  open_.push_back({end_ns});
  return static_cast<uint32_t>(open_.size() - 1);
}

}  // namespace keyport
