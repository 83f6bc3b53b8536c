// Peers whose two sides send and receive messages when they like: what they
// have in common.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bench/peers/contents.h"
#include "bench/peers/peer.h"

namespace bench {

// Of messages that ask when they arrived.
inline constexpr size_t kArrivalBytes = 8;

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

// Keeps this processor awake.
void StayBusy(int64_t ns);

// How long each of `rounds` messages took until the server had it, of which it
// was idle before for `idle_ns`. `send` sends one and returns the time, of the
// same clock, at which the server had it.
template <typename Send>
Times TimeArrivals(int64_t idle_ns, int rounds, const Send& send) {
  Times times;
  times.reserve(static_cast<size_t>(rounds));
  for (int i = 0; i < rounds; ++i) {
    StayBusy(idle_ns);
    const int64_t start = base::NowNs();
    times.push_back(send(static_cast<uint64_t>(i)) - start);
  }
  return times;
}

// The first round trips are slower than all others.
std::unique_ptr<Peer> Warm(std::unique_ptr<Peer> peer);

// Of libraries whose threads always sleep when there is nothing to do.
bool AlwaysSleeps(Waits waits);

// A name for this measurement's socket.
std::string SocketName();

}  // namespace bench
