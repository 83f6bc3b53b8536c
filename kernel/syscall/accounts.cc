// Calls about accounts.
#include "kernel/syscall/call.h"
#include "kernel/syscall/entries.h"

namespace kernel::handlers {

Answer account_create(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kAccountShared, .payload = true}));
  abi::AccountLimits limits;
  if (call.payload.size() < sizeof(limits)) return Error::invalid_args;
  std::memcpy(&limits, call.payload.data(), sizeof(limits));
  const auto name = call.payload.subspan(sizeof(limits));
  KP_ANSWER(CheckName(name));
  Account& parent = call.object<Account>();
  if (parent.depth >= Account::kDepthMax)
    return Answer::OutOfRange(0, Account::kDepthMax);
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));
  Account& account = call.kernel.Add<Account>(&parent, NameOf(name),
                                              call.request.options, limits);
  call.kernel.Use(parent);
  return Answer::Of(call.PlaceNew(account), account.id);
}

Answer account_limit(Call& call) {
  KP_ANSWER(call.Check({.args = 1, .payload = true}));
  Capability* below = nullptr;
  KP_ANSWER(
      call.FindSecond(call.request.args[0], ObjectKind::account, 0, &below));
  abi::AccountLimits limits;
  if (call.payload.size() != sizeof(limits)) return Error::invalid_args;
  std::memcpy(&limits, call.payload.data(), sizeof(limits));
  Account& account = As<Account>(*below->object);
  // Nobody sets limits of its own budget.
  if (!account.IsBelow(call.object<Account>())) return Error::invalid_args;
  call.kernel.SetLimits(account, limits);
  return {};
}

Answer account_info(Call& call) {
  KP_ANSWER(call.Check({}));
  Answer answer;
  answer.Append(AccountEntryOf(call.object<Account>()));
  return answer;
}

}  // namespace kernel::handlers
