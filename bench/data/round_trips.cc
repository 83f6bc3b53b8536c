// A request and its answer, by every system, in every placement.
#include <algorithm>
#include <string_view>

#include "bench/common/raw_line.h"
#include "bench/data/all_peers.h"
#include "bench/data/systems.h"

namespace bench {
namespace {

// As many as fit into the time that a system gets, so that slow ones and a busy
// machine do not make the run longer.
Times RoundTripsOf(const PeerKind& kind, size_t bytes, Waits waits,
                   const Place& place, int most) {
  PinTo(place.placement.first);
  const std::unique_ptr<Peer> peer = kind.make(place.placement, waits);
  const int trial = most / 50 + 10;
  const double budget_ns = most * 15e3;
  const double one_ns =
      TimeAll([&] { peer->RoundTrips(bytes, trial); }) / trial;
  return peer->RoundTrips(
      bytes, std::clamp(static_cast<int>(budget_ns / one_ns), trial, most));
}

// Keyport beside the limits, or beside everybody.
enum class Who { kLimits, kAll };

bool IsMeasured(const PeerKind& kind, Waits waits, Who who, Effort effort) {
  if (!kind.can_wait(waits)) return false;
  if (who == Who::kLimits ||
      (effort == Effort::kSmoke && waits != Waits::kDefault))
    return kind.name == std::string_view(kKeyport) ||
           std::string_view(kind.name).starts_with("raw ");
  return true;
}

void MeasureGroup(const Pass& pass, size_t bytes, Waits waits,
                  const Place& place, Who who) {
  const std::string group = RoundTripGroup(bytes, waits, place);
  for (const PeerKind* kind : PeersFor(pass.effort)) {
    if (!IsMeasured(*kind, waits, who, pass.effort)) continue;
    AddTimesOf(pass, {group, kind->name}, [&] {
      return RoundTripsOf(*kind, bytes, waits, place, pass.Rounds(16'000));
    });
  }
}

void MeasureLine(const Pass& pass, const Place& place) {
  AddTimesOf(
      pass, {RoundTripGroup(8, Waits::kPolling, place), kLineSystem},
      [&] { return LineRoundTrips(place.placement, pass.Rounds(16'000)); });
}

}  // namespace

// Nobody polls where both sides share a processor; most sleep by default.
void MeasureRoundTrips(const Pass& pass) {
  const auto measure = [&](size_t bytes, Waits waits, const Place& place,
                           Who who) {
    MeasureGroup(pass, bytes, waits, place, who);
  };
  MeasureLine(pass, kApartPlace);
  for (const size_t bytes : {8, 32, 64, 1024}) {
    const Who who = bytes < 64 ? Who::kLimits : Who::kAll;
    measure(bytes, Waits::kPolling, kApartPlace, who);
    measure(bytes, Waits::kDefault, kApartPlace, who);
  }
  measure(64, Waits::kPolling, kPlaces[2], Who::kLimits);
  measure(64, Waits::kDefault, kPlaces[1], Who::kAll);
  measure(64, Waits::kDefault, kPlaces[2], Who::kAll);
  for (const Place& place : kPlaces)
    measure(64, Waits::kSleeping, place, Who::kLimits);
}

}  // namespace bench
