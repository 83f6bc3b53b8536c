// The client's own port, to which the writers lend the new PNGs. A result has
// the number of the request that it belongs to, its ticket.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "ipc/receiver.h"

namespace image_pipeline {

// Thread: any.
class Results {
 public:
  explicit Results(ipc::Receiver port);

  // Results without a ticket that is out are thrown away.
  uint32_t GiveTicket();
  // Takes a ticket back whose request came to nothing.
  void Forget(uint32_t ticket);
  // The result, which was sent before its request was answered.
  // Errors: those of Receive; timed_out when it was lost with its writer.
  absl::StatusOr<ipc::Message> Take(uint32_t ticket);

 private:
  ipc::Receiver port_;
  std::mutex mutex_;
  uint32_t next_;  // begins anywhere: the port may hold an earlier life's
  std::map<uint32_t, ipc::Message> tickets_;  // invalid: not there yet
};

}  // namespace image_pipeline
