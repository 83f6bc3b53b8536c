// reader: looks at the table again and again. The sum is always right.
#include <cstdio>

#include "examples/readers_writers/table.h"

namespace {

absl::Status Read() {
  auto session = ipc::Session::FromEnvironment();
  if (!session.ok()) return session.status();
  auto view = table::Open(*session);
  if (!view.ok()) return view.status();
  table::Table& table = view->table();
  while (session->connected()) {
    auto held = view->lock.LockShared();
    if (!held.ok()) return absl::OkStatus();  // the graph has ended
    // A writer died in the middle: left to the writers.
    if (held->owner_died()) continue;
    ++table.reads;
    if (table.first + table.second == table::kSum) continue;
    return ipc::MakeStatus(ipc::Error::bad_state, "a reader saw half a write");
  }
  return absl::OkStatus();
}

}  // namespace

int main() {
  const absl::Status status = Read();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
