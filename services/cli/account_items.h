// Amounts of what accounts count (libipc/abi/account_items.def), as cells of a
// table and as JSON.
#pragma once

#include <array>
#include <string>

#include "services/cli/listing_builder.h"

namespace keyport {

using ItemAmounts = std::array<uint64_t, ipc::abi::kAccountItems>;

const char* ItemName(uint32_t item);   // "handles"
std::string ItemTitle(uint32_t item);  // "HANDLES"
// "12"; "64K" of bytes
std::string AmountCell(uint32_t item, uint64_t amount);
bool HasLimit(const ipc::AccountEntry& account, uint32_t item);
bool AtSoftLimit(const ipc::AccountEntry& account, uint32_t item);
bool IsShared(const ipc::AccountEntry& account);

// Its names, and of each item what is used, and the limits.
Json AccountJson(const ipc::AccountEntry& account);
// All items by name.
Json AmountsJson(const ItemAmounts& amounts);

}  // namespace keyport
