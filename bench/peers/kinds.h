// The peers with heavy dependencies, each built where its package is found.
#pragma once

#include <span>

#include "bench/peers/peer.h"

namespace bench {

const PeerKind& ZeroMqPeer();
const PeerKind& CapnpPeer();
const PeerKind& SdBusPeer();
const PeerKind& NngPeer();
const PeerKind& GrpcPeer();
const PeerKind& IceoryxPeer();
const PeerKind& DbusBrokerPeer();

// The ones that were built.
std::span<const PeerKind* const> HeavyPeers();
// The names of the ones whose packages were not found.
std::span<const char* const> MissingPeers();

}  // namespace bench
