#include "services/cli/account_items.h"

#include <cctype>
#include <limits>

#include "libipc/base/names.h"

namespace keyport {

const char* ItemName(uint32_t item) {
  return base::AccountItemName(ipc::abi::AccountItem{item});
}

std::string ItemTitle(uint32_t item) {
  std::string title = ItemName(item);
  for (char& c : title) c = static_cast<char>(std::toupper(c));
  return title;
}

std::string AmountCell(uint32_t item, uint64_t amount) {
  return ipc::abi::AccountItem{item} == ipc::abi::AccountItem::bytes
             ? BytesText(amount)
             : Number(amount);
}

bool HasLimit(const ipc::AccountEntry& account, uint32_t item) {
  return account.limit[item] != std::numeric_limits<uint64_t>::max();
}

bool AtSoftLimit(const ipc::AccountEntry& account, uint32_t item) {
  return (account.at_soft_limit >> item & 1) != 0;
}

bool IsShared(const ipc::AccountEntry& account) {
  return (account.options & ipc::abi::kAccountShared) != 0;
}

Json AccountJson(const ipc::AccountEntry& account) {
  Json json = {{"id", account.id},
               {"account", NameText(account.name)},
               {"parent", account.parent},
               {"shared", IsShared(account)}};
  for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
    json[ItemName(i)] = {{"used", account.used[i]},
                         {"limit", account.limit[i]},
                         {"soft_limit", account.soft[i]},
                         {"at_soft_limit", AtSoftLimit(account, i)}};
  return json;
}

Json AmountsJson(const ItemAmounts& amounts) {
  Json json = Json::object();
  for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
    json[ItemName(i)] = amounts[i];
  return json;
}

}  // namespace keyport
