// asker PORT [COUNT] [EVERY]: calls that port, for ever or COUNT times. Each
// EVERY-th call is for a report, the others are for one entry.
#include "absl/strings/str_cat.h"
#include "examples/troubles/desk.h"

namespace troubles {
namespace {

struct Asked {
  const char* port;
  uint64_t count;  // 0: for ever
  uint64_t every;  // 0: no reports
};

absl::Status Run(example::Service& service, const Asked& asked) {
  auto port = service.TakeSender(asked.port);
  if (!port.ok()) return port.status();
  for (uint64_t number = 1; asked.count == 0 || number <= asked.count;
       ++number) {
    const bool is_report = asked.every != 0 && number % asked.every == 0;
    const auto answer = port->Call(absl::StrCat(number),
                                   {.label = is_report ? kReport : kFind});
    if (!answer.ok()) return answer.status();
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace troubles

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const troubles::Asked asked = {argv[1], troubles::CountOf(argc, argv, 2, 0),
                                 troubles::CountOf(argc, argv, 3, 0)};
  return example::RunService("asker", [&](example::Service& service) {
    return troubles::Run(service, asked);
  });
}
