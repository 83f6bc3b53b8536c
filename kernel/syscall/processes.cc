// Calls about processes.
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "kernel/cap/gift.h"
#include "kernel/syscall/call.h"
#include "libipc/base/socket.h"

namespace kernel::handlers {
namespace {

struct NewProcess {
  std::string name;
  std::vector<std::string> names;
  std::vector<Gift> gifts;
  std::vector<abi::InitialItem> items;
};

// A name in a zero-filled field: a zero ends it, nothing follows.
Result<std::string> FieldName(const char (&field)[abi::kNameBytesMax]) {
  const size_t length = strnlen(field, sizeof(field));
  if (length == 0 || length == sizeof(field)) return Error::invalid_args;
  for (size_t i = length; i < sizeof(field); ++i)
    if (field[i] != 0) return Error::invalid_args;
  return std::string(field, length);
}

Answer Parse(std::span<const uint8_t> payload, NewProcess* made) {
  abi::ProcessCreate head;
  if (payload.size() < sizeof(head)) return Error::invalid_args;
  std::memcpy(&head, payload.data(), sizeof(head));
  if (head.count > abi::kInitialHandlesMax)
    return Answer::OutOfRange(0, abi::kInitialHandlesMax);
  if (head.reserved != 0 ||
      payload.size() != sizeof(head) + head.count * sizeof(abi::InitialItem))
    return Error::invalid_args;
  KP_ASSIGN(made->name, FieldName(head.name));
  made->items.resize(head.count);
  if (head.count > 0)
    std::memcpy(made->items.data(), payload.data() + sizeof(head),
                head.count * sizeof(abi::InitialItem));
  return {};
}

// Every name and capability, before anything changes.
Answer CheckItems(Kernel& kernel, Session& parent, NewProcess* made) {
  absl::flat_hash_set<std::string> names;
  absl::flat_hash_set<Handle> moved;
  for (const abi::InitialItem& item : made->items) {
    const Result<Gift> checked =
        CheckGift(kernel, parent, item.handle, item.rights, item.mode);
    if (!checked.ok())
      return RefusedGift(parent, checked.error(), item.handle, item.mode);
    const Gift& gift = *checked;
    KP_ASSIGN(std::string name, FieldName(item.name));
    if (item.reserved != 0 || !names.insert(name).second)
      return Error::invalid_args;
    if (gift.move && !moved.insert(item.handle).second)
      return Error::invalid_args;
    made->names.push_back(std::move(name));
    made->gifts.push_back(gift);
  }
  // What is moved cannot be copied as well.
  for (const Gift& gift : made->gifts)
    if (!gift.move && moved.contains(gift.capability->handle))
      return Error::invalid_args;
  return {};
}

Answer RoomForBoth(const Call& call, Account& account, uint64_t given) {
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));
  KP_ANSWER(Kernel::RoomIn(
      account, Charges::Handles(given + 1).Add(AccountItem::processes, 1)));
  if (call.kernel.SessionsFull())
    return Answer::Failed(Error::quota_exceeded, Kernel::kSessionsMax,
                          Kernel::kSessionsMax);
  return {};
}

}  // namespace

Answer process_create(Call& call) {
  KP_ANSWER(call.Check({.payload = true}));
  NewProcess made;
  KP_ANSWER(Parse(call.payload, &made));
  KP_ANSWER(CheckItems(call.kernel, call.session, &made));
  Account& account = call.object<Account>();
  KP_ANSWER(RoomForBoth(call, account, made.gifts.size()));
  KP_ASSIGN(base::SocketPair sockets, base::CreateSocketPair());

  Kernel& kernel = call.kernel;
  Session& child = *kernel.NewSession(Session::Origin::kChild, account);
  kernel.Charge(account, Charges::Of(AccountItem::processes));
  child.process->name = made.name;
  child.transport = kernel.host().Adopt(child, std::move(sockets.first));
  for (size_t i = 0; i < made.gifts.size(); ++i) {
    Capability* capability = TakeGift(kernel, call.session, made.gifts[i]);
    child.names.push_back({made.names[i], kernel.Place(child, *capability)});
  }
  return Answer::Of(call.PlaceNew(*child.process), child.process->id)
      .With(std::move(sockets.second));
}

Answer process_info(Call& call) {
  KP_ANSWER(call.Check({}));
  const Process& process = call.object<Process>();
  const uint64_t handles =
      process.session != nullptr ? process.session->handles.size() : 0;
  return Answer::Of(
      static_cast<uint64_t>(process.state) | uint64_t{process.exit} << 32,
      static_cast<uint64_t>(process.pid), handles, process.id);
}

}  // namespace kernel::handlers
