// Recorder: turns trace records into the blocks of a pcapng file, whole blocks
// at a time. It does no input or output.
//
// Interface 0 stands for the kernel process: its facts, names, and losses.
// Each port that the kernel process told of has one of its own; records about
// other objects, or about ports that nobody but the record's writer knows, go
// to interface 0. Records are put in order by time over two passes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "services/tracer/even_clock.h"
#include "services/tracer/pcapng.h"
#include "services/tracer/recording_layout.h"
#include "services/tracer/trace_directory.h"
#include "services/tracer/trace_filter.h"
#include "services/tracer/trace_format.h"

namespace keyport {

class Recorder {
 public:
  // Called at the begin, and at most once a pass when the kernel process's
  // facts tell of what `directory` does not know.
  using Refresh = std::function<void(TraceDirectory* directory)>;
  struct Clocks {
    uint64_t monotonic_ns = 0;
    int64_t unix_ns = 0;  // at the same moment
    uint64_t ticks = 0;   // and of the counter; 0: there is none
  };

  // Of the filter only what is certain to be left out is: a record whose
  // other end is not known is kept.
  Recorder(TraceFilter filter, Clocks clocks, Refresh refresh);

  // What is said of a message's record in its packet, besides; "": nothing.
  // Before Begin. A drain takes as much longer.
  using Comment = std::function<std::string(const RecordedHeader& header,
                                            const std::string& port,
                                            std::string_view payload)>;
  void CommentWith(Comment comment) { says_ = std::move(comment); }

  // The file's first blocks. `application` made it, `comment` says how.
  std::string Begin(std::string_view application, std::string_view comment);
  // During a drain.
  void Add(const ipc::TraceSource& source, const ipc::TraceRecord& record,
           const ipc::TracedPayload& payload = {});
  // After a drain that began at `begin_ns` and missed `lost.count` records:
  // the blocks to write now. Later records wait for the next pass, so that
  // the file is in order.
  std::string EndPass(uint64_t begin_ns, const LostRecords& lost);
  // What is left, and each interface's sums. Once, at the end.
  std::string End(const Moment& now, const LostRecords& lost);
  // Between passes: ends the file, and begins another that can be read alone.
  // Records that wait for the next pass are the other's.
  struct Turn {
    std::string end;
    std::string begin;
  };
  Turn BeginAnother(const Moment& now);

  const TraceDirectory& directory() const { return directory_; }
  uint64_t recorded() const { return recorded_; }
  uint64_t seen() const { return seen_; }
  uint64_t lost() const { return lost_; }

 private:
  struct Held {
    ipc::TraceRecord record;
    const ipc::TraceSource* source;
    std::string payload;
    uint64_t ticks;
    uint32_t parts;  // of the payload, in the ring
  };
  // Records in trace rings, of which a payload takes some, too.
  struct Interface {
    uint64_t seen = 0;
    uint64_t recorded = 0;
    uint64_t lost = 0;
  };

  uint64_t UnixNs(uint64_t monotonic_ns) const {
    return static_cast<uint64_t>(clocks_.unix_ns) +
           (monotonic_ns - clocks_.monotonic_ns);
  }
  bool IsUnknown(const Held& held) const;
  void WriteInOrder(std::vector<Held> batch);
  void WriteRecord(const Held& held);
  void WriteLoss(const LostRecords& lost);
  bool Wants(const RecordedHeader& header, std::string_view source) const;
  uint32_t InterfaceOf(const ipc::TraceRecord& record);
  void AddInterface(std::string_view name, std::string_view description);
  // Before a record of `time_ns` that mentions it.
  void NameProcess(uint64_t id, const TraceDirectory::Process& process,
                   uint64_t time_ns);
  void NameEnd(uint64_t process, uint64_t time_ns);
  void WritePacket(uint32_t interface, const RecordedHeader& header,
                   std::string_view body, std::string_view comment = {});
  // Of this file.
  void WriteSums(const Moment& now);
  void WriteStatistics(uint64_t now_ns);

  const TraceFilter filter_;
  const Clocks clocks_;
  const Refresh refresh_;
  Comment says_;  // null: nothing
  TraceDirectory directory_;
  std::unordered_map<uint64_t, ipc::TraceSource> sources_;  // by process
  std::vector<Held> held_;   // of the pass before
  std::vector<Held> fresh_;  // of this pass
  std::vector<Interface> interfaces_;
  std::unordered_map<uint64_t, uint32_t> interface_of_;  // ports
  std::unordered_set<uint64_t> named_;                   // processes
  std::string application_;
  std::string comment_;
  Moment begun_;  // this file
  std::string out_;
  uint64_t seen_ = 0;
  uint64_t recorded_ = 0;
  uint64_t lost_ = 0;
};

// The same number in all records of one message; 0 for a record of none.
uint64_t MessageIdOf(const ipc::TraceRecord& record);

}  // namespace keyport
