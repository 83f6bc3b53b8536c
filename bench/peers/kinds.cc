#include "bench/peers/kinds.h"

#include <vector>

namespace bench {

std::span<const PeerKind* const> HeavyPeers() {
  static const std::vector<const PeerKind*> built = {
#define KEYPORT_PEER(name) &name##Peer(),
      KEYPORT_PEERS_BUILT
#undef KEYPORT_PEER
  };
  return built;
}

std::span<const char* const> MissingPeers() {
  static const std::vector<const char*> missing = {KEYPORT_PEERS_MISSING};
  return missing;
}

}  // namespace bench
