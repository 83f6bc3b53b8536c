// nng over an abstract Unix socket. Pair sockets with their defaults, messages
// handed over instead of copied (nng_sendmsg, nng_recvmsg): what its own perf
// programs measure with, including the queues of 128 messages one way.
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers/kinds.h"
#include "bench/peers/link_peer.h"

namespace bench {
namespace {

void Check(int error, const char* what) {
  if (error == 0) return;
  fprintf(stderr, "nng, %s: %s\n", what, nng_strerror(error));
  _Exit(1);
}

class NngLink : public Link {
 public:
  NngLink() {
    Check(nng_pair0_open(&socket_), "a socket");
    Check(nng_socket_set_int(socket_, NNG_OPT_SENDBUF, 128), "an option");
    Check(nng_socket_set_int(socket_, NNG_OPT_RECVBUF, 128), "an option");
    Check(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0), "an option");
  }
  ~NngLink() override {
    if (received_ != nullptr) nng_msg_free(received_);
    nng_close(socket_);
  }
  void Listen(const std::string& address) {
    Check(nng_listen(socket_, address.c_str(), nullptr, 0), "listening");
  }
  void Dial(const std::string& address) {
    Check(nng_dial(socket_, address.c_str(), nullptr, 0), "dialing");
  }

  void Send(Bytes bytes) override {
    nng_msg* message = nullptr;
    if (received_ != nullptr && bytes.data() == nng_msg_body(received_)) {
      std::swap(message, received_);  // an echo goes back as it came
    } else {
      Check(nng_msg_alloc(&message, bytes.size()), "a message");
      memcpy(nng_msg_body(message), bytes.data(), bytes.size());
    }
    Check(nng_sendmsg(socket_, message, 0), "sending");
  }
  Bytes Receive() override {
    if (received_ != nullptr) nng_msg_free(received_);
    received_ = nullptr;
    Check(nng_recvmsg(socket_, &received_, 0), "receiving");
    return {static_cast<std::byte*>(nng_msg_body(received_)),
            nng_msg_len(received_)};
  }

 private:
  nng_socket socket_;
  nng_msg* received_ = nullptr;
};

std::unique_ptr<Peer> Make(Placement placement, Waits) {
  const std::string address = "abstract://" + SocketName();
  return MakeLinkPeer(placement, {.server =
                                      [&] {
                                        auto link = std::make_unique<NngLink>();
                                        link->Listen(address);
                                        return link;
                                      },
                                  .client =
                                      [&] {
                                        auto link = std::make_unique<NngLink>();
                                        link->Dial(address);
                                        return link;
                                      }});
}

}  // namespace

const PeerKind& NngPeer() {
  static constexpr PeerKind kKind = {"nng", AlwaysSleeps, Make};
  return kKind;
}

}  // namespace bench
