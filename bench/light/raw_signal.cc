// A place in shared memory for the one message on its way, and a futex or an
// eventfd to say that it is there: both sides sleep.
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/common/futex.h"
#include "bench/common/shared_memory.h"
#include "bench/light/channel_peer.h"
#include "bench/light/light_peers.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

class FutexSignal {
 public:
  void Raise() { word_->Increment(); }
  void Wait() { word_->WaitWhile(seen_++); }

 private:
  Shared<FutexWord> word_;
  uint32_t seen_ = 0;
};

class EventfdSignal {
 public:
  void Raise() {
    const uint64_t one = 1;
    Expect(write(counter_.get(), &one, sizeof(one)) == sizeof(one), "write");
  }
  void Wait() {
    uint64_t count = 0;
    Expect(read(counter_.get(), &count, sizeof(count)) == sizeof(count) &&
               count == 1,
           "the eventfd's count");
  }

 private:
  base::UniqueFd counter_{eventfd(0, EFD_CLOEXEC)};
};

template <typename Signal>
class SignalChannel {
 public:
  void Send(Side side, std::span<const std::byte> payload) {
    Way& way = side == Side::kClient ? there_ : back_;
    memcpy(way.place.get(), payload.data(), payload.size());
    way.signal.Raise();
  }
  void Receive(Side side, std::span<std::byte> payload) {
    Way& way = side == Side::kClient ? back_ : there_;
    way.signal.Wait();
    memcpy(payload.data(), way.place.get(), payload.size());
  }

 private:
  struct Way {
    Shared<std::byte> place{4096};
    Signal signal;
  };
  Way there_;
  Way back_;
};

template <typename Signal>
std::unique_ptr<Peer> Make(Placement placement, Waits) {
  using Channel = SignalChannel<Signal>;
  return std::make_unique<ChannelPeer<Channel>>(
      placement, std::make_unique<Channel>(), OneWays::kNo);
}

bool Sleeps(Waits waits) { return waits == Waits::kSleeping; }

}  // namespace

const PeerKind& RawFutexPeer() {
  static constexpr PeerKind kKind = {"raw futex", Sleeps, Make<FutexSignal>};
  return kKind;
}
const PeerKind& RawEventfdPeer() {
  static constexpr PeerKind kKind = {"raw eventfd", Sleeps,
                                     Make<EventfdSignal>};
  return kKind;
}

}  // namespace bench
