// Messages of 64 bytes one after the other, nobody waiting for an answer but
// at the end.
#include "bench/common/raw_lanes.h"
#include "bench/data/all_peers.h"
#include "bench/data/batched.h"
#include "bench/data/lanes_rig.h"
#include "bench/data/rates.h"
#include "bench/data/systems.h"

namespace bench {
namespace {

constexpr size_t kOneWayBytes = 64;

void MeasureRaw(const Pass& pass, const std::string& group, const char* name,
                int publish_every) {
  AddValuesOf(pass, {group, name}, "M/s", [&] {
    RawLanes lanes(kApart, 1, publish_every);
    return Rates(pass, [&](int messages) { return lanes.OneWayNs(messages); });
  });
}

void MeasurePlace(const Pass& pass, const Place& place) {
  const std::string group = OneWayGroup(place);
  for (const PeerKind* kind : PeersFor(pass.effort)) {
    if (!kind->can_wait(Waits::kDefault)) continue;
    AddValuesOf(pass, {group, kind->name}, "M/s", [&] {
      PinTo(place.placement.first);
      const auto peer = kind->make(place.placement, Waits::kDefault);
      return Rates(pass, [&](int messages) {
        return peer->OneWayNs(kOneWayBytes, messages);
      });
    });
  }
}

}  // namespace

void MeasureOneWay(const Pass& pass) {
  const std::string apart = OneWayGroup(kPlaces[0]);
  MeasureRaw(pass, apart, kRawEach, 1);
  MeasureRaw(pass, apart, kRawBatched, 16);
  AddValuesOf(pass, {apart, kKeyportBatched}, "M/s", [&] {
    BatchedSends sends;
    return Rates(pass, [&](int messages) { return sends.OneWayNs(messages); });
  });
  AddValuesOf(pass, {apart, kKeyportInPlace}, "M/s", [&] {
    LanesRig rig(1, Takes::kInPlace);
    return Rates(pass, [&](int messages) { return rig.OneWayNs(1, messages); });
  });
  for (const Place& place : kPlaces) MeasurePlace(pass, place);
}

}  // namespace bench
