#include "bench/peers/kinds.h"

#include <vector>

namespace bench {

std::span<const PeerKind* const> HeavyPeers() {
  static const std::vector<const PeerKind*> built = {
#define KEYPORT_PEER(name) &name##Peer(),
      KEYPORT_PEERS
#undef KEYPORT_PEER
  };
  return built;
}

}  // namespace bench
