// TraceView: prints messages, losses and the summary of a trace, live or from
// a file, and knows when there are enough.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cli/trace_command.h"
#include "services/decode/payload_schemas.h"
#include "services/tracer/end_condition.h"
#include "services/tracer/message_table.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

class TraceView {
 public:
  using ProcessNameOf = std::function<std::string(uint64_t process)>;
  // `options` and `schemas` must outlive it.
  TraceView(const TraceOptions& options, const PayloadSchemas& schemas,
            PortNameOf name, ProcessNameOf process_name)
      : options_(options),
        schemas_(schemas),
        name_(std::move(name)),
        process_name_(std::move(process_name)),
        until_(options.until) {}

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
    return ended_ ||
           (options_.messages_max > 0 && shown_ >= options_.messages_max);
  }
  void CountBlock(const ipc::TraceSource& source,
                  const ipc::TraceRecord& record);
  void ShowAll(const std::vector<TracedMessage>& messages);
  void ShowMessage(TracedMessage message, const std::string& port);
  // Facts of before `time_ns` that were not shown yet.
  void ShowFacts(uint64_t time_ns);
  void ShowFact(const ipc::TraceRecord& fact);

  const TraceOptions& options_;
  const PayloadSchemas& schemas_;
  const PortNameOf name_;
  const ProcessNameOf process_name_;
  const EndConditions until_;
  WallClock clock_;
  MessageTable table_;
  TraceSummary summary_;
  std::vector<ipc::TraceRecord> facts_;  // of this pass
  uint64_t shown_ = 0;
  bool ended_ = false;  // by a condition
};

}  // namespace keyport
