// What a round trip costs beside time: system calls, context switches, CPU
// time of both sides and of whatever stands between them. Counted once, in a
// run of its own, because counting slows system calls down.
#include <sys/types.h>

#include <fstream>

#include "bench/common/counters.h"
#include "bench/common/must.h"
#include "bench/data/all_peers.h"
#include "bench/data/systems.h"
#include "bench/light/keyport_rig.h"

namespace bench {
namespace {

constexpr size_t kCostBytes = 64;

// Empty where nobody may count.
std::vector<double> CostsOf(const PeerKind& kind, Waits waits,
                            const Place& place, int rounds) {
  const Counters counters;
  PinTo(place.placement.first);
  const auto peer = kind.make(place.placement, waits);
  peer->RoundTrips(kCostBytes, rounds / 10 + 10);
  const auto before = counters.Read();
  peer->RoundTrips(kCostBytes, rounds);
  const auto after = counters.Read();
  if (!before || !after) return {};
  return {(after->syscalls - before->syscalls) / rounds,
          (after->switches - before->switches) / rounds,
          (after->cpu_ns - before->cpu_ns) / rounds};
}

void MeasureSystem(const Pass& pass, const PeerKind& kind, Waits waits,
                   const Place& place) {
  const std::string where = CostsSuffix(waits, place);
  const Isolated<double> got = Isolate<double>(kSecondsMax, [&] {
    return CostsOf(kind, waits, place, pass.Rounds(1'000));
  });
  if (!got.ok()) return Omit(pass, {"costs" + where, kind.name}, got.why);
  if (got.values.empty())
    return pass.figures.Omit(
        {"system calls and switches", "this process may not count them"});
  pass.figures.Add({"system calls" + where, kind.name}, "", got.values[0]);
  pass.figures.Add({"context switches" + where, kind.name}, "", got.values[1]);
  pass.figures.Add({"CPU time" + where, kind.name}, "ns", got.values[2]);
}

// Units: nanoseconds.
double CpuOf(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/schedstat");
  double ran = 0;
  Expect(static_cast<bool>(file >> ran), "reading schedstat");
  return ran;
}

void EchoEach(ipc::Receiver& receiver) {
  while (true) {
    ipc::Message message = Must(receiver.Receive());
    if (IsQuit(message)) return;
    Must(message.Reply(message.payload()));
  }
}

// The kernel process's, while others talk and while nobody does.
std::vector<double> KernelProcessCpu(int rounds) {
  KeyportRig rig(kApart, Waits::kDefault, EchoEach);
  const auto call = [&](int) {
    Expect(Must(rig.sender().Call("12345678")).text() == "12345678", "an echo");
  };
  TimeEach(100, call);
  const double before = CpuOf(rig.kernel().pid());
  TimeEach(rounds, call);
  const double busy = CpuOf(rig.kernel().pid());
  StayBusyUntil(base::NowNs() + 200'000'000);
  const double idle = CpuOf(rig.kernel().pid());
  return {(busy - before) / rounds, (idle - busy) / 0.2 / 1e3};
}

void MeasureKernelProcess(const Pass& pass) {
  const Isolated<double> got = Isolate<double>(
      kSecondsMax, [&] { return KernelProcessCpu(pass.Rounds(40'000)); });
  if (!got.ok()) return Omit(pass, kKernelCpuBusy, got.why);
  pass.figures.Add(kKernelCpuBusy, "ns", got.values[0]);
  pass.figures.Add(kKernelCpuIdle, "µs/s", got.values[1]);
}

}  // namespace

void MeasureCosts(const Pass& pass) {
  if (pass.number > 0) return;
  for (const PeerKind* kind : PeersFor(pass.effort)) {
    if (kind->can_wait(Waits::kDefault)) {
      MeasureSystem(pass, *kind, Waits::kDefault, kPlaces[0]);
      MeasureSystem(pass, *kind, Waits::kDefault, kPlaces[1]);
    }
    if (kind->can_wait(Waits::kSleeping))
      MeasureSystem(pass, *kind, Waits::kSleeping, kPlaces[0]);
  }
  MeasureKernelProcess(pass);
}

}  // namespace bench
