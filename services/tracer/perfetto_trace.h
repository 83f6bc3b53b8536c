// A recording's messages as Perfetto's track events, for its page, or its
// trace processor. Source: perfetto/protos/perfetto/trace (Apache 2.0), of
// which only the field numbers are here.
//
// A process track a service, below it as many tracks as its overlapping slices
// need, all of one name so that the page shows them as one. A call is a slice
// at its caller (until it went on) and one at its server (its work); a flow
// goes from the one to the other, and the chain is their correlation. Where
// records were lost is an instant whose packet says that some before it are
// missing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/tracer/message_table.h"
#include "services/tracer/trace_format.h"

namespace keyport {

class PerfettoTrace {
 public:
  static constexpr size_t kMessagesMax = 1'000'000;
  // What has no room is counted as left out.
  void Add(const TracedMessage& message, const std::string& port);
  void AddLoss(const LostRecords& lost) { losses_.push_back(lost); }
  void SetPid(const std::string& service, int pid);

  // Writes the file in pieces. Once.
  using Sink = std::function<void(const std::string&)>;
  void Write(std::optional<WallClock> clock, const Sink& write);
  // Messages, after Write.
  uint64_t left_out() const { return left_out_; }

 private:
  struct Slice {
    uint64_t begin_ns;
    uint64_t end_ns;
    size_t message;
    uint32_t process;
    uint32_t track = 0;
    bool of_sender;
  };
  struct Message {
    uint64_t flow;
    uint32_t name;  // of its port
    uint32_t label;
    uint32_t payload_bytes;
    bool is_call;
    bool left_out = false;
    std::string status;
    int ends = 0;
  };

  uint32_t ProcessOf(const std::string& name);
  void AddSlice(Slice slice);
  void PlaceSlices();
  void WriteTracks(const Sink& write) const;
  void WriteLossesUntil(uint64_t time_ns, const Sink& write);
  std::string BeginText(const Slice& slice) const;

  std::map<std::string, uint32_t> processes_;
  std::map<std::string, int> pids_;
  std::map<std::string, uint32_t> names_;
  std::vector<std::string> name_texts_;
  std::vector<Message> messages_;
  std::vector<Slice> slices_;
  std::map<uint32_t, uint32_t> tracks_;  // how many, by process
  std::vector<LostRecords> losses_;
  size_t losses_written_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace keyport
