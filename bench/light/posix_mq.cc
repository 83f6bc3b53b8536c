// POSIX message queues, as deep as mq_overview(7) lets everybody have them.
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <unistd.h>

#include <string>

#include "bench/light/channel_peer.h"
#include "bench/light/light_peers.h"

namespace bench {
namespace {

constexpr size_t kPosixMessageBytes = 1024;
constexpr long kPosixMessages = 10;  // msg_max by default

class Queue {
 public:
  Queue(const char* way, Waits waits) {
    const std::string name =
        "/keyport_bench_" + std::to_string(getpid()) + "_" + way;
    mq_attr attributes = {};
    attributes.mq_maxmsg = kPosixMessages;
    attributes.mq_msgsize = kPosixMessageBytes;
    const int wait = waits == Waits::kPolling ? O_NONBLOCK : 0;
    queue_ = mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | wait, 0600,
                     &attributes);
    Expect(queue_ >= 0, "mq_open");
    mq_unlink(name.c_str());
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() { mq_close(queue_); }

  void Send(std::span<const std::byte> payload) {
    while (mq_send(queue_, reinterpret_cast<const char*>(payload.data()),
                   payload.size(), 0) != 0)
      Expect(errno == EAGAIN, "mq_send");
  }
  void Receive(std::span<std::byte> payload) {
    char message[kPosixMessageBytes];
    ssize_t got;
    while ((got = mq_receive(queue_, message, sizeof(message), nullptr)) < 0)
      Expect(errno == EAGAIN, "mq_receive");
    Expect(static_cast<size_t>(got) == payload.size(), "the message's size");
    memcpy(payload.data(), message, payload.size());
  }

 private:
  mqd_t queue_;
};

class QueueChannel {
 public:
  explicit QueueChannel(Waits waits)
      : there_("there", waits), back_("back", waits) {}
  void Send(Side side, std::span<const std::byte> payload) {
    (side == Side::kClient ? there_ : back_).Send(payload);
  }
  void Receive(Side side, std::span<std::byte> payload) {
    (side == Side::kClient ? back_ : there_).Receive(payload);
  }

 private:
  Queue there_, back_;
};

}  // namespace

const PeerKind& PosixMqPeer() {
  static constexpr PeerKind kKind = {
      "POSIX mq", [](Waits) { return true; },
      [](Placement placement, Waits waits) -> std::unique_ptr<Peer> {
        return std::make_unique<ChannelPeer<QueueChannel>>(
            placement, std::make_unique<QueueChannel>(waits), OneWays::kYes);
      }};
  return kKind;
}

}  // namespace bench
