#include "bench/data/all_peers.h"

#include "bench/light/light_peers.h"
#include "bench/peers/kinds.h"

namespace bench {

std::vector<const PeerKind*> PeersFor(Effort effort) {
  std::vector<const PeerKind*> peers = LightPeers();
  if (effort != Effort::kSmoke)
    for (const PeerKind* peer : HeavyPeers()) peers.push_back(peer);
  return peers;
}

std::vector<std::string> MissingPeerNames() {
  std::vector<std::string> names = MissingLightPeers();
  for (const char* name : MissingPeers()) names.push_back(name);
  return names;
}

}  // namespace bench
