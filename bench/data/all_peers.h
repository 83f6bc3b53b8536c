// Every system that this program was built with.
#pragma once

#include <string>
#include <vector>

#include "bench/common/effort.h"
#include "bench/peers/peer.h"

namespace bench {

// A smoke test does without those that have heavy dependencies.
std::vector<const PeerKind*> PeersFor(Effort effort);
// The names of those whose package was not there.
std::vector<std::string> MissingPeerNames();

}  // namespace bench
