#include "bench/data/rows.h"

namespace bench {

const char* TextOf(Waits waits) {
  switch (waits) {
    case Waits::kPolling:
      return "polling";
    case Waits::kSleeping:
      return "sleeping";
    default:
      return "default";
  }
}

std::string RoundTripGroup(size_t bytes, Waits waits, const Place& place) {
  return "round trip, " + std::to_string(bytes) + " B, " + TextOf(waits) +
         ", " + place.name;
}
std::string OneWayGroup(const Place& place) {
  return std::string("one way, 64 B, ") + place.name;
}
std::string CostsSuffix(Waits waits, const Place& place) {
  return std::string(", a round trip of 64 B, ") + TextOf(waits) + ", " +
         place.name;
}

std::string FanInGroup(int senders) {
  return "one way, 64 B, from " + std::to_string(senders) + " senders";
}
std::string IdleLanesGroup() { return "one way, 64 B, one busy lane"; }
std::string IdleLanesCallGroup() { return "round trip, 64 B, one busy lane"; }
std::string LanesSystem(int idle) {
  if (idle == 0) return "Keyport, that lane alone";
  return "Keyport, " + std::to_string(idle) + " idle lanes beside";
}

std::string CopyGroup(uint64_t bytes) {
  return "copying send and answer, " + SizeText(bytes);
}
std::string HandOverGroup(uint64_t bytes) {
  return "hand-over of a block and answer, " + SizeText(bytes);
}
std::string WakeUpGroup(int idle_us) {
  return "wake-up after " + std::to_string(idle_us) + " µs";
}

std::string SizeText(uint64_t bytes) {
  if (bytes >= 1 << 30) return std::to_string(bytes >> 30) + " GiB";
  if (bytes >= 1 << 20) return std::to_string(bytes >> 20) + " MiB";
  if (bytes >= 1 << 10) return std::to_string(bytes >> 10) + " KiB";
  return std::to_string(bytes) + " B";
}

}  // namespace bench
