// keeper: owns the region and gives it to whoever calls port `table`.
#include <cstdio>

#include "examples/readers_writers/table.h"

namespace {

absl::Status Keep() {
  auto session = ipc::Session::FromEnvironment();
  if (!session.ok()) return session.status();
  auto port = session->Take("table");
  if (!port.ok()) return port.status();
  auto receiver = ipc::Receiver::Create(*std::move(port));
  if (!receiver.ok()) return receiver.status();
  auto region = ipc::Region::Create(*session, table::kRegionBytes);
  if (!region.ok()) return region.status();
  auto mapping = region->MapWrite();
  if (!mapping.ok()) return mapping.status();
  auto* table = reinterpret_cast<table::Table*>(mapping->bytes().data() +
                                                ipc::RegionLock::kBytes);
  table->first = table::kSum;
  for (;;) {
    auto message = receiver->Receive();
    if (!message.ok()) return absl::OkStatus();  // the graph has ended
    auto copy =
        region->capability().Duplicate(ipc::kRightRead | ipc::kRightWrite |
                                       ipc::kRightMap | ipc::kRightTransfer);
    if (!copy.ok()) return copy.status();
    if (!message->Reply({}, {&*copy, 1}).ok()) std::puts("the caller is gone");
  }
}

}  // namespace

int main() {
  const absl::Status status = Keep();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
