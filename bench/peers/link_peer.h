// Peers whose two sides send and receive messages when they like: what they
// have in common.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bench/peers/contents.h"
#include "bench/peers/peer.h"

namespace bench {

// One side. What it returns is valid until its next call.
class Link {
 public:
  virtual ~Link() = default;
  // There and back; the client sends first, and never twice in a row.
  virtual void Send(Bytes message) = 0;
  virtual Bytes Receive() = 0;
  // From the client to the server.
  virtual void SendOneWay(Bytes message) { Send(message); }
  virtual Bytes ReceiveOneWay() { return Receive(); }
};

// Makes each side in its own process, the server's first.
struct LinkMakers {
  std::function<std::unique_ptr<Link>()> server;
  std::function<std::unique_ptr<Link>()> client;
};
std::unique_ptr<Peer> MakeLinkPeer(Placement placement,
                                   const LinkMakers& makers);

// The first round trips are slower than all others.
std::unique_ptr<Peer> Warm(std::unique_ptr<Peer> peer);

// Of libraries whose threads always sleep when there is nothing to do.
bool AlwaysSleeps(Waits waits);

// A name for this measurement's socket.
std::string SocketName();

}  // namespace bench
