// The accounts of a snapshot as the tree they are, and how to name one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/snapshot.h"

namespace keyport {

struct AccountInTree {
  const ipc::AccountEntry* account = nullptr;
  uint32_t depth = 0;
};
// Each account before those below it, which follow in the order of their ids.
// One whose parent the snapshot does not have stands at depth 0.
std::vector<AccountInTree> AccountTree(const Snapshot& snapshot);

// The names of the accounts above it, the root first: "root > search"; "" for
// the root.
std::string AccountPath(const Snapshot& snapshot,
                        const ipc::AccountEntry& account);

// Accounts of that number or name ("tokenizer": all its instances').
// Errors: not_found, with the names there are and the nearest one.
absl::StatusOr<std::vector<const ipc::AccountEntry*>> FindAccounts(
    const Snapshot& snapshot, std::string_view word);

}  // namespace keyport
