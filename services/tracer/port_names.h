// PortNames: names of ports by their ids, asked for when a new one turns up.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ipc/inspect.h"

namespace keyport {

class PortNames {
 public:
  // `inspector` must outlive it.
  explicit PortNames(const ipc::Inspector& inspector) : inspector_(inspector) {}

  // The name, or ":ID" for a port that is not (or no longer) there.
  std::string Name(uint64_t port);
  // Learns all ports there are now. A kernel process that is gone is no error.
  void Refresh();

 private:
  const ipc::Inspector& inspector_;
  std::map<uint64_t, std::string> names_;
  int64_t refreshed_ns_ = 0;
};

}  // namespace keyport
