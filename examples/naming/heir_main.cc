// heir [COUNT]: is given the mailbox, with whatever is in it, and goes on
// where the owner stopped.
#include "absl/strings/str_cat.h"
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

absl::Status Run(example::Service& service, uint64_t count) {
  auto gifts = service.TakeReceiver("heir");
  if (!gifts.ok()) return gifts.status();
  auto gift = gifts->Receive();
  if (!gift.ok()) return gift.status();
  auto capabilities = gift->TakeCapabilities();
  if (!capabilities.ok()) return capabilities.status();
  const auto first = NumberOf(*gift);
  if (capabilities->size() != 1 || !first)
    return absl::InternalError("what came was no mailbox");
  auto receiver =
      ipc::Receiver::Create(std::move(capabilities->front().capability));
  if (!receiver.ok()) return receiver.status();
  for (uint64_t number = *first; number <= count; ++number) {
    const auto letter = receiver->Receive();
    if (!letter.ok()) return letter.status();
    if (NumberOf(*letter) != number)
      return absl::InternalError("a letter was lost or came twice");
  }
  Print(absl::StrCat("took ", *first, " to ", count, ", none missing"));
  return absl::OkStatus();
}

}  // namespace
}  // namespace naming

int main(int argc, char** argv) {
  return naming::RunCounting(argc, argv, "heir", naming::Run);
}
