// A recording's records as a CTF 1.8 trace, for babeltrace2 and what reads
// LTTng's traces: `metadata`, a stream for each process, and one without
// events, `losses`, that counts lost records, since nobody knows whose they
// were. Records of a stream are put in order by time. Stamps are the
// processor's counter where the recording has it, else nanoseconds.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/tracer/ctf_metadata.h"
#include "services/tracer/recording_decoder.h"

namespace keyport {

class CtfTrace {
 public:
  static constexpr size_t kRecordsMax = 4'000'000;
  // What has no room is counted as left out.
  void Add(const RecordingDecoder::Recorded& recorded);
  void AddLoss(const LostRecords& lost) { losses_.push_back(lost); }
  uint64_t left_out() const { return left_out_; }

  // Hands out each file of the trace's folder in pieces. Once. `names` has
  // read the recording to its end.
  using Sink =
      std::function<void(const std::string& file, const std::string& piece)>;
  void Write(const RecordingDecoder& names, const Sink& sink);

 private:
  CtfClock ChooseClock(const RecordingDecoder& names);
  // Gives each record its stamp, as `ticks`. Returns how far these are from the
  // records' nanoseconds at most.
  uint64_t StampRecords();
  uint64_t StampOf(uint64_t time_ns) const;
  void WriteStream(uint64_t process, const RecordingDecoder& names,
                   const Sink& sink);
  void WriteLosses(const Sink& sink);

  std::map<uint64_t, std::vector<RecordedHeader>> records_;  // by process
  std::map<uint64_t, int> pids_;
  std::vector<LostRecords> losses_;
  std::optional<EvenClock> counter_;
  size_t count_ = 0;
  uint64_t left_out_ = 0;
  CtfUuid uuid_ = {};
};

}  // namespace keyport
