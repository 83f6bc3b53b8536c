// Cap'n Proto RPC, two parties over a socket pair. Calls carry size hints, so
// that each message is one segment; one way, `-> stream` methods under the
// library's flow control, each awaited: what capnproto.org's pages on the RPC
// in C++ and on streaming recommend. It has one loop, which sleeps in epoll.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <string.h>
#include <sys/socket.h>

#include <optional>

#include "bench/common/must.h"
#include "bench/peers/echo.capnp.h"
#include "bench/peers/kinds.h"
#include "bench/peers/link_peer.h"
#include "bench/peers/server_process.h"

namespace bench {
namespace {

using kj::LowLevelAsyncIoProvider;

// Runs `body`; what it throws ends the benchmark.
template <typename Body>
auto NoThrow(const Body& body) {
  try {
    return body();
  } catch (const kj::Exception& thrown) {
    Fail(thrown.getDescription().cStr());
  } catch (const std::exception& thrown) {
    Fail(thrown.what());
  }
}

capnp::MessageSize SizeHint(size_t bytes) { return {bytes / 8 + 16, 0}; }
Bytes Of(capnp::Data::Reader data) { return std::as_bytes(std::span(data)); }
template <typename Builder>
void SetData(Builder&& builder, Bytes bytes) {
  if (bytes.empty()) return;
  memcpy(builder.initData(static_cast<unsigned>(bytes.size())).begin(),
         bytes.data(), bytes.size());
}

class EchoServer final : public Echo::Server {
 public:
  kj::Promise<void> echo(EchoContext context) override {
    const Bytes data = Of(context.getParams().getData());
    SetData(context.initResults(SizeHint(data.size())), data);
    return kj::READY_NOW;
  }
  kj::Promise<void> start(StartContext context) override {
    contents_.emplace(context.getParams().getBytes());
    taken_ = 0;
    return kj::READY_NOW;
  }
  kj::Promise<void> put(PutContext context) override {
    contents_->Check(taken_++, Of(context.getParams().getData()));
    return kj::READY_NOW;
  }
  kj::Promise<void> arrival(ArrivalContext context) override {
    context.initResults().setAt(base::NowNs());
    contents_->Check(taken_++, Of(context.getParams().getData()));
    return kj::READY_NOW;
  }
  kj::Promise<void> taken(TakenContext context) override {
    context.initResults().setMessages(taken_);
    return kj::READY_NOW;
  }

 private:
  std::optional<Contents> contents_;
  uint64_t taken_ = 0;
};

// One side's loop and its end of the connection.
struct Side {
  Side(base::UniqueFd socket, capnp::rpc::twoparty::Side side,
       capnp::Capability::Client served)
      : stream(io.lowLevelProvider->wrapSocketFd(
            socket.Release(), LowLevelAsyncIoProvider::TAKE_OWNERSHIP)),
        rpc(*stream, kj::mv(served), side) {}

  kj::AsyncIoContext io = kj::setupAsyncIo();
  kj::Own<kj::AsyncIoStream> stream;
  capnp::TwoPartyClient rpc;
};

void Serve(base::UniqueFd socket, Orders& orders) {
  NoThrow([&] {
    Side side(std::move(socket), capnp::rpc::twoparty::Side::SERVER,
              kj::heap<EchoServer>());
    orders.Done();
    side.rpc.onDisconnect().wait(side.io.waitScope);
  });
}

class TwoParties : public Peer {
 public:
  TwoParties(Placement placement, SocketEnds ends)
      : server_(placement.second, [&](Orders& orders) {
          ends.client = {};
          Serve(std::move(ends.server), orders);
        }) {
    ends.server = {};
    PinTo(placement.first);
    server_.AwaitDone();
    NoThrow([&] {
      side_ = std::make_unique<Side>(
          std::move(ends.client), capnp::rpc::twoparty::Side::CLIENT, nullptr);
      echo_ = side_->rpc.bootstrap().castAs<Echo>();
    });
  }

  Times RoundTrips(size_t bytes, int rounds) override {
    Contents contents(bytes);
    return NoThrow([&] {
      Times times;
      for (int i = 0; i < rounds; ++i) {
        times.push_back(RoundTrip(contents, static_cast<uint64_t>(i)));
      }
      return times;
    });
  }

  double OneWayNs(size_t bytes, int messages) override {
    Contents contents(bytes);
    return NoThrow([&] {
      Start(bytes);
      return TimeAll([&] { PutAll(contents, messages); }) / messages;
    });
  }

  Times WakeUps(int64_t idle_ns, int rounds) override {
    Contents contents(kArrivalBytes);
    return NoThrow([&] {
      Start(kArrivalBytes);
      return TimeArrivals(idle_ns, rounds, [&](uint64_t number) {
        auto request = echo_->arrivalRequest(SizeHint(kArrivalBytes));
        SetData(request, contents.Of(number));
        return request.send().wait(side_->io.waitScope).getAt();
      });
    });
  }

 private:
  void Start(size_t bytes) {
    auto start = echo_->startRequest();
    start.setBytes(bytes);
    start.send().wait(side_->io.waitScope);
  }

  int64_t RoundTrip(Contents& contents, uint64_t number) {
    const Bytes wanted = contents.Of(number);
    const int64_t start = base::NowNs();
    auto request = echo_->echoRequest(SizeHint(wanted.size()));
    SetData(request, wanted);
    const auto answer = request.send().wait(side_->io.waitScope);
    const int64_t took = base::NowNs() - start;
    contents.Check(number, Of(answer.getData()));
    return took;
  }

  void PutAll(Contents& contents, int messages) {
    for (int i = 0; i < messages; ++i) {
      const Bytes content = contents.Of(static_cast<uint64_t>(i));
      auto put = echo_->putRequest(SizeHint(content.size()));
      SetData(put, content);
      put.send().wait(side_->io.waitScope);
    }
    const auto taken =
        echo_->takenRequest().send().wait(side_->io.waitScope).getMessages();
    Expect(taken == static_cast<uint64_t>(messages), "each message arrived");
  }

  ServerProcess server_;  // ends after the connection to it
  std::unique_ptr<Side> side_;
  std::optional<Echo::Client> echo_;
};

std::unique_ptr<Peer> Make(Placement placement, Waits) {
  return Warm(
      std::make_unique<TwoParties>(placement, NewSocketEnds(SOCK_STREAM)));
}

}  // namespace

const PeerKind& CapnpPeer() {
  static constexpr PeerKind kKind = {"capnp", AlwaysSleeps, Make};
  return kKind;
}

}  // namespace bench
