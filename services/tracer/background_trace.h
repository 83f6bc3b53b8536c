// BackgroundTrace: traces every port on a thread of its own and sums it up.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "ipc/inspect.h"
#include "ipc/trace.h"
#include "services/tracer/port_names.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

class BackgroundTrace {
 public:
  // Called on the trace's thread now and then, while messages flow.
  struct Counters {
    uint64_t messages = 0;
    uint64_t messages_per_second = 0;
    uint64_t lost = 0;
  };
  using Report = std::function<void(const Counters&)>;

  // `kernel` needs Inspect, TraceMeta and Duplicate.
  static absl::StatusOr<std::unique_ptr<BackgroundTrace>> Start(
      ipc::Capability kernel, Report report);
  ~BackgroundTrace();

  // Takes the records that are left, ends the trace and returns the summary.
  std::string Finish();

 private:
  BackgroundTrace(ipc::Tracer tracer, ipc::Inspector inspector, Report report)
      : tracer_(std::move(tracer)),
        inspector_(std::move(inspector)),
        names_(inspector_),
        report_(std::move(report)) {}
  void Run();
  uint64_t Drain();
  void MaybeReport();
  void Stop();

  ipc::Tracer tracer_;  // the thread's, while it runs
  ipc::Inspector inspector_;
  PortNames names_;
  TraceSummary summary_;
  Report report_;
  int64_t reported_ns_ = 0;
  uint64_t reported_messages_ = 0;

  std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace keyport
