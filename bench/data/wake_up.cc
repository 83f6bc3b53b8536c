// How long a message takes to reach a process that has had nothing to do for a
// while: the longer it was idle, the deeper its processor sleeps.
#include <algorithm>

#include "bench/data/all_peers.h"
#include "bench/data/systems.h"

namespace bench {
namespace {

void MeasureSystem(const Pass& pass, const PeerKind& kind, Waits waits,
                   int idle_us, const std::string& system) {
  const int fit = std::clamp(150'000 / idle_us, 50, 2'000);
  const int rounds = std::max(pass.Rounds(fit), 15);
  const Isolated<int64_t> got = Isolate<int64_t>(kSecondsMax, [&] {
    PinTo(kApart.first);
    const auto peer = kind.make(kApart, waits);
    peer->WakeUps(10'000, 10);
    return peer->WakeUps(idle_us * int64_t{1'000}, rounds);
  });
  const RowName row(WakeUpGroup(idle_us), system);
  if (!got.ok()) return Omit(pass, row, got.why);
  if (!got.values.empty()) pass.figures.AddTimes(row, got.values);
}

// The others only when there is time.
bool IsMeasured(const Pass& pass, const std::string& name) {
  return (pass.effort == Effort::kFull && pass.number < 3) ||
         name == kKeyport || name == "raw futex" || name == "AF_UNIX seqpacket";
}

}  // namespace

void MeasureWakeUp(const Pass& pass) {
  for (const int idle_us : kIdleUs) {
    for (const PeerKind* kind : PeersFor(pass.effort)) {
      const std::string name = kind->name;
      if (!IsMeasured(pass, name)) continue;
      if (kind->can_wait(Waits::kDefault))
        MeasureSystem(pass, *kind, Waits::kDefault, idle_us, name);
      if (name.starts_with("raw ") && kind->can_wait(Waits::kSleeping))
        MeasureSystem(pass, *kind, Waits::kSleeping, idle_us, name);
      if (name == kKeyport)
        MeasureSystem(pass, *kind, Waits::kSleeping, idle_us, kKeyportSleeping);
    }
  }
}

}  // namespace bench
