// ZeroMQ, its C interface over ipc://. REQ and REP there and back, PUSH and
// PULL one way, one I/O thread: the sockets and the defaults that its own
// perf/local_lat and perf/local_thr measure with. The guide keeps PAIR for
// threads of one process. Addresses are abstract: nothing to remove.
#include <string.h>
#include <zmq.h>

#include "bench/common/must.h"
#include "bench/peers/kinds.h"
#include "bench/peers/link_peer.h"

namespace bench {
namespace {

void Check(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "ZeroMQ, %s: %s\n", what, zmq_strerror(zmq_errno()));
  _Exit(1);
}

class Socket {
 public:
  Socket(void* context, int type) : socket_(zmq_socket(context, type)) {
    Check(socket_ != nullptr, "a socket");
    const int linger_ms = 0;
    Check(zmq_setsockopt(socket_, ZMQ_LINGER, &linger_ms, sizeof(int)) == 0,
          "an option");
    zmq_msg_init(&received_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    zmq_msg_close(&received_);
    zmq_close(socket_);
  }

  void Bind(const std::string& address) {
    Check(zmq_bind(socket_, address.c_str()) == 0, "binding");
  }
  void Connect(const std::string& address) {
    Check(zmq_connect(socket_, address.c_str()) == 0, "connecting");
  }
  void Send(Bytes bytes) {
    Check(zmq_send(socket_, bytes.data(), bytes.size(), 0) >= 0, "sending");
  }
  Bytes Receive() {
    Check(zmq_msg_recv(&received_, socket_, 0) >= 0, "receiving");
    return {static_cast<std::byte*>(zmq_msg_data(&received_)),
            zmq_msg_size(&received_)};
  }

 private:
  void* socket_;
  zmq_msg_t received_;
};

class Context {
 public:
  Context() : context_(zmq_ctx_new()) {
    Check(context_ != nullptr, "a context");
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { zmq_ctx_term(context_); }
  void* get() { return context_; }

 private:
  void* context_;
};

class ZeroMqLink : public Link {
 public:
  ZeroMqLink(int calls, int one_way)
      : calls_(context_.get(), calls), one_way_(context_.get(), one_way) {}
  void Bind(const std::string& name) {
    calls_.Bind("ipc://@" + name + "-calls");
    one_way_.Bind("ipc://@" + name + "-one-way");
  }
  void Connect(const std::string& name) {
    calls_.Connect("ipc://@" + name + "-calls");
    one_way_.Connect("ipc://@" + name + "-one-way");
  }
  void Send(Bytes message) override { calls_.Send(message); }
  Bytes Receive() override { return calls_.Receive(); }
  void SendOneWay(Bytes message) override { one_way_.Send(message); }
  Bytes ReceiveOneWay() override { return one_way_.Receive(); }

 private:
  Context context_;
  Socket calls_;
  Socket one_way_;
};

std::unique_ptr<Peer> Make(Placement placement, Waits) {
  const std::string name = SocketName();
  return MakeLinkPeer(
      placement,
      {.server =
           [&] {
             auto link = std::make_unique<ZeroMqLink>(ZMQ_REP, ZMQ_PULL);
             link->Bind(name);
             return link;
           },
       .client =
           [&] {
             auto link = std::make_unique<ZeroMqLink>(ZMQ_REQ, ZMQ_PUSH);
             link->Connect(name);
             return link;
           }});
}

}  // namespace

const PeerKind& ZeroMqPeer() {
  static constexpr PeerKind kKind = {"zeromq", AlwaysSleeps, Make};
  return kKind;
}

}  // namespace bench
