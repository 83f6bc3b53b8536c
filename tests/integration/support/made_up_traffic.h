// MadeUpTraffic: the file that a recorder writes of services and calls that a
// test makes up, exactly as it likes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/tracer/recorder.h"

namespace integration {

class MadeUpTraffic {
 public:
  struct Call {
    size_t from = 0;  // places in the lists of names
    size_t to = 0;
    size_t port = 0;
    uint64_t sent_ns = 0;
    uint64_t queue_ns = 0;
    uint64_t work_ns = 0;
    uint64_t total_ns = 0;
    uint64_t flow = 1;
    uint32_t label = 1;
    ipc::Error error = ipc::Error::ok;
  };

  MadeUpTraffic(std::vector<std::string> services,
                std::vector<std::string> ports, std::string command);
  void Add(const Call& call);
  void Lose(const keyport::LostRecords& lost);
  // Ends the recording and writes it. Once.
  void Write(const std::string& path);

 private:
  void Learn(keyport::TraceDirectory* directory) const;
  ipc::TraceSource SourceOf(size_t service) const;
  uint64_t LaneOf(const Call& call) const;

  const std::vector<std::string> services_;
  const std::vector<std::string> ports_;
  std::vector<Call> calls_;
  std::string text_;
  keyport::Recorder recorder_;
};

}  // namespace integration
