// iceoryx 2: client and server there and back, publisher and subscriber one
// way, a blocking queue between them so that nothing is lost. It sleeps in a
// WaitSet, or polls with take() as its own iceperf does; payloads are written
// into and read from loaned chunks, though copied there like everybody's.
#include "bench/common/must.h"
#include "bench/peers/iceoryx_processes.h"
#include "bench/peers/kinds.h"
#include "bench/peers/link_peer.h"
#include "iceoryx_posh/mepoo/chunk_header.hpp"
#include "iceoryx_posh/popo/untyped_client.hpp"
#include "iceoryx_posh/popo/untyped_publisher.hpp"
#include "iceoryx_posh/popo/untyped_server.hpp"
#include "iceoryx_posh/popo/untyped_subscriber.hpp"
#include "iceoryx_posh/popo/wait_set.hpp"

namespace bench {
namespace {

namespace popo = iox::popo;

constexpr uint32_t kAlignment = 8;

iox::capro::ServiceDescription Service(const char* what) {
  return {"keyport", "bench",
          iox::capro::IdString_t(iox::cxx::TruncateToCapacity, what)};
}
uint32_t Size(Bytes bytes) { return static_cast<uint32_t>(bytes.size()); }
Bytes Of(const void* chunk) {
  return {static_cast<const std::byte*>(chunk),
          iox::mepoo::ChunkHeader::fromUserPayload(chunk)->userPayloadSize()};
}
template <typename Loan>
void* Filled(Loan&& loan, Bytes bytes) {
  Expect(!loan.has_error(), "iceoryx has no chunk of this size");
  memcpy(loan.value(), bytes.data(), bytes.size());
  return loan.value();
}

// Takes from one endpoint, in one of iceoryx's two ways.
template <typename Endpoint>
class Taker {
 public:
  template <typename State>
  Taker(Endpoint& endpoint, State state, Waits waits)
      : endpoint_(endpoint), sleeps_(waits != Waits::kPolling) {
    if (!sleeps_) return;
    Expect(!set_.attachState(endpoint_, state).has_error(), "a WaitSet");
  }
  const void* Take() {
    while (true) {
      auto taken = endpoint_.take();
      if (!taken.has_error()) return taken.value();
      if (sleeps_) set_.wait();
    }
  }

 private:
  Endpoint& endpoint_;
  const bool sleeps_;
  popo::WaitSet<1> set_;
};

class ClientLink : public Link {
 public:
  ClientLink(const std::string& name, Waits waits)
      : registration_(name + "-client"),
        client_(Service("calls")),
        publisher_(Service("one-way"), Patient()),
        responses_(client_, popo::ClientState::HAS_RESPONSE, waits) {
    while (client_.getConnectionState() != iox::ConnectionState::CONNECTED ||
           !publisher_.hasSubscribers()) {
      sched_yield();
    }
  }
  ~ClientLink() override { Release(); }

  void Send(Bytes bytes) override {
    void* request = Filled(client_.loan(Size(bytes), kAlignment), bytes);
    Expect(!client_.send(request).has_error(), "sending a request");
  }
  Bytes Receive() override {
    Release();
    response_ = responses_.Take();
    return Of(response_);
  }
  void SendOneWay(Bytes bytes) override {
    publisher_.publish(Filled(publisher_.loan(Size(bytes), kAlignment), bytes));
  }

 private:
  static popo::PublisherOptions Patient() {
    popo::PublisherOptions options;
    options.subscriberTooSlowPolicy =
        popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
    return options;
  }
  void Release() {
    if (response_ != nullptr) client_.releaseResponse(response_);
    response_ = nullptr;
  }

  Registration registration_;
  popo::UntypedClient client_;
  popo::UntypedPublisher publisher_;
  Taker<popo::UntypedClient> responses_;
  const void* response_ = nullptr;
};

class ServerLink : public Link {
 public:
  ServerLink(const std::string& name, Waits waits)
      : registration_(name + "-server"),
        server_(Service("calls")),
        subscriber_(Service("one-way"), Blocking()),
        requests_(server_, popo::ServerState::HAS_REQUEST, waits),
        samples_(subscriber_, popo::SubscriberState::HAS_DATA, waits) {}
  ~ServerLink() override { Release(); }

  void Send(Bytes bytes) override {
    const auto* header = popo::RequestHeader::fromPayload(request_);
    void* response =
        Filled(server_.loan(header, Size(bytes), kAlignment), bytes);
    Expect(!server_.send(response).has_error(), "sending a response");
  }
  Bytes Receive() override {
    Release();
    request_ = requests_.Take();
    return Of(request_);
  }
  Bytes ReceiveOneWay() override {
    Release();
    sample_ = samples_.Take();
    return Of(sample_);
  }

 private:
  static popo::SubscriberOptions Blocking() {
    popo::SubscriberOptions options;
    options.queueFullPolicy = popo::QueueFullPolicy::BLOCK_PRODUCER;
    return options;
  }
  void Release() {
    if (request_ != nullptr) server_.releaseRequest(request_);
    if (sample_ != nullptr) subscriber_.release(sample_);
    request_ = sample_ = nullptr;
  }

  Registration registration_;
  popo::UntypedServer server_;
  popo::UntypedSubscriber subscriber_;
  Taker<popo::UntypedServer> requests_;
  Taker<popo::UntypedSubscriber> samples_;
  const void* request_ = nullptr;
  const void* sample_ = nullptr;
};

class IceoryxPair : public Peer {
 public:
  IceoryxPair(Placement placement, Waits waits, const std::string& name)
      : pair_(MakeLinkPeer(
            placement,
            {.server =
                 [&] { return std::make_unique<ServerLink>(name, waits); },
             .client =
                 [&] { return std::make_unique<ClientLink>(name, waits); }})) {}
  Times RoundTrips(size_t bytes, int rounds) override {
    return pair_->RoundTrips(bytes, rounds);
  }
  double OneWayNs(size_t bytes, int messages) override {
    return pair_->OneWayNs(bytes, messages);
  }

  Times WakeUps(int64_t idle_ns, int rounds) override {
    return pair_->WakeUps(idle_ns, rounds);
  }

 private:
  RouDi daemon_;
  std::unique_ptr<Peer> pair_;
};

std::unique_ptr<Peer> Make(Placement placement, Waits waits) {
  return std::make_unique<IceoryxPair>(placement, waits, SocketName());
}

bool CanWait(Waits) { return true; }

}  // namespace

const PeerKind& IceoryxPeer() {
  static constexpr PeerKind kKind = {"iceoryx", CanWait, Make};
  return kKind;
}

}  // namespace bench
