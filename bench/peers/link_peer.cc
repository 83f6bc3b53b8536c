#include "bench/peers/link_peer.h"

#include <string.h>
#include <unistd.h>

#include <utility>

#include "bench/common/must.h"
#include "bench/peers/server_process.h"

namespace bench {
namespace {

void TellArrival(uint64_t number, Contents& contents, Link& link) {
  const Bytes message = link.Receive();
  const int64_t now = base::NowNs();
  contents.Check(number, message);
  link.Send(std::as_bytes(std::span(&now, 1)));
}

void CarryOut(const Order& order, Link& link) {
  Contents contents(order.bytes);
  for (int i = 0; i < order.messages; ++i) {
    const auto number = static_cast<uint64_t>(i);
    switch (order.kind) {
      case Order::Kind::kEcho:
        link.Send(link.Receive());
        break;
      case Order::Kind::kTakeNumbered:
        contents.Check(number, link.ReceiveOneWay());
        break;
      case Order::Kind::kTellArrivals:
        TellArrival(number, contents, link);
        break;
    }
  }
}

class LinkPeer : public Peer {
 public:
  LinkPeer(Placement placement, const LinkMakers& makers)
      : server_(placement.second, [&](Orders& orders) {
          const std::unique_ptr<Link> link = makers.server();
          orders.Done();
          while (const auto order = orders.Next()) {
            CarryOut(*order, *link);
            orders.Done();
          }
        }) {
    PinTo(placement.first);
    server_.AwaitDone();
    link_ = makers.client();
  }

  Times RoundTrips(size_t bytes, int rounds) override {
    Contents contents(bytes);
    // The first is not timed: it finds the server reading the order.
    server_.Give({Order::Kind::kEcho, bytes, rounds + 1});
    RoundTrip(contents, 0);
    Times times;
    times.reserve(static_cast<size_t>(rounds));
    for (int i = 1; i <= rounds; ++i) times.push_back(RoundTrip(contents, i));
    server_.AwaitDone();
    return times;
  }

  double OneWayNs(size_t bytes, int messages) override {
    Contents contents(bytes);
    server_.Give({Order::Kind::kTakeNumbered, bytes, messages});
    return TimeAll([&] {
             for (int i = 0; i < messages; ++i) {
               link_->SendOneWay(contents.Of(static_cast<uint64_t>(i)));
             }
             server_.AwaitDone();
           }) /
           messages;
  }

  Times WakeUps(int64_t idle_ns, int rounds) override {
    Contents contents(kArrivalBytes);
    server_.Give({Order::Kind::kTellArrivals, kArrivalBytes, rounds});
    const Times times = TimeArrivals(idle_ns, rounds, [&](uint64_t number) {
      link_->Send(contents.Of(number));
      const Bytes answer = link_->Receive();
      int64_t arrived = 0;
      Expect(answer.size() == sizeof(arrived), "the answer's size");
      memcpy(&arrived, answer.data(), sizeof(arrived));
      return arrived;
    });
    server_.AwaitDone();
    return times;
  }

 private:
  int64_t RoundTrip(Contents& contents, int round) {
    const auto number = static_cast<uint64_t>(round);
    const Bytes request = contents.Of(number);
    const int64_t start = base::NowNs();
    link_->Send(request);
    const Bytes answer = link_->Receive();
    const int64_t took = base::NowNs() - start;
    contents.Check(number, answer);
    return took;
  }

  ServerProcess server_;  // ends after the link to it
  std::unique_ptr<Link> link_;
};

}  // namespace

std::unique_ptr<Peer> MakeLinkPeer(Placement placement,
                                   const LinkMakers& makers) {
  return Warm(std::make_unique<LinkPeer>(placement, makers));
}

void StayBusy(int64_t ns) {
  const int64_t until = base::NowNs() + ns;
  while (base::NowNs() < until) {
  }
}

std::unique_ptr<Peer> Warm(std::unique_ptr<Peer> peer) {
  peer->RoundTrips(64, 100);
  return peer;
}

bool AlwaysSleeps(Waits waits) { return waits != Waits::kPolling; }

std::string SocketName() { return "keyport-bench-" + std::to_string(getpid()); }

}  // namespace bench
