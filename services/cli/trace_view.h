// TraceView: prints messages, losses and the summary of a trace, live or from
// a file, and knows when there are enough.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "services/cli/trace_command.h"
#include "services/tracer/message_table.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

class TraceView {
 public:
  // `options` must outlive it.
  TraceView(const TraceOptions& options, PortNameOf name)
      : options_(options), name_(std::move(name)) {}

  void Begin();
  void SetClock(WallClock clock) { clock_ = clock; }
  void Add(const ipc::TraceSource& source, const ipc::TraceRecord& record,
           std::string_view payload = {});
  void AddLoss(const LostRecords& lost);
  // After the records of a pass. False when nothing more is to be shown.
  bool EndPass();
  // Prints the summary. Returns the exit code.
  int Finish(const TraceLoss& loss);

 private:
  bool Shows() const { return options_.shows == TraceShows::kMessages; }
  bool Json() const { return options_.format == Format::kJson; }
  bool WithPayload() const {
    return options_.source.level == ipc::TraceLevel::kPayload;
  }
  bool Full() const {
    return options_.messages_max > 0 && shown_ >= options_.messages_max;
  }
  void CountBlock(const ipc::TraceSource& source,
                  const ipc::TraceRecord& record);
  void ShowAll(const std::vector<TracedMessage>& messages);

  const TraceOptions& options_;
  const PortNameOf name_;
  WallClock clock_;
  MessageTable table_;
  TraceSummary summary_;
  uint64_t shown_ = 0;
};

}  // namespace keyport
