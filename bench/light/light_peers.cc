#include "bench/light/light_peers.h"

namespace bench {

std::vector<const PeerKind*> LightPeers() {
  return {
      &KeyportPeer(), &RawRingPeer(),   &RawFutexPeer(), &RawEventfdPeer(),
      &StreamPeer(),  &SeqpacketPeer(), &PipePeer(),     &PosixMqPeer(),
#ifdef KEYPORT_BENCH_BOOST
      &BoostMqPeer(),
#endif
  };
}

std::vector<std::string> MissingLightPeers() {
#ifdef KEYPORT_BENCH_BOOST
  return {};
#else
  return {"Boost message_queue"};
#endif
}

}  // namespace bench
