// Who holds what of one account.
#pragma once

#include <string>
#include <vector>

#include "services/cli/account_items.h"
#include "services/cli/snapshot.h"

namespace keyport {

struct AccountHolder {
  ipc::ObjectKind kind = ipc::ObjectKind::any;
  uint64_t id = 0;
  std::string name;   // "tokenizer.2"; "" if it has none
  std::string label;  // "process tokenizer.2(4711)", "region :9"
  ItemAmounts holds = {};
};

struct AccountHolders {
  std::vector<AccountHolder> holders;  // processes, then what was made
  uint32_t accounts_below = 0;         // right below it
  ItemAmounts below = {};              // what all below it hold
  // The rest of what is used: capabilities and messages under way, and what
  // changed while the lists were taken.
  ItemAmounts other = {};
};
AccountHolders HoldersOf(const Snapshot& snapshot,
                         const ipc::AccountEntry& account);

}  // namespace keyport
