#include "kernel/cap/account.h"

#include <utility>

namespace kernel {
namespace {

abi::AccountLimits Effective(const Account* parent, abi::AccountLimits limits) {
  for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
    if (limits.limit[i] != 0) continue;
    limits.limit[i] =
        parent != nullptr ? parent->limits.limit[i] : Account::kNoLimit;
  }
  return limits;
}

}  // namespace

Account::Account(uint64_t object_id, Account* parent_account,
                 std::string name_text, const abi::AccountLimits& wanted)
    : Object(ObjectKind::account, object_id),
      parent(parent_account),
      name(std::move(name_text)),
      depth(parent_account != nullptr ? parent_account->depth + 1 : 0),
      limits(Effective(parent_account, wanted)) {}

std::optional<QuotaFailure> Account::Refusal(const Charges& charges) const {
  for (const Account* account = this; account != nullptr;
       account = account->parent) {
    for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
      const uint64_t limit = account->limits.limit[i];
      if (charges.amount[i] > limit - account->used[i])
        return QuotaFailure{account->used[i], limit, account->id,
                            static_cast<AccountItem>(i)};
    }
  }
  return std::nullopt;
}

void Account::Charge(const Charges& charges) {
  for (Account* account = this; account != nullptr; account = account->parent)
    for (uint32_t i = 0; i < abi::kAccountItems; ++i)
      account->used[i] += charges.amount[i];
}

void Account::Release(const Charges& charges) {
  for (Account* account = this; account != nullptr; account = account->parent)
    for (uint32_t i = 0; i < abi::kAccountItems; ++i)
      account->used[i] -= charges.amount[i];
}

}  // namespace kernel
