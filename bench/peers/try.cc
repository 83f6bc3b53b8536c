// Makes one peer, apart and waiting as it comes, and prints how fast it is:
//   bench_try_peer NAME BYTES ROUNDS
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

int Try(const char* name, size_t bytes, int rounds) {
  Expect(rounds > 0, "at least one round");
  const PeerKind& kind = PeerNamed(name);
  const auto peer = kind.make(kApart, Waits::kDefault);
  const Times times = peer->RoundTrips(bytes, rounds);
  printf("%s, %zu bytes: round trip %ld ns, p99 %ld ns; ", name, bytes,
         Quantile(times, 0.5), Quantile(times, 0.99));
  printf("one way %.0f ns\n", peer->OneWayNs(bytes, rounds));
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  if (count != 4) {
    fprintf(stderr, "bench_try_peer NAME BYTES ROUNDS\n");
    return 2;
  }
  return bench::Try(words[1], strtoul(words[2], nullptr, 10), atoi(words[3]));
}
