// stranger PORT: tries what its capabilities do not allow, and prints what it
// is told. It may send to PORT and nothing else.
#include "absl/strings/str_cat.h"
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

void PrintRefusal(absl::string_view what, const absl::Status& status) {
  const std::string_view error = ipc::ErrorName(ipc::ErrorOf(status));
  Print(
      absl::StrCat(what, ": ", absl::string_view(error.data(), error.size())));
}

absl::Status Run(example::Service& service, const char* port) {
  PrintRefusal("send to bob, whom it was not given",
               service.TakeSender("bob").status());
  auto send_only = service.session().Take(port);
  if (!send_only.ok()) return send_only.status();
  auto copy = send_only->Duplicate();
  PrintRefusal(absl::StrCat("give ", port, " to somebody else"), copy.status());
  PrintRefusal(absl::StrCat("receive from ", port),
               ipc::Receiver::Create(*std::move(send_only)).status());
  return absl::OkStatus();
}

}  // namespace
}  // namespace naming

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return example::RunService("stranger", [&](example::Service& service) {
    return naming::Run(service, argv[1]);
  });
}
