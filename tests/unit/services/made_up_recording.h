// MadeUpRecording: what a recorder writes of a client, a server and the port
// "store" between them. Header-only.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "services/tracer/recorder.h"
#include "services/tracer/recording_decoder.h"

namespace keyport {

inline constexpr uint64_t kMadeUpPort = 9;
inline constexpr uint64_t kMadeUpLane = 3;
inline const ipc::TraceSource kMadeUpKernel = {0, 1, "kernel"};
inline const ipc::TraceSource kMadeUpClient = {1, 101, "client"};
inline const ipc::TraceSource kMadeUpServer = {2, 102, "server"};

inline ipc::TraceRecord MadeUpRecord(ipc::TraceKind kind, uint64_t time_ns,
                                     uint64_t interval_ns = 0,
                                     uint32_t correlation = 0) {
  ipc::TraceRecord record = {};
  record.kind = static_cast<uint16_t>(kind);
  record.time_ns = time_ns;
  record.interval_ns = interval_ns;
  record.correlation = correlation;
  record.port = kMadeUpPort;
  record.lane = kMadeUpLane;
  record.flow = 77;
  record.label = 5;
  record.payload_bytes = 40;
  return record;
}

inline void LearnMadeUp(TraceDirectory* directory) {
  ipc::PortEntry port = {};
  port.id = kMadeUpPort;
  port.owner_process = 2;
  std::strncpy(port.name, "store", sizeof(port.name) - 1);
  directory->Learn(std::span<const ipc::PortEntry>(&port, 1));
  std::vector<ipc::ProcessEntry> processes(2);
  processes[0].id = 1;
  processes[0].pid = 101;
  std::strncpy(processes[0].name, "client", sizeof(processes[0].name) - 1);
  processes[1].id = 2;
  processes[1].pid = 102;
  std::strncpy(processes[1].name, "server", sizeof(processes[1].name) - 1);
  directory->Learn(processes);
  ipc::LaneEntry lane = {};
  lane.id = kMadeUpLane;
  lane.port = kMadeUpPort;
  lane.sender_process = 1;
  lane.receiver_process = 2;
  directory->Learn(std::span<const ipc::LaneEntry>(&lane, 1));
}

class MadeUpRecording {
 public:
  explicit MadeUpRecording(TraceFilter filter = {}, uint64_t ticks = 0)
      : recorder_(std::move(filter), {1'000, 5'000'000'001'000, ticks},
                  [this](TraceDirectory* directory) {
                    ++refreshes_;
                    if (knows_) LearnMadeUp(directory);
                  }) {}

  void CommentWith(Recorder::Comment comment) {
    recorder_.CommentWith(std::move(comment));
  }
  void Begin() { text_ += recorder_.Begin("test", "made up"); }
  // Before Begin: nothing is known yet.
  void KnowNothing() { knows_ = false; }
  void KnowAll() { knows_ = true; }
  void Add(const ipc::TraceSource& source, const ipc::TraceRecord& record,
           std::string_view payload = {}, uint64_t ticks = 0) {
    recorder_.Add(source, record,
                  {.bytes = ipc::BytesOf(payload), .ticks = ticks});
  }
  void EndPass(uint64_t begin_ns, const LostRecords& lost = {}) {
    text_ += recorder_.EndPass(begin_ns, lost);
  }
  void End(const Moment& at = {9'000}) { text_ += recorder_.End(at, {}); }
  // A packet of somebody else's making.
  void AddPacket(std::string_view data) {
    const auto size = static_cast<uint32_t>(data.size());
    text_ += PcapngBlock(PcapngType::packet)
                 .Put(uint32_t{0})
                 .PutTime(1)
                 .Put(size)
                 .Put(size)
                 .PutBytes(data)
                 .Finish();
  }
  // A call with all its records, sent at `time_ns`.
  void AddCall(uint64_t time_ns, uint32_t correlation) {
    using ipc::TraceKind;
    Add(kMadeUpClient, MadeUpRecord(TraceKind::send, time_ns, 0, correlation));
    Add(kMadeUpClient,
        MadeUpRecord(TraceKind::outcome, time_ns + 100, 100, correlation));
    Add(kMadeUpServer,
        MadeUpRecord(TraceKind::receive, time_ns + 30, 30, correlation));
    Add(kMadeUpServer,
        MadeUpRecord(TraceKind::reply, time_ns + 90, 60, correlation));
  }
  // Two calls and a loss, from begin to end.
  void Fill() {
    Begin();
    AddCall(2'000, 1);
    EndPass(3'000, {17, 1'500, 2'500});
    AddCall(4'000, 2);
    End();
  }

  std::vector<uint8_t> bytes() const { return {text_.begin(), text_.end()}; }
  const Recorder& recorder() const { return recorder_; }
  int refreshes() const { return refreshes_; }

 private:
  bool knows_ = true;
  int refreshes_ = 0;
  std::string text_;
  Recorder recorder_;
};

// What a decoder finds.
struct DecodedRecording {
  struct One {
    RecordedHeader header;
    std::string source;
    std::string payload = {};
  };
  RecordingDecoder decoder;
  std::vector<One> records;
  std::vector<LostRecords> losses;
  absl::StatusOr<size_t> used = 0;

  void Decode(std::span<const uint8_t> bytes) {
    used = decoder.Decode(
        bytes, {[this](const RecordingDecoder::Recorded& recorded) {
                  records.push_back({recorded.header, recorded.source.name,
                                     std::string(recorded.payload)});
                },
                [this](const LostRecords& lost) { losses.push_back(lost); }});
  }
};

}  // namespace keyport
