// Listings of a running graph, as a table and as one JSON object a line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cli/proc_stat.h"
#include "services/cli/snapshot.h"
#include "services/common/text_table.h"

namespace keyport {

struct Listing {
  std::string text;
  std::string json;
};

using ProcStatOf = std::function<std::optional<ProcStat>(int pid)>;

// Deadlocks are told below the table.
Listing ListProcesses(const Snapshot& snapshot, const ProcStatOf& stat_of);
// What each thread sleeps on that ever used the kernel process.
Listing ListThreads(const Snapshot& snapshot);
Listing ListPorts(const Snapshot& snapshot);
// Of one service ("" for all, "tokenizer" for all its instances).
Listing ListCapabilities(const Snapshot& snapshot, std::string_view service);
// And what is lent, to whom and since when.
Listing ListRegions(const Snapshot& snapshot);
Listing ListNotifications(const Snapshot& snapshot);
// And their subscribers, whose figures are their claims.
Listing ListTopics(const Snapshot& snapshot);
// As a tree: accounts are indented below the one they belong to.
Listing ListAccounts(const Snapshot& snapshot);
// One account: its limits, and who holds what of it.
Listing ListAccount(const Snapshot& snapshot, const ipc::AccountEntry& account);
// A lane a row: who sends to whom.
Listing ListLanes(const Snapshot& snapshot);

}  // namespace keyport
