// A record of the flight recorder in words.
#pragma once

#include <string>

#include "ipc/flight.h"
#include "services/tracer/trace_directory.h"

namespace keyport {

class PostWords {
 public:
  // `directory` must outlive it.
  explicit PostWords(const TraceDirectory& directory) : directory_(directory) {}

  // "takes call 12 of client on store: label 3, 5 bytes"
  std::string Of(const ipc::TraceRecord& record) const;
  // "waiting for a message on store", "running"
  std::string AtTheEnd(const ipc::TraceRecord& last) const;
  // "call 12 of client on store"; "?" for names not known any more.
  std::string CallTaken(const ipc::TraceRecord& record) const;
  std::string PortOf(const ipc::TraceRecord& record) const;
  // Of the lane's ends; "" when the lane is gone.
  std::string SenderOf(const ipc::TraceRecord& record) const;
  std::string ReceiverOf(const ipc::TraceRecord& record) const;

 private:
  std::string Target(const ipc::TraceRecord& record) const;
  const TraceDirectory& directory_;
};

// "killed by signal 9 (KILL)", "exited with 3"; of an exit word, which may not
// be known.
std::string HowItEnded(uint32_t exit);

}  // namespace keyport
