#include "bench/data/all_peers.h"

#include "bench/light/light_peers.h"
#ifdef KEYPORT_BENCH_HEAVY
#include "bench/peers/kinds.h"
#endif

namespace bench {

std::vector<const PeerKind*> PeersFor(Effort effort) {
  std::vector<const PeerKind*> peers = LightPeers();
#ifdef KEYPORT_BENCH_HEAVY
  if (effort != Effort::kSmoke)
    for (const PeerKind* peer : HeavyPeers()) peers.push_back(peer);
#else
  static_cast<void>(effort);
#endif
  return peers;
}

std::vector<std::string> MissingPeerNames() {
  std::vector<std::string> names = MissingLightPeers();
#ifdef KEYPORT_BENCH_HEAVY
  for (const char* name : MissingPeers()) names.push_back(name);
#endif
  return names;
}

}  // namespace bench
