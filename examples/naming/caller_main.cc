// caller PORT BADGE [COUNT]: calls that port and counts who answered. It
// cannot tell whether the port is one clerk's own or a mailbox of several, but
// by the answers. A call whose clerk died is made again.
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

struct Asked {
  uint64_t badge = 0;
  uint64_t count = 0;
};

class Caller {
 public:
  Caller(example::Service& service, ipc::Sender port, const Asked& asked)
      : service_(service), port_(std::move(port)), asked_(asked) {}

  absl::Status Run() {
    for (uint64_t number = 1; number <= asked_.count; ++number) {
      if (auto answered = Ask(number); !answered.ok()) return answered;
      if (number == (asked_.count + 1) / 2)
        Print("half of the calls are answered");
    }
    Print(absl::StrCat(asked_.count, " calls answered, by ", answers_.size(),
                       answers_.size() == 1 ? " clerk; " : " clerks; ", again_,
                       " made again"));
    return absl::OkStatus();
  }

 private:
  absl::Status Ask(uint64_t number) {
    for (;;) {
      const auto answer = port_.Call(std::to_string(number));
      if (answer.ok()) return Count(number, *answer);
      const ipc::Error error = ipc::ErrorOf(answer.status());
      if (service_.over() ||
          (error != ipc::Error::peer_closed && error != ipc::Error::dropped))
        return answer.status();
      ++again_;
    }
  }

  absl::Status Count(uint64_t number, const ipc::Message& answer) {
    const std::string text(answer.text());
    const std::vector<std::string> words = absl::StrSplit(text, ' ');
    if (words.size() != 3 || words[1] != std::to_string(asked_.badge) ||
        words[2] != std::to_string(number))
      return absl::InternalError(
          absl::StrCat("the answer to ", number, " was '", text, "'"));
    ++answers_[words[0]];
    return absl::OkStatus();
  }

  example::Service& service_;
  ipc::Sender port_;
  const Asked asked_;
  std::map<std::string, uint64_t> answers_;  // by clerk
  uint64_t again_ = 0;
};

absl::Status Run(example::Service& service, const char* port,
                 const Asked& asked) {
  auto sender = service.TakeSender(port);
  if (!sender.ok()) return sender.status();
  return Caller(service, *std::move(sender), asked).Run();
}

}  // namespace
}  // namespace naming

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto badge = naming::CountOf(argc, argv, 2, 1);
  const auto count = naming::CountOf(argc, argv, 3, 100);
  if (!badge || !count) return 2;
  return example::RunService("caller", [&](example::Service& service) {
    return naming::Run(service, argv[1], {*badge, *count});
  });
}
