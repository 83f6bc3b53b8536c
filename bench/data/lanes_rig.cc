#include "bench/data/lanes_rig.h"

#include <string.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <string>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/data/rows.h"

namespace bench {
namespace {

constexpr size_t kRigBytes = 64;
constexpr uint32_t kCount = 1;
constexpr uint32_t kSum = 2;
constexpr uint32_t kEcho = 3;

// Messages of each badge are numbered from 0 on.
class Counts {
 public:
  void Take(uint64_t badge, ipc::Bytes payload) {
    if (badge >= counted_.size()) counted_.resize(badge + 1);
    Expect(HasContent(payload, counted_[badge]++), "order and content");
    ++sum_;
  }
  // A call. Returns false when it asks to end.
  bool Answer(ipc::Message& message) {
    if (message.label() == kSum)
      Must(message.Reply(std::to_string(sum_)));
    else if (message.label() == kEcho)
      Must(message.Reply(message.payload()));
    else
      return !IsQuit(message);
    return true;
  }

 private:
  std::vector<uint64_t> counted_;
  uint64_t sum_ = 0;
};

void ServeEach(ipc::Receiver& receiver) {
  Counts counts;
  while (true) {
    ipc::Message message = Must(receiver.Receive());
    if (message.label() == kCount)
      counts.Take(message.badge(), message.payload());
    else if (!counts.Answer(message))
      return;
  }
}

// What is counted is copied out first: its bytes may change where they lie.
void ServeInPlace(ipc::Receiver& receiver) {
  Counts counts;
  bool over = false;
  const auto look = [&](const ipc::MessageInPlace& one) {
    if (one.label != kCount) {
      over = !counts.Answer(*one.message);
      return;
    }
    std::array<std::byte, kRigBytes> copy;
    Expect(one.payload.size() == copy.size(), "the size");
    memcpy(copy.data(), one.payload.data(), copy.size());
    counts.Take(one.badge, copy);
  };
  while (!over) Must(receiver.ReceiveInPlace(look));
}

}  // namespace

LanesRig::LanesRig(int lanes, Takes takes)
    : rig_(kApart, Waits::kDefault,
           takes == Takes::kInPlace ? ServeInPlace : ServeEach),
      sent_(static_cast<size_t>(lanes)) {
  for (int i = 0; i < lanes; ++i) {
    senders_.push_back(Must(ipc::Sender::Create(
        rig_.server().NewSend(static_cast<uint64_t>(i) + 2))));
    Expect(
        Must(senders_.back().Call("join", {.label = kEcho})).text() == "join",
        "the answer");
  }
}

int MostIdleLanes() {
  constexpr rlim_t kOthers = 1'500;
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit raised = {2 * 10'000 + kOthers, 2 * 10'000 + kOthers};
  if (limit.rlim_max < raised.rlim_max &&
      setrlimit(RLIMIT_NOFILE, &raised) == 0)
    limit = raised;
  const rlim_t fit = (limit.rlim_max - std::min(limit.rlim_max, kOthers)) / 2;
  return static_cast<int>(std::min<rlim_t>(fit, 10'000) / 1'000 * 1'000);
}

double LanesRig::OneWayNs(int senders, int messages) {
  const auto count = static_cast<size_t>(senders);
  std::byte payload[kRigBytes];
  uint64_t all = 0;
  const double took = TimeAll([&] {
    for (size_t i = 0; i < static_cast<size_t>(messages); ++i) {
      const size_t at = i % count;
      FillContent(payload, sent_[at]++);
      Must(senders_[at].Send(payload, {.label = kCount}));
    }
    for (const uint64_t sent : sent_) all += sent;
    // It may be taken before what other lanes still hold.
    while (Must(senders_[0].Call("", {.label = kSum})).text() !=
           std::to_string(all)) {
    }
  });
  return took / messages;
}

Times LanesRig::RoundTrips(int rounds) {
  std::vector<std::byte> request(kRigBytes);
  return TimeEach(rounds, [&](int i) {
    FillContent(request, static_cast<uint64_t>(i));
    const auto reply = Must(senders_[0].Call(request, {.label = kEcho}));
    Expect(reply.text() == ipc::TextOf(request), "the answer");
  });
}

}  // namespace bench
