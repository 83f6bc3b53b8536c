// The raw ring as a peer: both sides poll.
#include "bench/common/raw_ring.h"

#include "bench/common/shared_memory.h"
#include "bench/light/channel_peer.h"
#include "bench/light/light_peers.h"

namespace bench {
namespace {

class RingChannel {
 public:
  void Send(Side side, std::span<const std::byte> payload) {
    RawWriter& writer = side == Side::kClient ? there_.writer : back_.writer;
    writer.Write(payload);
    writer.Publish();
  }
  void Receive(Side side, std::span<std::byte> payload) {
    (side == Side::kClient ? back_.reader : there_.reader).Read(payload);
  }

 private:
  struct Way {
    Shared<RawRing> ring;
    RawWriter writer{ring.get()};
    RawReader reader{ring.get()};
  };
  Way there_;
  Way back_;
};

}  // namespace

const PeerKind& RawRingPeer() {
  static constexpr PeerKind kKind = {
      "raw ring", [](Waits waits) { return waits == Waits::kPolling; },
      [](Placement placement, Waits) -> std::unique_ptr<Peer> {
        return std::make_unique<ChannelPeer<RingChannel>>(
            placement, std::make_unique<RingChannel>(), OneWays::kYes);
      }};
  return kKind;
}

}  // namespace bench
