// producer [COUNT]: sends COUNT items to the port of each kind, faster than
// they are taken, and prints what became of them.
//
// The consumer begins when it is told to: at the first item for which there is
// no room, or, where sending never waits, after the last. So each kind shows
// what it does when full, and the figures are the same in every run.
#include <cstdio>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "examples/common/service.h"
#include "examples/producer_consumer/kinds.h"
#include "examples/producer_consumer/protocol.h"

namespace producer_consumer {
namespace {

constexpr uint64_t kCountMax = 100'000'000;
constexpr absl::Duration kReminder = absl::Seconds(1);
constexpr int kFullsToGrow = 16;  // more than it takes

struct Sent {
  uint64_t items = 0;
  uint64_t room_for = 0;  // items that went before the first that did not
  uint64_t waits = 0;
  uint64_t refused = 0;
};

void Print(absl::string_view line) {
  std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(stdout);
}

void PrintLine(const Kind& kind, const Sent& sent, const Taken& taken) {
  const bool was_full = sent.waits + sent.refused > 0;
  const uint64_t room_for = was_full ? sent.room_for : taken.items;
  const uint64_t lost = sent.refused + taken.lost;
  Print(absl::StrFormat(
      "%-11s %8d %8s  %-6s %8d %8d  %s", kind.port, sent.items,
      was_full || lost > 0 ? absl::StrCat(room_for) : "all",
      sent.waits > 0 ? "yes" : "no", lost, taken.items, kind.says));
}

class Producer {
 public:
  Producer(example::Service& service, ipc::Sender control, uint64_t count)
      : service_(service),
        control_(std::move(control)),
        count_(count),
        life_(std::random_device()()) {}

  absl::Status Run() {
    Print(absl::StrFormat("%-11s %8s %8s  %-6s %8s %8s", "kind", "sent",
                          "room for", "waited", "lost", "taken"));
    for (uint64_t i = 0; i < Kinds().size(); ++i)
      if (auto done = Produce(Kinds()[i], {i, life_}); !done.ok()) return done;
    return absl::OkStatus();
  }

 private:
  absl::Status Produce(const Kind& kind, const Which& which) {
    auto port = service_.TakeSender({kind.port.data(), kind.port.size()});
    if (!port.ok()) return port.status();
    Sent sent;
    for (uint64_t number = 1; number <= count_; ++number)
      if (auto done = SendOne(kind, *port, which, number, &sent); !done.ok())
        return done;
    if (auto begun = Tell(kBegin, which); !begun.ok()) return begun.status();
    const auto answer = Tell(kEnd, which);
    if (!answer.ok()) return answer.status();
    const auto taken = Decode<Taken>(*answer);
    if (!taken) return absl::InternalError("the consumer answered nonsense");
    PrintLine(kind, sent, *taken);
    return Check(kind, sent, *taken);
  }

  absl::Status SendOne(const Kind& kind, ipc::Sender& port, const Which& which,
                       uint64_t number, Sent* sent) {
    const Item item = {life_, number};
    absl::Status status = SendNow(port, item);
    if (kind.when_full == WhenFull::kGrows && sent->waits == 0 &&
        IsFull(status))
      status = SendGrowing(port, item);
    if (IsFull(status)) {
      if (sent->refused + sent->waits == 0) sent->room_for = sent->items;
      if (kind.when_full == WhenFull::kSendIsRefused) {
        ++sent->refused;
        return absl::OkStatus();
      }
      status = SendWaiting(port, which, item, sent->waits++ == 0);
    }
    if (status.ok()) ++sent->items;
    return status;
  }

  static bool IsFull(const absl::Status& status) {
    return ipc::ErrorOf(status) == ipc::Error::should_wait;
  }
  static absl::Status SendNow(ipc::Sender& port, const Item& item) {
    return port.Send(BytesOf(item), {.label = kItem,
                                     .deadline = ipc::Deadline::Immediately()});
  }

  // A buffer grows when it was found full a few times, while somebody waits for
  // room. Should_wait: it has grown to its limit.
  static absl::Status SendGrowing(ipc::Sender& port, const Item& item) {
    for (int i = 0; i < kFullsToGrow; ++i)
      if (absl::Status status = SendNow(port, item); !IsFull(status))
        return status;
    const absl::Status status = port.Send(
        BytesOf(item),
        {.label = kItem, .deadline = ipc::Deadline::After(kReminder)});
    return ipc::ErrorOf(status) == ipc::Error::timed_out ? SendNow(port, item)
                                                         : status;
  }

  // Tells the consumer to begin, and again when nothing moves: it may be a new
  // one, which was told nothing yet.
  absl::Status SendWaiting(ipc::Sender& port, const Which& which,
                           const Item& item, bool tell) {
    for (;; tell = true) {
      if (tell)
        if (auto begun = Tell(kBegin, which); !begun.ok())
          return begun.status();
      const absl::Status status = port.Send(
          BytesOf(item),
          {.label = kItem, .deadline = ipc::Deadline::After(kReminder)});
      if (ipc::ErrorOf(status) != ipc::Error::timed_out) return status;
    }
  }

  absl::StatusOr<ipc::Message> Tell(Label label, const Which& which) {
    for (;;) {
      auto answer = control_.Call(BytesOf(which), {.label = label});
      const ipc::Error error = ipc::ErrorOf(answer.status());
      if (error != ipc::Error::peer_closed && error != ipc::Error::dropped)
        return answer;
      if (service_.over()) return answer;
      service_.Say("the consumer died; telling the next one");
      service_.Pause();
    }
  }

  // What holds whoever died, as long as it was not the kernel process.
  static absl::Status Check(const Kind& kind, const Sent& sent,
                            const Taken& taken) {
    const uint64_t known = taken.items + taken.lost;
    if (known < sent.items)
      Print(absl::StrCat(sent.items - known,
                         " items were taken by consumers that died"));
    if (known > sent.items || taken.disorders > 0)
      return absl::InternalError("an item came twice, or out of order");
    if (taken.first == 1 && known != sent.items)
      return absl::InternalError("an item was lost that was sent");
    if (kind.when_full != WhenFull::kSendIsRefused && taken.holes > taken.lost)
      return absl::InternalError("an item is missing though none was refused");
    return absl::OkStatus();
  }

  example::Service& service_;
  ipc::Sender control_;
  const uint64_t count_;
  const uint64_t life_;
};

absl::Status Run(example::Service& service, uint64_t count) {
  auto control = service.TakeSender("control");
  if (!control.ok()) return control.status();
  return Producer(service, *std::move(control), count).Run();
}

}  // namespace
}  // namespace producer_consumer

int main(int argc, char** argv) {
  using producer_consumer::kCountMax;
  uint64_t count = 100'000;
  if (argc > 1 &&
      (!absl::SimpleAtoi(argv[1], &count) || count < 1 || count > kCountMax)) {
    std::fprintf(stderr, "producer: expected a count from 1 to %d, not '%s'\n",
                 static_cast<int>(kCountMax), argv[1]);
    return 2;
  }
  return example::RunService("producer", [&](example::Service& service) {
    return producer_consumer::Run(service, count);
  });
}
