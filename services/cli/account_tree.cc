#include "services/cli/account_tree.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ipc/status.h"
#include "services/common/nearest.h"
#include "services/common/text_table.h"
#include "services/tracer/trace_filter.h"

namespace keyport {
namespace {

absl::Status NoAccount(const Snapshot& snapshot, std::string_view word) {
  std::vector<std::string> names;
  for (const ipc::AccountEntry& account : snapshot.accounts) {
    std::string name = NameText(account.name);
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
  return ipc::MakeStatus(ipc::Error::not_found,
                         "no account \"" + std::string(word) +
                             "\"; there are " + JoinWords(names) +
                             DidYouMean(word, names));
}

}  // namespace

std::vector<AccountInTree> AccountTree(const Snapshot& snapshot) {
  // Taken out when they are told, so that no account comes twice.
  std::map<uint64_t, std::vector<const ipc::AccountEntry*>> below;
  for (const ipc::AccountEntry& account : snapshot.accounts) {
    const bool has_parent = snapshot.FindAccount(account.parent) != nullptr;
    below[has_parent ? account.parent : 0].push_back(&account);
  }
  std::vector<AccountInTree> tree;
  std::vector<AccountInTree> next;  // the last one is due
  const auto push_below = [&](uint64_t id, uint32_t depth) {
    const auto accounts = std::exchange(below[id], {});
    for (auto at = accounts.rbegin(); at != accounts.rend(); ++at)
      next.push_back({*at, depth});
  };
  push_below(0, 0);
  while (!next.empty()) {
    const AccountInTree one = next.back();
    next.pop_back();
    tree.push_back(one);
    push_below(one.account->id, one.depth + 1);
  }
  return tree;
}

std::string AccountPath(const Snapshot& snapshot,
                        const ipc::AccountEntry& account) {
  // As deep as the kernel process lets accounts be.
  constexpr int kDepthMax = 64;
  std::string path;
  const ipc::AccountEntry* above = snapshot.FindAccount(account.parent);
  for (int i = 0; i < kDepthMax && above != nullptr; ++i) {
    path = NameText(above->name) + (path.empty() ? "" : " > ") + path;
    above = snapshot.FindAccount(above->parent);
  }
  return path;
}

absl::StatusOr<std::vector<const ipc::AccountEntry*>> FindAccounts(
    const Snapshot& snapshot, std::string_view word) {
  std::vector<const ipc::AccountEntry*> found;
  for (const ipc::AccountEntry& account : snapshot.accounts)
    if (IsService(NameText(account.name), word) ||
        std::to_string(account.id) == word)
      found.push_back(&account);
  if (found.empty()) return NoAccount(snapshot, word);
  return found;
}

}  // namespace keyport
