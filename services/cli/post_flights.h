// The flight recorder's logs of one process, put together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "ipc/flight.h"

namespace keyport {

// Processes that have logs.
class FlightProcesses {
 public:
  struct Process {
    ipc::FlightSource source;  // of its first thread
    size_t threads = 0;
    bool ended() const { return source.ended_ns != 0; }
  };
  void Add(const ipc::FlightSource& source);

  // In the order of their ids.
  const std::map<uint64_t, Process>& all() const { return processes_; }
  // By name ("store" means store.1 too): the one that ended last, or else the
  // youngest that lives. By pid: the youngest of it.
  // Errors: not_found, saying what there is.
  absl::StatusOr<Process> Choose(std::string_view name,
                                 std::optional<int> pid) const;

 private:
  absl::Status NoSuch(std::string_view name, std::optional<int> pid) const;

  std::map<uint64_t, Process> processes_;
};

inline ipc::TraceKind KindOf(const ipc::TraceRecord& record) {
  return static_cast<ipc::TraceKind>(record.kind);
}

// A record and who wrote it; what is missing in it is found beside it.
struct FlightStep {
  uint32_t thread_id = 0;
  ipc::TraceRecord record = {};
};

// A call that was taken and not answered.
struct FlightOpenCall {
  ipc::TraceRecord taken = {};
};

class FlightStory {
 public:
  explicit FlightStory(std::vector<ipc::FlightLog> logs);

  struct Thread {
    uint32_t thread_id = 0;
    uint64_t records = 0;
    uint64_t overwritten = 0;
    ipc::TraceRecord last = {};  // kind none: it has none
  };
  const std::vector<Thread>& threads() const { return threads_; }
  // By time; of each thread in the order they were written, if it does not lie
  // about times. Answers and outcomes have an interval if what they belong to
  // was recorded, waits have their port if it is known.
  const std::vector<FlightStep>& steps() const { return steps_; }
  const std::vector<FlightOpenCall>& open_calls() const { return open_; }

 private:
  void FillIn();

  std::vector<Thread> threads_;
  std::vector<FlightStep> steps_;
  std::vector<FlightOpenCall> open_;
};

}  // namespace keyport
