// `keyport accounts`: all of them.
#include <algorithm>

#include "services/cli/account_items.h"
#include "services/cli/account_tree.h"

namespace keyport {
namespace {

// Nobody uses any of the others.
std::vector<uint32_t> ItemsInUse(const Snapshot& snapshot) {
  std::vector<uint32_t> items;
  for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
    if (std::any_of(snapshot.accounts.begin(), snapshot.accounts.end(),
                    [i](const auto& account) { return account.used[i] != 0; }))
      items.push_back(i);
  return items;
}

std::string NameCell(const AccountInTree& one) {
  return std::string(2 * one.depth, ' ') + NameText(one.account->name) +
         (IsShared(*one.account) ? " (shared)" : "");
}

// "12/500!": at its soft limit; "12" without a limit.
std::string UsedCell(const ipc::AccountEntry& account, uint32_t item) {
  std::string text = AmountCell(item, account.used[item]);
  if (HasLimit(account, item))
    text += "/" + AmountCell(item, account.limit[item]);
  return text + (AtSoftLimit(account, item) ? "!" : "");
}

}  // namespace

Listing ListAccounts(const Snapshot& snapshot) {
  const std::vector<uint32_t> items = ItemsInUse(snapshot);
  std::vector<Column> columns = {{"ID", Align::kRight}, {"ACCOUNT"}};
  for (const uint32_t item : items)
    columns.push_back({ItemTitle(item), Align::kRight});
  ListingBuilder list(std::move(columns));
  for (const AccountInTree& one : AccountTree(snapshot)) {
    std::vector<std::string> row = {Number(one.account->id), NameCell(one)};
    for (const uint32_t item : items)
      row.push_back(UsedCell(*one.account, item));
    list.Add(std::move(row), AccountJson(*one.account));
  }
  return std::move(list).Build();
}

}  // namespace keyport
