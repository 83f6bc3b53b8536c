// Account: a budget. Accounts form a tree, and a charge counts in every
// account up to the root, all or nothing. Check first, then charge: Charge
// itself never fails.
//
// A shared account protects the accounts below it from one another: of n that
// hold some of an item, one may hold at most 1/(n+1) of what is free or its
// own. So the first may take half, and there is always something left for the
// next one.
// Source: the share rule is dbus-broker's (its user accounting), between 1/n
// and 1/n^2 of the whole.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "kernel/object/object.h"

namespace kernel {

using abi::AccountItem;
using AccountAmounts = std::array<uint64_t, abi::kAccountItems>;

// Amounts by AccountItem.
struct Charges {
  AccountAmounts amount = {};

  static Charges Of(AccountItem item, uint64_t count = 1) {
    return Charges().Add(item, count);
  }
  static Charges Handles(uint64_t count) {
    return Of(AccountItem::handles, count);
  }
  Charges& Add(AccountItem item, uint64_t count) {
    amount[static_cast<size_t>(item)] += count;
    return *this;
  }
};

struct QuotaFailure {
  uint64_t used;
  uint64_t limit;
  uint64_t account;
  AccountItem item;
  bool is_share = false;  // of what others hold too
};

class Account : public Object {
 public:
  static constexpr uint32_t kDepthMax = 64;
  static constexpr uint64_t kNoLimit = ~uint64_t{0};

  // `above` is null for the root. Its users count is the caller's matter.
  Account(uint64_t object_id, Account* above, std::string name_text,
          uint32_t account_options, const abi::AccountLimits& limits);

  // What stands in the way of this charge, if anything.
  std::optional<QuotaFailure> Refusal(const Charges& charges) const;
  void Charge(const Charges& charges);
  void Release(const Charges& charges);
  void SetLimits(const abi::AccountLimits& limits);

  // This account's own limit, else the nearest one above it.
  uint64_t EffectiveLimit(uint32_t item) const;
  bool IsBelow(const Account& other) const;
  // Items at their soft limit. Looks anew; returns whether some came to it.
  bool LookAtSoftLimits();
  uint32_t at_soft_limit() const { return at_soft_limit_; }
  uint64_t soft_generation() const { return soft_generation_; }

  Account* const parent;
  const std::string name;
  const uint32_t depth;
  const uint32_t options;
  AccountAmounts limit = {};  // 0: none of its own
  AccountAmounts soft = {};   // 0: none
  AccountAmounts used = {};
  // Accounts right below that use some of the item.
  std::array<uint32_t, abi::kAccountItems> consumers = {};

 private:
  std::optional<QuotaFailure> RefusalHere(uint32_t item, uint64_t more) const;
  std::optional<QuotaFailure> RefusalOfShare(uint32_t item,
                                             uint64_t more) const;

  uint32_t at_soft_limit_ = 0;
  uint64_t soft_generation_ = 0;
};

}  // namespace kernel
