#include "kernel/cap/account.h"

#include <algorithm>
#include <utility>

namespace kernel {

Account::Account(uint64_t object_id, Account* above, std::string name_text,
                 uint32_t account_options, const abi::AccountLimits& limits)
    : Object(ObjectKind::account, object_id),
      parent(above),
      name(std::move(name_text)),
      depth(above != nullptr ? above->depth + 1 : 0),
      options(account_options) {
  SetLimits(limits);
}

void Account::SetLimits(const abi::AccountLimits& limits) {
  std::copy(std::begin(limits.limit), std::end(limits.limit), limit.begin());
  std::copy(std::begin(limits.soft), std::end(limits.soft), soft.begin());
}

std::optional<QuotaFailure> Account::Refusal(const Charges& charges) const {
  for (const Account* account = this; account != nullptr;
       account = account->parent) {
    for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
      if (charges.amount[i] == 0) continue;
      if (auto refusal = account->RefusalHere(i, charges.amount[i]))
        return refusal;
      if (auto refusal = account->RefusalOfShare(i, charges.amount[i]))
        return refusal;
    }
  }
  return std::nullopt;
}

std::optional<QuotaFailure> Account::RefusalHere(uint32_t item,
                                                 uint64_t more) const {
  const uint64_t most = limit[item];
  // A limit may have been set below what is used.
  if (most == 0 || (used[item] <= most && more <= most - used[item]))
    return std::nullopt;
  return QuotaFailure{used[item], most, id, static_cast<AccountItem>(item)};
}

std::optional<QuotaFailure> Account::RefusalOfShare(uint32_t item,
                                                    uint64_t more) const {
  if (parent == nullptr || (parent->options & abi::kAccountShared) == 0)
    return std::nullopt;
  const uint64_t whole = parent->EffectiveLimit(item);
  if (whole == kNoLimit) return std::nullopt;
  const uint64_t others = parent->used[item] - used[item];
  const uint64_t open = whole > others ? whole - others : 0;
  const uint64_t holders = parent->consumers[item] + (used[item] == 0 ? 1 : 0);
  const uint64_t share = open / (holders + 1);
  if (used[item] <= share && more <= share - used[item]) return std::nullopt;
  return QuotaFailure{used[item], share, parent->id,
                      static_cast<AccountItem>(item), true};
}

void Account::Charge(const Charges& charges) {
  for (Account* account = this; account != nullptr; account = account->parent)
    for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
      if (charges.amount[i] == 0) continue;
      if (account->used[i] == 0 && account->parent != nullptr)
        ++account->parent->consumers[i];
      account->used[i] += charges.amount[i];
    }
}

void Account::Release(const Charges& charges) {
  for (Account* account = this; account != nullptr; account = account->parent)
    for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
      if (charges.amount[i] == 0) continue;
      account->used[i] -= charges.amount[i];
      if (account->used[i] == 0 && account->parent != nullptr)
        --account->parent->consumers[i];
    }
}

uint64_t Account::EffectiveLimit(uint32_t item) const {
  for (const Account* account = this; account != nullptr;
       account = account->parent)
    if (account->limit[item] != 0) return account->limit[item];
  return kNoLimit;
}

bool Account::IsBelow(const Account& other) const {
  const Account* account = parent;
  while (account != nullptr && account != &other) account = account->parent;
  return account != nullptr;
}

bool Account::LookAtSoftLimits() {
  uint32_t now = 0;
  for (uint32_t i = 0; i < abi::kAccountItems; ++i)
    if (soft[i] != 0 && used[i] >= soft[i]) now |= 1u << i;
  const bool more = (now & ~at_soft_limit_) != 0;
  at_soft_limit_ = now;
  if (more) ++soft_generation_;
  return more;
}

}  // namespace kernel
