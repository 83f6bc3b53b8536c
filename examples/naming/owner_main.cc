// owner [COUNT]: makes a mailbox, gives the writer the right to send to it,
// takes half of the COUNT messages, and then gives the mailbox itself to the
// heir and ends.
#include "absl/strings/str_cat.h"
#include "examples/common/service.h"
#include "examples/naming/words.h"

namespace naming {
namespace {

// Answers the first call with a Send capability to the mailbox.
absl::Status GiveAddress(ipc::Receiver& door, const ipc::Capability& mailbox) {
  auto call = door.Receive();
  if (!call.ok()) return call.status();
  auto address = mailbox.Duplicate(ipc::kRightSend | ipc::kRightWait |
                                   ipc::kRightTransfer);
  if (!address.ok()) return address.status();
  return call->Reply({}, std::span(&*address, 1));
}

absl::Status Run(example::Service& service, uint64_t count) {
  auto door = service.TakeReceiver("owner");
  if (!door.ok()) return door.status();
  auto heir = service.TakeSender("heir");
  if (!heir.ok()) return heir.status();
  auto mailbox = service.session().CreatePort({.name = "mailbox"});
  if (!mailbox.ok()) return mailbox.status();
  if (auto given = GiveAddress(*door, *mailbox); !given.ok()) return given;
  auto receiver = ipc::Receiver::Create(*std::move(mailbox));
  if (!receiver.ok()) return receiver.status();
  for (uint64_t number = 1; number <= count / 2; ++number) {
    const auto letter = receiver->Receive();
    if (!letter.ok()) return letter.status();
    if (NumberOf(*letter) != number)
      return absl::InternalError("a letter was lost or came twice");
  }
  Print(
      absl::StrCat("took 1 to ", count / 2, "; the mailbox goes to the heir"));
  auto given_up = receiver->Release();
  if (!given_up.ok()) return given_up.status();
  return heir->Send(std::to_string(count / 2 + 1),
                    {.capabilities = std::span(&*given_up, 1)});
}

}  // namespace
}  // namespace naming

int main(int argc, char** argv) {
  return naming::RunCounting(argc, argv, "owner", naming::Run);
}
