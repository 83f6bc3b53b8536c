// hoarder PORT: answers calls, and notes where each caller can be told of news.
//
// The planted fault: what it noted of earlier calls it never gives away again,
// though a later call of the same caller makes it useless.
#include <vector>

#include "absl/strings/str_cat.h"
#include "examples/troubles/desk.h"

namespace troubles {
namespace {

absl::Status Run(example::Service& service, const char* port) {
  auto calls = service.TakeReceiver(port);
  if (!calls.ok()) return calls.status();
  std::vector<ipc::Capability> addresses;
  for (;;) {
    auto call = calls->Receive();
    if (!call.ok()) return call.status();
    auto came = call->TakeCapabilities();
    if (!came.ok()) {
      (void)call->Reply(
          absl::StrCat("the desk is full: ", came.status().message()));
      continue;
    }
    for (ipc::ReceivedCapability& each : *came)
      addresses.push_back(std::move(each.capability));  // here it is
    (void)call->Reply("done");  // the caller may be gone
  }
}

}  // namespace
}  // namespace troubles

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return example::RunService("hoarder", [&](example::Service& service) {
    return troubles::Run(service, argv[1]);
  });
}
