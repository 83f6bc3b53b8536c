// clerk PORT: answers calls. It names nobody: a call says by its badge whose
// it is, and carries the right to answer it. The same program serves a port of
// its own (direct naming) or a mailbox that it shares (indirect naming).
#include "absl/strings/str_cat.h"
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

// "12 3 456": which clerk, for whom, the number that was asked.
std::string AnswerTo(const ipc::Message& call, uint64_t clerk) {
  const auto number = NumberOf(call);
  if (!number) return "no number";
  return absl::StrCat(clerk, " ", call.badge(), " ", *number);
}

absl::Status Run(example::Service& service, const char* port) {
  auto calls = service.TakeReceiver(port);
  if (!calls.ok()) return calls.status();
  const uint64_t clerk = service.session().process_id();
  for (;;) {
    auto call = calls->Receive();
    if (!call.ok()) return call.status();
    if (!call->wants_reply()) continue;
    (void)call->Reply(AnswerTo(*call, clerk));  // the caller may be gone
  }
}

}  // namespace
}  // namespace naming

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return example::RunService("clerk", [&](example::Service& service) {
    return naming::Run(service, argv[1]);
  });
}
