// thrower [COUNT]: half of symmetric direct naming. It names the catcher, and
// the catcher names it: `mine` is a port that only the catcher can send to. It
// throws a number and waits until that number comes back.
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

// A catcher that died with the ball in its hands does not throw it back.
constexpr absl::Duration kPatience = absl::Seconds(1);

absl::Status Throw(ipc::Sender& catcher, ipc::Receiver& mine, uint64_t ball,
                   uint64_t* lost) {
  for (;;) {
    if (auto sent = catcher.Send(std::to_string(ball)); !sent.ok()) return sent;
    for (;;) {
      const auto back = mine.Receive(ipc::Deadline::After(kPatience));
      if (ipc::ErrorOf(back.status()) == ipc::Error::timed_out) break;
      if (!back.ok()) return back.status();
      if (NumberOf(*back) == ball) return absl::OkStatus();
    }
    ++*lost;
  }
}

absl::Status Run(example::Service& service, uint64_t count) {
  auto catcher = service.TakeSender("bob");
  if (!catcher.ok()) return catcher.status();
  auto mine = service.TakeReceiver("ada");
  if (!mine.ok()) return mine.status();
  uint64_t lost = 0;
  for (uint64_t ball = 1; ball <= count; ++ball) {
    if (auto thrown = Throw(*catcher, *mine, ball, &lost); !thrown.ok())
      return thrown;
    if (ball == (count + 1) / 2) Print("half of the balls came back");
  }
  Print(absl::StrCat(count, " balls came back, ", lost,
                     " had to be thrown again"));
  return absl::OkStatus();
}

}  // namespace
}  // namespace naming

int main(int argc, char** argv) {
  return naming::RunCounting(argc, argv, "ada", naming::Run);
}
