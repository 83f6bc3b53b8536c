// Makes one peer, apart, and prints how fast it is:
//   bench_try_peer NAME BYTES ROUNDS [polling|sleeping]
// It waits as it comes if nothing is said.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <string_view>

#include "bench/common/must.h"
#include "bench/peers/kinds.h"

namespace bench {
namespace {

const PeerKind& PeerNamed(std::string_view name) {
  for (const PeerKind* kind : HeavyPeers()) {
    if (kind->name == name) return *kind;
  }
  fprintf(stderr, "no peer is called so; these were built:");
  for (const PeerKind* kind : HeavyPeers()) fprintf(stderr, " %s", kind->name);
  fprintf(stderr, "\n");
  exit(1);
}

int64_t Quantile(Times times, double part) {
  std::sort(times.begin(), times.end());
  return times[static_cast<size_t>(part * static_cast<double>(times.size()))];
}

Waits WaitsNamed(std::string_view name) {
  if (name == "polling") return Waits::kPolling;
  if (name == "sleeping") return Waits::kSleeping;
  return Waits::kDefault;
}

int Try(const char* name, size_t bytes, int rounds, Waits waits) {
  Expect(rounds > 0, "at least one round");
  const PeerKind& kind = PeerNamed(name);
  Expect(kind.can_wait(waits), "this peer cannot wait so");
  const auto peer = kind.make(kApart, waits);
  const Times times = peer->RoundTrips(bytes, rounds);
  printf("%s, %zu bytes: round trip %ld ns, p99 %ld ns; ", name, bytes,
         Quantile(times, 0.5), Quantile(times, 0.99));
  printf("one way %.0f ns; ", peer->OneWayNs(bytes, rounds));
  constexpr int64_t kIdleNs = 1'000'000;
  printf("wake-up after 1 ms %ld ns\n",
         Quantile(peer->WakeUps(kIdleNs, 100), 0.5));
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  if (count != 4 && count != 5) {
    fprintf(stderr, "bench_try_peer NAME BYTES ROUNDS [polling|sleeping]\n");
    return 2;
  }
  return bench::Try(words[1], strtoul(words[2], nullptr, 10), atoi(words[3]),
                    bench::WaitsNamed(count == 5 ? words[4] : ""));
}
