// writer [COUNT]: asks the owner for the mailbox's address and writes COUNT
// letters to it. Who reads them it does not know, nor that it changes.
#include "absl/strings/str_cat.h"
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

absl::Status Run(example::Service& service, uint64_t count) {
  auto owner = service.TakeSender("owner");
  if (!owner.ok()) return owner.status();
  auto answer = owner->Call("where is the mailbox?");
  if (!answer.ok()) return answer.status();
  auto capabilities = answer->TakeCapabilities();
  if (!capabilities.ok()) return capabilities.status();
  if (capabilities->size() != 1)
    return absl::InternalError("the answer was no address");
  auto mailbox =
      ipc::Sender::Create(std::move(capabilities->front().capability));
  if (!mailbox.ok()) return mailbox.status();
  for (uint64_t number = 1; number <= count; ++number)
    if (auto sent = mailbox->Send(std::to_string(number)); !sent.ok())
      return sent;
  Print(absl::StrCat("wrote ", count, " letters to one address"));
  return absl::OkStatus();
}

}  // namespace
}  // namespace naming

int main(int argc, char** argv) {
  return naming::RunCounting(argc, argv, "writer", naming::Run);
}
