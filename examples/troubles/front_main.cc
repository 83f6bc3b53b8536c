// front PORT NEXT: hands each call on to NEXT and gives back its answer.
#include "examples/troubles/desk.h"

namespace troubles {
namespace {

absl::Status Run(example::Service& service, const char* port,
                 const char* next) {
  auto calls = service.TakeReceiver(port);
  if (!calls.ok()) return calls.status();
  auto store = service.TakeSender(next);
  if (!store.ok()) return store.status();
  for (;;) {
    auto call = calls->Receive();
    if (!call.ok()) return call.status();
    const auto answer = store->Call(call->text(), {.label = call->label()});
    if (!answer.ok()) return answer.status();
    (void)call->Reply(answer->text());  // the caller may be gone
  }
}

}  // namespace
}  // namespace troubles

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return example::RunService("front", [&](example::Service& service) {
    return troubles::Run(service, argv[1], argv[2]);
  });
}
