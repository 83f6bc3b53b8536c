// Boost.Interprocess message_queue: shared memory under a mutex and conditions.
#include <unistd.h>

#include <boost/interprocess/ipc/message_queue.hpp>
#include <string>

#include "bench/light/channel_peer.h"
#include "bench/light/light_peers.h"

namespace bench {
namespace {

namespace interprocess = boost::interprocess;
using interprocess::message_queue;

constexpr size_t kBoostMessageBytes = 1024;
constexpr size_t kBoostMessages = 1024;

class BoostChannel {
 public:
  explicit BoostChannel(Waits waits) : polls_(waits == Waits::kPolling) {}

  void Send(Side side, std::span<const std::byte> payload) {
    message_queue& queue = *(side == Side::kClient ? there_ : back_);
    if (!polls_) return queue.send(payload.data(), payload.size(), 0);
    while (!queue.try_send(payload.data(), payload.size(), 0)) {
    }
  }
  void Receive(Side side, std::span<std::byte> payload) {
    message_queue& queue = *(side == Side::kClient ? back_ : there_);
    std::byte message[kBoostMessageBytes];
    message_queue::size_type got = 0;
    unsigned priority;
    if (!polls_) queue.receive(message, sizeof(message), got, priority);
    while (polls_ &&
           !queue.try_receive(message, sizeof(message), got, priority)) {
    }
    Expect(got == payload.size(), "the message's size");
    memcpy(payload.data(), message, payload.size());
  }

 private:
  static std::unique_ptr<message_queue> NewQueue(const char* way) {
    const std::string name =
        "keyport_bench_" + std::to_string(getpid()) + "_" + way;
    auto queue =
        std::make_unique<message_queue>(interprocess::create_only, name.c_str(),
                                        kBoostMessages, kBoostMessageBytes);
    message_queue::remove(name.c_str());
    return queue;
  }

  bool polls_;
  std::unique_ptr<message_queue> there_ = NewQueue("there");
  std::unique_ptr<message_queue> back_ = NewQueue("back");
};

}  // namespace

const PeerKind& BoostMqPeer() {
  static constexpr PeerKind kKind = {
      "Boost message_queue", [](Waits) { return true; },
      [](Placement placement, Waits waits) -> std::unique_ptr<Peer> {
        return std::make_unique<ChannelPeer<BoostChannel>>(
            placement, std::make_unique<BoostChannel>(waits), OneWays::kYes);
      }};
  return kKind;
}

}  // namespace bench
