// Keyport, the raw mechanisms, and the peers without heavy dependencies.
#pragma once

#include <string>
#include <vector>

#include "bench/peers/peer.h"

namespace bench {

const PeerKind& KeyportPeer();
const PeerKind& RawRingPeer();
const PeerKind& RawFutexPeer();
const PeerKind& RawEventfdPeer();
const PeerKind& StreamPeer();
const PeerKind& SeqpacketPeer();
const PeerKind& PipePeer();
const PeerKind& PosixMqPeer();
const PeerKind& BoostMqPeer();

// The ones that were built, and the names of those that were not.
std::vector<const PeerKind*> LightPeers();
std::vector<std::string> MissingLightPeers();

}  // namespace bench
