// Keyport itself: calls to a port, and messages to it.
#include <string.h>

#include <string>
#include <vector>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/light/keyport_rig.h"
#include "bench/light/light_peers.h"

namespace bench {
namespace {

using ipc::Message;

constexpr uint32_t kEcho = 1;
constexpr uint32_t kCount = 2;
constexpr uint32_t kSum = 3;
constexpr uint32_t kTell = 4;

void Serve(ipc::Receiver& receiver) {
  uint64_t counted = 0;
  while (true) {
    Message message = Must(receiver.Receive());
    switch (message.label()) {
      case kEcho:
        Must(message.Reply(message.payload()));
        break;
      case kCount:
        Expect(HasContent(message.payload(), counted), "order and content");
        ++counted;
        break;
      case kTell: {
        const int64_t now = base::NowNs();
        Must(message.Reply(std::as_bytes(std::span(&now, 1))));
        break;
      }
      case kSum:
        Must(message.Reply(std::to_string(counted)));
        counted = 0;
        break;
      default:
        if (IsQuit(message)) return;
    }
  }
}

class CallingPeer : public Peer {
 public:
  CallingPeer(Placement placement, Waits waits)
      : rig_(placement, waits, Serve) {}

  Times RoundTrips(size_t bytes, int rounds) override {
    std::vector<std::byte> request(bytes);
    return TimeEach(rounds, [&](int i) {
      FillContent(request, static_cast<uint64_t>(i));
      const Message reply = Must(rig_.sender().Call(request, {.label = kEcho}));
      Expect(reply.text() == ipc::TextOf(request), "the answer");
    });
  }

  double OneWayNs(size_t bytes, int messages) override {
    std::vector<std::byte> payload(bytes);
    return TimeAll([&] {
             for (int i = 0; i < messages; ++i) {
               FillContent(payload, static_cast<uint64_t>(i));
               Must(rig_.sender().Send(payload, {.label = kCount}));
             }
             const Message sum = Must(rig_.sender().Call("", {.label = kSum}));
             Expect(sum.text() == std::to_string(messages), "the sum");
           }) /
           messages;
  }

  Times WakeUps(int64_t idle_ns, int rounds) override {
    return TimeWakeUps(idle_ns, rounds, [&](uint64_t number) {
      std::byte message[sizeof(number)];
      FillContent(message, number);
      const Message reply = Must(rig_.sender().Call(message, {.label = kTell}));
      int64_t woken = 0;
      Expect(reply.payload().size() == sizeof(woken), "the answer");
      memcpy(&woken, reply.payload().data(), sizeof(woken));
      return woken;
    });
  }

 private:
  KeyportRig rig_;
};

}  // namespace

const PeerKind& KeyportPeer() {
  static constexpr PeerKind kKind = {
      "Keyport", [](Waits) { return true; },
      [](Placement placement, Waits waits) -> std::unique_ptr<Peer> {
        return std::make_unique<CallingPeer>(placement, waits);
      }};
  return kKind;
}

}  // namespace bench
