// RecordingLoop: drains a trace into a recording's files until it is over.
// `keyport record` and keyport-tracer are this loop.
//
// What cannot be written now is kept, and nothing is drained until it can be:
// meanwhile the trace rings are overwritten, and what is lost there is counted
// and stands in the recording as soon as there is room. So no service waits for
// a disk, and memory stays bounded by one drain.
#pragma once

#include <string>
#include <vector>

#include "services/tracer/end_condition.h"
#include "services/tracer/live_trace.h"
#include "services/tracer/message_table.h"
#include "services/tracer/recorder.h"
#include "services/tracer/recording_outbox.h"

namespace keyport {

enum class WhenUnwritable { kEnd, kWaitForRoom };

struct RecordOptions {
  std::string socket;  // as in ConnectTool
  TraceFilter filter;
  ipc::TraceOptions source;   // what is written at all
  uint64_t messages_max = 0;  // 0: no limit
  double seconds_max = 0;     // 0: no limit
  LossIs loss = LossIs::kCounted;
  std::vector<std::string> until;  // end conditions, of which one is enough
  RecordingSeries::Options files;
  WhenUnwritable when_unwritable = WhenUnwritable::kEnd;
  Recorder::Comment comment;  // null: packets have none
};

// How `options` were said, for a recording's comment; of what the right to
// trace has cut down, what it left.
std::string CommandText(std::string_view command, const RecordOptions& options,
                        const ipc::abi::TraceFilter& granted);
// "snaplen 4, labels 0-9, rate 100": of what was asked for, what the right to
// trace left of it. "": all.
std::string CutDownText(const RecordOptions& options,
                        const ipc::abi::TraceFilter& granted);

// Told of a recording's life, on the loop's thread.
class RecordingObserver {
 public:
  virtual ~RecordingObserver() = default;
  // Everything is traced from now on, and the file's begin is written.
  virtual void Begun() {}
  // Nothing can be written; it is tried again and again.
  virtual void Waits(const absl::Status& /*why*/) {}
  // It could be, after so many records were lost meanwhile.
  virtual void GoesOn(uint64_t /*lost*/) {}
};

class RecordingLoop {
 public:
  // Before any record is written.
  static Recorder::Clocks ClocksNow();

  // All must outlive it.
  RecordingLoop(const RecordOptions& options, Recorder::Clocks clocks,
                LiveTrace* trace, RecordingSeries files,
                RecordingObserver* observer);

  // Errors: a file cannot be written; what was not written is lost then.
  absl::Status Run(std::string_view command);

  uint64_t messages() const { return messages_; }
  // In the files, and drained but never written.
  uint64_t written() const { return written_; }
  uint64_t unwritten() const { return recorder_.recorded() - written_; }
  const RecordingSeries& files() const { return outbox_.series(); }

 private:
  absl::Status Flush();
  void Pass();
  void TakeAll(LiveTrace::Pass* pass);
  bool Rest();
  bool Full() const;
  void CountMessages(const std::vector<TracedMessage>& messages);

  const RecordOptions& options_;
  const EndConditions until_;
  LiveTrace* const trace_;
  RecordingOutbox outbox_;
  Recorder recorder_;
  MessageTable table_;
  RecordingObserver* const observer_;
  uint64_t messages_ = 0;
  uint64_t written_ = 0;
  bool ended_ = false;    // by a condition
  bool waiting_ = false;  // for room
  uint64_t lost_before_ = 0;
};

}  // namespace keyport
