// A peer over a channel that carries bytes both ways: the requests, echoes and
// checks that all such peers have in common.
//
// A Channel is made before the fork and has, on both sides, the same two
// functions; `side` says whose they are.
//   void Send(Side side, std::span<const std::byte> payload);
//   void Receive(Side side, std::span<std::byte> payload);  // all of it
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "bench/peers/peer.h"

namespace bench {

enum class Side { kClient, kServer };
enum class OneWays { kYes, kNo };

template <typename Channel>
class ChannelPeer : public Peer {
 public:
  ChannelPeer(Placement placement, std::unique_ptr<Channel> channel,
              OneWays one_ways)
      : channel_(std::move(channel)),
        one_ways_(one_ways),
        server_(Fork(placement.second, [this] { Serve(); })) {
    PinTo(placement.first);
  }
  ~ChannelPeer() override {
    Give({Order::kQuit});
    Join(server_);
  }

  Times RoundTrips(size_t bytes, int rounds) override {
    Give({Order::kEcho, bytes, static_cast<uint64_t>(rounds)});
    std::vector<std::byte> request(bytes), answer(bytes);
    return TimeEach(rounds, [&](int i) {
      FillContent(request, static_cast<uint64_t>(i));
      channel_->Send(Side::kClient, request);
      channel_->Receive(Side::kClient, answer);
      Expect(answer == request, "the answer");
    });
  }

  double OneWayNs(size_t bytes, int messages) override {
    if (one_ways_ == OneWays::kNo) return -1;
    Give({Order::kCount, bytes, static_cast<uint64_t>(messages)});
    std::vector<std::byte> message(bytes);
    return TimeAll([&] {
             for (int i = 0; i < messages; ++i) {
               FillContent(message, static_cast<uint64_t>(i));
               channel_->Send(Side::kClient, message);
             }
             TakeAnswer();
           }) /
           messages;
  }

  Times WakeUps(int64_t idle_ns, int rounds) override {
    Give({Order::kTell, sizeof(int64_t), static_cast<uint64_t>(rounds)});
    return TimeWakeUps(idle_ns, rounds, [&](uint64_t number) {
      int64_t woken = 0;
      std::byte message[sizeof(number)];
      FillContent(message, number);
      channel_->Send(Side::kClient, message);
      channel_->Receive(Side::kClient,
                        std::as_writable_bytes(std::span(&woken, 1)));
      return woken;
    });
  }

 private:
  // What the server is to do next; it answers at once.
  struct Order {
    enum Kind : uint64_t { kQuit, kEcho, kCount, kTell };
    uint64_t kind = kQuit;
    uint64_t bytes = 0;
    uint64_t count = 0;
  };

  void Give(const Order& order) {
    channel_->Send(Side::kClient, std::as_bytes(std::span(&order, 1)));
    TakeAnswer();
  }
  void TakeAnswer() {
    uint64_t answer = 0;
    channel_->Receive(Side::kClient,
                      std::as_writable_bytes(std::span(&answer, 1)));
    Expect(answer == kDone, "the server's answer");
  }
  void Answer() {
    channel_->Send(Side::kServer, std::as_bytes(std::span(&kDone, 1)));
  }

  void Serve() {
    while (true) {
      Order order;
      channel_->Receive(Side::kServer,
                        std::as_writable_bytes(std::span(&order, 1)));
      Answer();
      if (order.kind == Order::kQuit) return;
      std::vector<std::byte> message(order.bytes);
      for (uint64_t i = 0; i < order.count; ++i) {
        channel_->Receive(Side::kServer, message);
        Take(order.kind, i, message);
      }
      if (order.kind == Order::kCount) Answer();
    }
  }

  void Take(uint64_t kind, uint64_t number, std::span<std::byte> message) {
    if (kind == Order::kEcho) return channel_->Send(Side::kServer, message);
    const int64_t now = base::NowNs();
    Expect(HasContent(message, number), "order and content");
    if (kind == Order::kTell)
      channel_->Send(Side::kServer, std::as_bytes(std::span(&now, 1)));
  }

  static constexpr uint64_t kDone = 0x646f6e65;
  std::unique_ptr<Channel> channel_;
  OneWays one_ways_;
  pid_t server_;
};

}  // namespace bench
