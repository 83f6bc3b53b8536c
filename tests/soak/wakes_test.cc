// Wake-ups over one lane, where nobody else's would hide a lost one: a reader
// that sleeps for records, a sender that sleeps for room, a caller that sleeps
// for its answer, each with random moments before and after. Libipc looks again
// by itself once a second, so a lost wake-up is a wait of that long that no
// busy processor explains.
#include <gtest/gtest.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>

#include <atomic>
#include <memory>

#include "ipc/tuning.h"
#include "libipc/base/clock.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"
#include "tests/testing/world.h"

namespace soak {
namespace {

using ipc::Capability;
using ipc::Message;
using ipc::Receiver;
using ipc::Sender;
using ipc::Session;
using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

constexpr int64_t kLongNs = 800'000'000;
constexpr int64_t kAWhileNs = 400'000'000;

// How long this thread has waited for a processor, in all.
int64_t StarvedNs() {
  FILE* file = fopen("/proc/thread-self/schedstat", "re");
  if (file == nullptr) return 0;
  long long ran = 0;
  long long waited = 0;
  if (fscanf(file, "%lld %lld", &ran, &waited) != 2) waited = 0;
  fclose(file);
  return waited;
}

// Of a thread that waits again and again.
class Watch {
 public:
  void Start() {
    start_ns_ = base::NowNs();
    if (start_ns_ - looked_ns_ < 100'000'000) return;
    looked_ns_ = start_ns_;
    starved_ns_ = StarvedNs();
  }
  // The wait that just ended was long, though since `due_ns` (or its start) it
  // had nothing to wait for and this thread could have run.
  bool WasForgotten(int64_t due_ns) const {
    const int64_t now = base::NowNs();
    return now - start_ns_ > kLongNs && now - due_ns > kAWhileNs &&
           StarvedNs() - starved_ns_ < kAWhileNs / 2;
  }

 private:
  int64_t start_ns_ = 0;
  int64_t looked_ns_ = 0;
  int64_t starved_ns_ = 0;
};

// What the two sides know of each other without the lane.
struct Shared {
  std::atomic<bool> over{false};
  std::atomic<uint64_t> taken{0};
  std::atomic<int64_t> taken_ns{0};
  std::atomic<uint64_t> forgotten{0};
  std::atomic<uint64_t> waits{0};
};

std::shared_ptr<Shared> NewShared() {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return {new (memory) Shared,
          [](Shared* gone) { munmap(gone, sizeof(Shared)); }};
}

// Not a sleep: the moments between two of libipc's own steps are shorter.
void Dally(Random& random) {
  const int64_t end =
      base::NowNs() + static_cast<int64_t>(random.Below(20'000));
  while (base::NowNs() < end) {
  }
}

class WakeUps : public ::testing::Test {
 protected:
  WakeUps() { ipc::SetPollingLimit(absl::ZeroDuration()); }
  ~WakeUps() override { ipc::SetPollingLimit(absl::Microseconds(30)); }

  void Start(uint32_t ring_bytes, void (*body)(Sender&, Shared&)) {
    port_ = world_->NewPort({.ring_bytes = ring_bytes});
    const Capability right =
        Must(port_.Mint(ipc::kRightSend | ipc::kRightDuplicate, 1));
    const ipc::InitialCapability initial[] = {{"port", &right}};
    Shared& shared = *shared_;
    peer_ =
        world_->StartPeer("sender", initial, [=, &shared](Session& session) {
          ipc::SetPollingLimit(absl::ZeroDuration());
          Sender sender = Must(Sender::Create(Must(session.Take("port"))));
          body(sender, shared);
          Must(sender.Send("last", {.deadline = Soon()}));
        });
  }
  // Takes until the last; `each` is done with all others.
  template <typename Each>
  void TakeAll(Each each) {
    Receiver receiver = Must(Receiver::Create(std::move(port_)));
    const int64_t end =
        base::NowNs() + CurrentOptions().seconds * int64_t{250'000'000};
    while (true) {
      watch_.Start();
      Message message = Must(receiver.Receive(Soon()));
      if (message.text() == "last") break;
      each(message);
      shared_->taken.fetch_add(1);
      shared_->taken_ns = base::NowNs();
      if (base::NowNs() >= end) shared_->over = true;
    }
    peer_->Join();
    EXPECT_EQ(shared_->forgotten.load(), 0u);
    EXPECT_GT(shared_->waits.load(), 100u);
    printf("%lu waits\n", shared_->waits.load());
  }

  std::unique_ptr<World> world_ = World::Start();
  std::shared_ptr<Shared> shared_ = NewShared();
  Capability port_;
  std::unique_ptr<testing_kit::Peer> peer_;
  Random random_{CurrentOptions().seed};
  Watch watch_;
};

int64_t TimeIn(const Message& message) {
  int64_t ns = 0;
  std::memcpy(&ns, message.payload().data(),
              std::min(sizeof(ns), message.payload().size()));
  return ns;
}

std::string_view Now(int64_t* ns) {
  *ns = base::NowNs();
  return {reinterpret_cast<const char*>(ns), sizeof(*ns)};
}

// Some messages, close together or not, then none until all are taken.
void SendBursts(Sender& sender, Shared& shared) {
  Random random(CurrentOptions().seed + 1);
  uint64_t sent = 0;
  while (!shared.over.load()) {
    const bool dallies = random.OneIn(2);
    const uint64_t most = random.OneIn(4) ? 48 : 2;
    for (uint64_t left = random.Below(most) + 1; left > 0; --left) {
      int64_t now;
      Must(sender.Send(Now(&now), {.deadline = Soon()}));
      ++sent;
      if (dallies) Dally(random);
    }
    while (shared.taken.load() != sent) sched_yield();
    if (random.OneIn(2)) Dally(random);
    shared.waits.fetch_add(1);
  }
}

TEST_F(WakeUps, ForRecordsAreNeverLost) {
  Start(ipc::abi::kRingBytesDefault, SendBursts);
  TakeAll([&](const Message& message) {
    if (watch_.WasForgotten(TimeIn(message))) shared_->forgotten.fetch_add(1);
    if (random_.OneIn(8)) Dally(random_);
  });
}

void FillRing(Sender& sender, Shared& shared) {
  Random random(CurrentOptions().seed + 2);
  Watch watch;
  const std::string payload(900, 'x');
  while (!shared.over.load()) {
    watch.Start();
    Must(sender.Send(std::string_view(payload).substr(random.Below(900)),
                     {.deadline = Soon()}));
    // A reader that has taken all has slept since.
    if (watch.WasForgotten(shared.taken_ns.load()))
      shared.forgotten.fetch_add(1);
    shared.waits.fetch_add(1);
  }
}

TEST_F(WakeUps, ForRoomAreNeverLost) {
  Start(ipc::abi::kRingBytesMin, FillRing);
  TakeAll([&](const Message&) {
    if (random_.OneIn(4)) Dally(random_);
  });
}

void CallAndCall(Sender& sender, Shared& shared) {
  Random random(CurrentOptions().seed + 3);
  Watch watch;
  while (!shared.over.load()) {
    watch.Start();
    int64_t now;
    const Message reply = Must(sender.Call(Now(&now), {.deadline = Soon()}));
    if (watch.WasForgotten(TimeIn(reply))) shared.forgotten.fetch_add(1);
    shared.waits.fetch_add(1);
    if (random.OneIn(2)) Dally(random);
  }
}

TEST_F(WakeUps, ForAnswersAreNeverLost) {
  Start(ipc::abi::kRingBytesDefault, CallAndCall);
  TakeAll([&](Message& call) {
    if (watch_.WasForgotten(TimeIn(call))) shared_->forgotten.fetch_add(1);
    if (random_.OneIn(2)) Dally(random_);
    int64_t now;
    Must(call.Reply(Now(&now)));
  });
}

}  // namespace
}  // namespace soak
