// Order, loss and repetition over lanes in a storm (storm.h): senders of one
// and of two threads, with small and large queues, send and call with and
// without deadlines; every message is taken once, in order for each sender,
// and no wait outlasts its deadline by much.
#include "tests/soak/storm.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "libipc/base/clock.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"
#include "tests/soak/streams.h"
#include "tests/testing/world.h"

namespace soak {
namespace {

using ipc::Capability;
using ipc::Deadline;
using ipc::Error;
using ipc::Message;
using ipc::Receiver;
using ipc::Sender;
using ipc::Session;
using testing_kit::Flavour;
using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

// Only a hang, or somebody who is not woken, is as late as this.
constexpr int64_t kLateNs = 5'000'000'000;
constexpr uint32_t kStreamsOfAPort = 3;
constexpr uint64_t kShortMicroseconds = 3000;

Deadline InAMoment(Random& random) {
  return Deadline::After(absl::Microseconds(random.Below(kShortMicroseconds)));
}

// One thread that sends.
class Stream {
 public:
  Stream(Storm& storm, Sender& sender, uint64_t number, uint32_t largest)
      : storm_(storm),
        sender_(sender),
        stream_(number),
        largest_(largest),
        random_(CurrentOptions().seed * 1000 + number) {}

  void Run() {
    storm_.Join();
    while (!storm_.over()) SendOne();
    Send(kCertain | kLast, Soon());
  }

 private:
  void SendOne() {
    switch (random_.Below(8)) {
      case 0:
        return Call(0, InAMoment(random_));
      case 1:
        return Call(kCertain, Soon());
      case 2:
        if (random_.OneIn(8)) return Call(kCertain | kDropMe, Soon());
        return Send(kCertain, Deadline::Immediately());
      case 3:
      case 4:
        return Send(kCertain, InAMoment(random_));
      default:
        return Send(kCertain, Soon());
    }
  }
  void Send(uint64_t flags, Deadline deadline) {
    const Envelope envelope = Next(flags);
    const absl::Status status =
        sender_.Send(Compose(envelope, Size()), {.deadline = deadline});
    const Error error = ipc::ErrorOf(status);
    if (error == Error::timed_out) storm_.SawDeadline(deadline.ns);
    if (error == Error::ok)
      Count(envelope);
    else if (error != Error::should_wait && error != Error::timed_out)
      Must(status);
  }
  void Call(uint64_t flags, Deadline deadline) {
    const Envelope envelope = Next(flags);
    auto reply =
        sender_.Call(Compose(envelope, Size()), {.deadline = deadline});
    const Error error = ipc::ErrorOf(reply.status());
    if (error == Error::timed_out && (flags & kCertain) == 0)
      return storm_.SawDeadline(deadline.ns);
    if ((flags & kDropMe) != 0) {
      EXPECT_EQ(error, Error::dropped) << reply.status();
    } else {
      const auto answer = Parse(Must(std::move(reply)).payload());
      ASSERT_TRUE(answer.has_value()) << "a damaged answer";
      EXPECT_EQ(answer->stream, stream_);
      EXPECT_EQ(answer->number, envelope.number);
    }
    if ((flags & kCertain) != 0) Count(envelope);
  }
  Envelope Next(uint64_t flags) {
    return {stream_, ++number_, last_certain_, flags};
  }
  void Count(const Envelope& envelope) {
    last_certain_ = envelope.number;
    storm_.counts().sent.fetch_add(1);
    storm_.counts().sent_sum.fetch_add(envelope.number);
  }
  // Mostly small; now and then too large to go inline.
  size_t Size() {
    const uint64_t most = random_.OneIn(128)  ? 4 * largest_
                          : random_.OneIn(16) ? largest_
                                              : 200;
    return sizeof(Envelope) + random_.Below(most);
  }

  Storm& storm_;
  Sender& sender_;
  const uint64_t stream_;
  const uint32_t largest_;
  Random random_;
  uint64_t number_ = 0;
  uint64_t last_certain_ = 0;
};

// One thread that receives and answers.
class Server {
 public:
  Server(Storm& storm, Receiver& receiver, std::atomic<uint32_t>& streams_over,
         Taken::Share share, uint64_t number)
      : storm_(storm),
        receiver_(receiver),
        streams_over_(streams_over),
        share_(share),
        random_(CurrentOptions().seed * 1000 + 100 + number) {}

  void Run() {
    storm_.Join();
    while (streams_over_.load() < kStreamsOfAPort) ReceiveOne();
    receiver_.Close();
  }

 private:
  void ReceiveOne() {
    const Deadline deadline = NextDeadline();
    auto message = receiver_.Receive(deadline);
    const Error error = ipc::ErrorOf(message.status());
    if (error == Error::ok) {
      Take(*std::move(message));
    } else if (error == Error::timed_out) {
      EXPECT_GE(base::NowNs(), deadline.ns);
      storm_.SawDeadline(deadline.ns);
    } else if (error != Error::should_wait &&
               streams_over_.load() < kStreamsOfAPort) {
      Must(message.status());
    }
    if (!calls_.empty() && (error != Error::ok || random_.OneIn(2)))
      AnswerOne();
  }
  Deadline NextDeadline() {
    if (random_.OneIn(4)) return Deadline::Immediately();
    // Who waits for an answer waits for this.
    if (!calls_.empty() || random_.OneIn(2)) return InAMoment(random_);
    return Deadline::After(absl::Milliseconds(500));
  }
  void Take(Message message) {
    const auto envelope = Parse(message.payload());
    ASSERT_TRUE(envelope.has_value()) << "a damaged message";
    const std::string wrong = taken_.Add(*envelope, share_);
    EXPECT_EQ(wrong, "");
    if ((envelope->flags & kCertain) != 0) {
      storm_.counts().taken.fetch_add(1);
      storm_.counts().taken_sum.fetch_add(envelope->number);
    }
    if ((envelope->flags & kLast) != 0) streams_over_.fetch_add(1);
    if (message.wants_reply() && (envelope->flags & kDropMe) == 0)
      calls_.push_back(std::move(message));
  }
  void AnswerOne() {
    std::swap(calls_[random_.Below(calls_.size())], calls_.back());
    Message call = std::move(calls_.back());
    calls_.pop_back();
    const Envelope envelope = *Parse(call.payload());
    const absl::Status status = call.Reply(
        ipc::BytesOf(Compose(envelope, sizeof(Envelope) + random_.Below(300))),
        {}, Soon());
    if ((envelope.flags & kCertain) != 0) {
      Must(status);
    } else if (!status.ok()) {
      // Its caller gave up and may have ended since, as may this receiver.
      const Error error = ipc::ErrorOf(status);
      EXPECT_TRUE(error == Error::stale_reply || error == Error::peer_closed ||
                  error == Error::canceled)
          << status;
    }
  }

  Storm& storm_;
  Receiver& receiver_;
  std::atomic<uint32_t>& streams_over_;
  const Taken::Share share_;
  Random random_;
  Taken taken_;
  std::vector<Message> calls_;
};

template <typename Body>
void OnThreads(uint64_t count, Body body) {
  std::vector<std::thread> threads;
  for (uint64_t i = 1; i < count; ++i) threads.emplace_back([=] { body(i); });
  body(0);
  for (auto& thread : threads) thread.join();
}

class InAStorm : public ::testing::TestWithParam<uint64_t> {
 protected:
  // A port, one process that receives and two that send.
  void StartPort(const ipc::PortOptions& options, uint64_t receivers) {
    const uint64_t first = ports_.size() * kStreamsOfAPort;
    const uint32_t ring_bytes = options.ring_bytes;
    ports_.push_back(world_->NewPort(options));
    Capability send = Must(
        ports_.back().Mint(ipc::kRightSend | ipc::kRightDuplicate, first + 1));
    const ipc::InitialCapability to_send[] = {{"port", &send}};
    const ipc::InitialCapability to_receive[] = {{"port", &ports_.back()}};
    Storm& storm = *storm_;
    peers_.push_back(world_->StartPeer(
        "receiver", to_receive, [=, &storm](Session& session) {
          Receiver receiver =
              Must(Receiver::Create(Must(session.Take("port"))));
          std::atomic<uint32_t> streams_over{0};
          const auto share =
              receivers == 1 ? Taken::Share::kAll : Taken::Share::kSome;
          OnThreads(receivers, [&](uint64_t i) {
            Server(storm, receiver, streams_over, share, first + i).Run();
          });
        }));
    for (const uint64_t threads : {1, 2})
      peers_.push_back(
          world_->StartPeer("sender", to_send, [=, &storm](Session& session) {
            Sender sender = Must(Sender::Create(Must(session.Take("port"))));
            OnThreads(threads, [&](uint64_t i) {
              Stream(storm, sender, first + threads + i, ring_bytes / 4 - 64)
                  .Run();
            });
          }));
  }

  std::unique_ptr<World> world_ = World::Start();
  std::shared_ptr<Storm> storm_ = Storm::Create();
  std::vector<Capability> ports_;
  std::vector<std::unique_ptr<testing_kit::Peer>> peers_;
};

// A parameter: how many threads of a process receive.
TEST_P(InAStorm, EveryMessageIsTakenOnceInOrder) {
  StartPort({.ring_bytes = ipc::abi::kRingBytesMin,
             .ring_bytes_max = 16 * ipc::abi::kRingBytesMin},
            GetParam());
  StartPort({.ring_bytes = ipc::abi::kRingBytesDefault}, GetParam());
  Random random(CurrentOptions().seed);
  storm_->Rage(
      random, base::NowNs() + CurrentOptions().seconds * int64_t{500'000'000},
      testing_kit::CurrentFlavour() == Flavour::kProcesses ? Storm::Stops::kYes
                                                           : Storm::Stops::kNo);
  storm_->End();
  peers_.clear();
  const Storm::Counts& counts = storm_->counts();
  EXPECT_GT(counts.sent.load(), 100u);
  EXPECT_EQ(counts.taken.load(), counts.sent.load());
  EXPECT_EQ(counts.taken_sum.load(), counts.sent_sum.load());
  EXPECT_LT(counts.latest_ns.load(), kLateNs);
  printf(
      "%lu messages, %lu signals, %lu waits to the deadline, the latest "
      "%.1f ms late\n",
      counts.taken.load(), counts.signals.load(), counts.late.load(),
      static_cast<double>(counts.latest_ns.load()) / 1e6);
}

INSTANTIATE_TEST_SUITE_P(Receivers, InAStorm, ::testing::Values(1, 2));

}  // namespace
}  // namespace soak
