// sd-bus without a broker: a direct connection over a socket pair, the server's
// end with sd_bus_set_server(3). Blocking sd_bus_call(3) on one side,
// sd_bus_process(3) and sd_bus_wait(3) on the other, as their pages show; it
// has no other settings for speed. One way: calls that expect no reply.
#include <sys/socket.h>

#include "bench/peers/kinds.h"
#include "bench/peers/link_peer.h"
#include "bench/peers/sd_bus_side.h"
#include "bench/peers/server_process.h"

namespace bench {
namespace {

Bus ServerBus(base::UniqueFd socket) {
  Bus bus = NewBus();
  UseSocket(bus.get(), socket.Release());
  sd_id128_t id;
  CheckBus(sd_id128_randomize(&id), "an identity");
  CheckBus(sd_bus_set_server(bus.get(), 1, id), "being a server");
  CheckBus(sd_bus_start(bus.get()), "starting");
  return bus;
}

Bus ClientBus(base::UniqueFd socket) {
  Bus bus = NewBus();
  UseSocket(bus.get(), socket.Release());
  CheckBus(sd_bus_start(bus.get()), "starting");
  return bus;
}

class DirectBus : public Peer {
 public:
  DirectBus(Placement placement, SocketEnds ends)
      : server_(placement.second, [&](Orders& orders) {
          ends.client = {};
          const Bus bus = ServerBus(std::move(ends.server));
          orders.Done();
          ServeBus(bus.get());
        }) {
    ends.server = {};
    PinTo(placement.first);
    server_.AwaitDone();
    client_ = std::make_unique<BusClient>(ClientBus(std::move(ends.client)), "",
                                          RunsAhead::kFreely);
  }

  Times RoundTrips(size_t bytes, int rounds) override {
    return client_->RoundTrips(bytes, rounds);
  }
  double OneWayNs(size_t bytes, int messages) override {
    return client_->OneWayNs(bytes, messages);
  }
  Times WakeUps(int64_t idle_ns, int rounds) override {
    return client_->WakeUps(idle_ns, rounds);
  }

 private:
  ServerProcess server_;  // ends after the connection to it
  std::unique_ptr<BusClient> client_;
};

std::unique_ptr<Peer> Make(Placement placement, Waits) {
  return Warm(
      std::make_unique<DirectBus>(placement, NewSocketEnds(SOCK_STREAM)));
}

}  // namespace

const PeerKind& SdBusPeer() {
  static constexpr PeerKind kKind = {"sd-bus", AlwaysSleeps, Make};
  return kKind;
}

}  // namespace bench
