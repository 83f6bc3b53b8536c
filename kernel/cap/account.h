// Account: a budget. Accounts form a tree, and a charge counts in every
// account up to the root, all or nothing. Check first, then charge: Charge
// itself never fails.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "kernel/object/object.h"

namespace kernel {

using abi::AccountItem;

// Amounts by AccountItem.
struct Charges {
  std::array<uint64_t, abi::kAccountItems> amount = {};

  static Charges Handles(uint64_t count) {
    return Charges().Add(AccountItem::handles, count);
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
};

class Account : public Object {
 public:
  static constexpr uint32_t kDepthMax = 64;
  static constexpr uint64_t kNoLimit = ~uint64_t{0};

  // `parent` is null for the root. Its users count is the caller's matter.
  Account(uint64_t object_id, Account* parent_account, std::string name_text,
          const abi::AccountLimits& limits);

  // What stands in the way of this charge, if anything.
  std::optional<QuotaFailure> Refusal(const Charges& charges) const;
  void Charge(const Charges& charges);
  void Release(const Charges& charges);

  Account* const parent;
  const std::string name;
  const uint32_t depth;
  const abi::AccountLimits limits;
  std::array<uint64_t, abi::kAccountItems> used = {};
};

}  // namespace kernel
