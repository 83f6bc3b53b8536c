// catcher: the other half. Throws back to the thrower what it catches, by a
// port of the thrower's: it must name it, because what it catches is no call.
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

absl::Status Run(example::Service& service) {
  auto mine = service.TakeReceiver("bob");
  if (!mine.ok()) return mine.status();
  auto thrower = service.TakeSender("ada");
  if (!thrower.ok()) return thrower.status();
  for (;;) {
    const auto ball = mine->Receive();
    if (!ball.ok()) return ball.status();
    if (auto sent = thrower->Send(ball->payload()); !sent.ok()) return sent;
  }
}

}  // namespace
}  // namespace naming

int main() { return example::RunService("bob", naming::Run); }
