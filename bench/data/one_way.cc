// Messages of 64 bytes one after the other, nobody waiting for an answer but
// at the end.
#include "bench/common/raw_memory.h"
#include "bench/data/all_peers.h"
#include "bench/data/systems.h"

namespace bench {
namespace {

constexpr size_t kBytes = 64;
constexpr int kSlices = 7;

int64_t SliceNs(const Pass& pass) { return pass.Rounds(20'000'000); }

// What `one_way(messages)` reaches, in slices that take about as long with each
// system. None when it says that it cannot.
// Units: million messages a second.
template <typename OneWay>
std::vector<double> Rates(const Pass& pass, const OneWay& one_way) {
  const double ns = one_way(pass.Rounds(4'000) + 16);
  if (ns < 0) return {};
  const double fit = static_cast<double>(SliceNs(pass)) / ns;
  const int messages = std::clamp(static_cast<int>(fit), 16, 4'000'000);
  return Slices(kSlices, [&] { return 1e3 / one_way(messages); });
}

void MeasureRaw(const Pass& pass, const std::string& group, const char* name,
                int publish_every) {
  AddValuesOf(pass, {group, name}, "M/s", [&] {
    return Rates(pass, [&](int messages) {
      return RingOneWay(kApart, messages, publish_every);
    });
  });
}

void MeasurePlace(const Pass& pass, const Place& place) {
  const std::string group = OneWayGroup(place);
  for (const PeerKind* kind : PeersFor(pass.effort)) {
    if (!kind->can_wait(Waits::kDefault)) continue;
    AddValuesOf(pass, {group, kind->name}, "M/s", [&] {
      PinTo(place.placement.first);
      const auto peer = kind->make(place.placement, Waits::kDefault);
      return Rates(
          pass, [&](int messages) { return peer->OneWayNs(kBytes, messages); });
    });
  }
}

}  // namespace

void MeasureOneWay(const Pass& pass) {
  const std::string apart = OneWayGroup(kPlaces[0]);
  MeasureRaw(pass, apart, kRawEach, 1);
  MeasureRaw(pass, apart, kRawBatched, 16);
  for (const Place& place : kPlaces) MeasurePlace(pass, place);
}

}  // namespace bench
