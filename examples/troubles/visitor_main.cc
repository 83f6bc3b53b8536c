// visitor PORT: calls that port again and again, and each time sends a
// capability along by which it could be told of news. Ends when that is
// refused.
#include <array>

#include "absl/strings/str_cat.h"
#include "examples/troubles/desk.h"

namespace troubles {
namespace {

absl::Status Run(example::Service& service, const char* desk) {
  auto port = service.TakeSender(desk);
  if (!port.ok()) return port.status();
  auto news = service.session().CreatePort({.name = "news"});
  if (!news.ok()) return news.status();
  for (uint64_t number = 1;; ++number) {
    auto address = news->Duplicate(ipc::kRightSend | ipc::kRightTransfer);
    if (!address.ok()) return address.status();
    const auto answer =
        port->Call(absl::StrCat(number),
                   {.label = kFind, .capabilities = std::span(&*address, 1)});
    if (!answer.ok()) return answer.status();
    if (answer->text() == "done") continue;
    service.Say(absl::StrCat(
        "call ", number, ": ",
        absl::string_view(answer->text().data(), answer->text().size())));
    // So that one can look.
    while (!service.over()) service.Pause();
  }
}

}  // namespace
}  // namespace troubles

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return example::RunService("visitor", [&](example::Service& service) {
    return troubles::Run(service, argv[1]);
  });
}
