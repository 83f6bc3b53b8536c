#include "services/tracer/perfetto_trace.h"

#include <algorithm>
#include <limits>

#include "services/tracer/proto_message.h"
#include "services/tracer/slice_tracks.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

constexpr uint32_t kTracePacket = 1;
namespace packet {
constexpr uint32_t kClockSnapshot = 6, kTimestamp = 8, kSequence = 10,
                   kTrackEvent = 11, kPreviousPacketDropped = 42,
                   kTimestampClock = 58, kTrackDescriptor = 60;
}
namespace snapshot {
constexpr uint32_t kClocks = 1, kPrimaryTraceClock = 2;
constexpr uint32_t kClockId = 1, kClockTimestamp = 2;
constexpr uint64_t kRealtime = 1, kMonotonic = 3;
}  // namespace snapshot
namespace track {
constexpr uint32_t kUuid = 1, kName = 2, kProcess = 3, kParent = 5;
constexpr uint32_t kProcessPid = 1, kProcessName = 6;
}  // namespace track
namespace event {
constexpr uint32_t kAnnotations = 4, kType = 9, kTrack = 11, kCategories = 22,
                   kName = 23, kFlows = 47, kEndingFlows = 48,
                   kCorrelation = 52;
constexpr uint64_t kBegin = 1, kEnd = 2, kInstant = 3;
constexpr uint32_t kAnnotationUint = 3, kAnnotationString = 6,
                   kAnnotationName = 10;
}  // namespace event

constexpr uint64_t kLossTrack = 1;

uint64_t After(uint64_t ns, uint64_t more_ns) {
  return ns + std::min(more_ns, std::numeric_limits<uint64_t>::max() - ns);
}

// Tracks have numbers that are unique in the file.
uint64_t ProcessTrack(uint32_t process) { return uint64_t{process} << 32; }
uint64_t SliceTrack(uint32_t process, uint32_t track) {
  return ProcessTrack(process) + 1 + track;
}

std::string PacketText(ProtoMessage content) {
  content.Uint(packet::kSequence, 1);
  return ProtoMessage().Message(kTracePacket, content).text();
}

ProtoMessage Timed(uint64_t time_ns) {
  ProtoMessage content;
  content.Uint(packet::kTimestamp, time_ns);
  content.Uint(packet::kTimestampClock, snapshot::kMonotonic);
  return content;
}

ProtoMessage Annotation(const char* name, uint64_t value) {
  return ProtoMessage()
      .Bytes(event::kAnnotationName, name)
      .Uint(event::kAnnotationUint, value);
}

ProtoMessage Annotation(const char* name, const std::string& value) {
  return ProtoMessage()
      .Bytes(event::kAnnotationName, name)
      .Bytes(event::kAnnotationString, value);
}

// Says how the packets' clock relates to the wall clock, and that nothing is
// to be turned into another one.
std::string ClockText(std::optional<WallClock> clock, uint64_t time_ns) {
  const auto reading = [](uint64_t id, uint64_t ns) {
    return ProtoMessage()
        .Uint(snapshot::kClockId, id)
        .Uint(snapshot::kClockTimestamp, ns);
  };
  ProtoMessage content;
  content.Message(snapshot::kClocks, reading(snapshot::kMonotonic, time_ns));
  if (clock)
    content.Message(snapshot::kClocks,
                    reading(snapshot::kRealtime,
                            static_cast<uint64_t>(clock->UnixNs(time_ns))));
  content.Uint(snapshot::kPrimaryTraceClock, snapshot::kMonotonic);
  return PacketText(ProtoMessage().Message(packet::kClockSnapshot, content));
}

std::string EndText(uint64_t track, uint64_t time_ns) {
  ProtoMessage content = Timed(time_ns);
  content.Message(packet::kTrackEvent, ProtoMessage()
                                           .Uint(event::kType, event::kEnd)
                                           .Uint(event::kTrack, track));
  return PacketText(content);
}

std::string TrackText(const ProtoMessage& descriptor) {
  return PacketText(
      ProtoMessage().Message(packet::kTrackDescriptor, descriptor));
}

// The slices that have begun and not ended, by track.
class OpenSlices {
 public:
  void EndUntil(uint64_t track, uint64_t time_ns,
                const PerfettoTrace::Sink& write) {
    std::vector<uint64_t>& ends = open_[track];
    for (; !ends.empty() && ends.back() <= time_ns; ends.pop_back())
      write(EndText(track, ends.back()));
  }
  void Begin(uint64_t track, uint64_t end_ns) {
    open_[track].push_back(end_ns);
  }
  void EndAll(const PerfettoTrace::Sink& write) {
    for (const auto& [track, ends] : open_)
      EndUntil(track, std::numeric_limits<uint64_t>::max(), write);
  }

 private:
  std::map<uint64_t, std::vector<uint64_t>> open_;  // ends, innermost last
};

}  // namespace

uint32_t PerfettoTrace::ProcessOf(const std::string& name) {
  return processes_
      .try_emplace(name, static_cast<uint32_t>(processes_.size() + 1))
      .first->second;
}

void PerfettoTrace::SetPid(const std::string& service, int pid) {
  if (!service.empty()) pids_[service] = pid;
}

void PerfettoTrace::Add(const TracedMessage& message, const std::string& port) {
  if (messages_.size() >= kMessagesMax) {
    ++left_out_;
    return;
  }
  const auto [name, is_new] =
      names_.try_emplace(port, static_cast<uint32_t>(name_texts_.size()));
  if (is_new) name_texts_.push_back(Utf8Text(port));
  const size_t index = messages_.size();
  messages_.push_back({.flow = message.flow,
                       .name = name->second,
                       .label = message.label,
                       .payload_bytes = message.payload_bytes,
                       .is_call = message.is_call,
                       .status = StatusText(message)});
  if (!message.from.empty())
    AddSlice({.begin_ns = message.time_ns,
              .end_ns = After(message.time_ns, message.total_ns.value_or(0)),
              .message = index,
              .process = ProcessOf(message.from),
              .of_sender = true});
  if (WasReceived(message)) {
    const uint64_t begin_ns =
        After(message.time_ns, message.queue_ns.value_or(0));
    AddSlice({.begin_ns = begin_ns,
              .end_ns = After(begin_ns, message.work_ns.value_or(0)),
              .message = index,
              .process = ProcessOf(message.to),
              .of_sender = false});
  }
}

void PerfettoTrace::AddSlice(Slice slice) {
  slice.end_ns = std::max(slice.end_ns, After(slice.begin_ns, 1));
  ++messages_[slice.message].ends;
  slices_.push_back(slice);
}

void PerfettoTrace::PlaceSlices() {
  std::stable_sort(slices_.begin(), slices_.end(),
                   [](const Slice& a, const Slice& b) {
                     if (a.begin_ns != b.begin_ns)
                       return a.begin_ns < b.begin_ns;
                     return a.end_ns > b.end_ns;
                   });
  std::map<uint32_t, SliceTracks> tracks;
  for (Slice& slice : slices_) {
    Message& message = messages_[slice.message];
    if (message.left_out) continue;
    const auto place =
        tracks[slice.process].Place(slice.begin_ns, slice.end_ns);
    slice.track = place.value_or(0);
    if (!place) {
      message.left_out = true;
      ++left_out_;
    }
    uint32_t& count = tracks_[slice.process];
    count = std::max(count, slice.track + 1);
  }
}

void PerfettoTrace::WriteTracks(const Sink& write) const {
  for (const auto& [name, process] : processes_) {
    const auto pid = pids_.find(name);
    ProtoMessage about;
    about.Uint(track::kProcessPid,
               static_cast<uint64_t>(pid == pids_.end() ? 0 : pid->second));
    about.Bytes(track::kProcessName, Utf8Text(name));
    write(TrackText(ProtoMessage()
                        .Uint(track::kUuid, ProcessTrack(process))
                        .Message(track::kProcess, about)));
    const auto count = tracks_.find(process);
    for (uint32_t i = 0; count != tracks_.end() && i < count->second; ++i)
      write(TrackText(ProtoMessage()
                          .Uint(track::kUuid, SliceTrack(process, i))
                          .Uint(track::kParent, ProcessTrack(process))
                          .Bytes(track::kName, "messages")));
  }
  if (!losses_.empty())
    write(TrackText(ProtoMessage()
                        .Uint(track::kUuid, kLossTrack)
                        .Bytes(track::kName, "records lost")));
}

std::string PerfettoTrace::BeginText(const Slice& slice) const {
  const Message& message = messages_[slice.message];
  const char* category = slice.of_sender ? "call" : "work";
  const std::string name = (!slice.of_sender  ? ""
                            : message.is_call ? "call "
                                              : "send ") +
                           name_texts_[message.name];
  ProtoMessage about;
  about.Uint(event::kType, event::kBegin)
      .Uint(event::kTrack, SliceTrack(slice.process, slice.track))
      .Bytes(event::kCategories, category)
      .Bytes(event::kName, name)
      .Uint(event::kCorrelation, message.flow)
      .Message(event::kAnnotations, Annotation("label", message.label))
      .Message(event::kAnnotations, Annotation("bytes", message.payload_bytes))
      .Message(event::kAnnotations, Annotation("status", message.status));
  // One flow a hop: a chain is told by its correlation.
  if (message.ends == 2)
    about.Fixed64(slice.of_sender ? event::kFlows : event::kEndingFlows,
                  slice.message + 1);
  ProtoMessage content = Timed(slice.begin_ns);
  content.Message(packet::kTrackEvent, about);
  return PacketText(content);
}

void PerfettoTrace::WriteLossesUntil(uint64_t time_ns, const Sink& write) {
  for (; losses_written_ < losses_.size() &&
         losses_[losses_written_].until_ns <= time_ns;
       ++losses_written_) {
    const LostRecords& lost = losses_[losses_written_];
    ProtoMessage content = Timed(lost.until_ns);
    content.Uint(packet::kPreviousPacketDropped, 1);
    content.Message(
        packet::kTrackEvent,
        ProtoMessage()
            .Uint(event::kType, event::kInstant)
            .Uint(event::kTrack, kLossTrack)
            .Bytes(event::kName, std::to_string(lost.count) + " records lost")
            .Message(event::kAnnotations, Annotation("records", lost.count))
            .Message(event::kAnnotations, Annotation("from_ns", lost.from_ns)));
    write(PacketText(content));
  }
}

void PerfettoTrace::Write(std::optional<WallClock> clock, const Sink& write) {
  PlaceSlices();
  std::stable_sort(losses_.begin(), losses_.end(),
                   [](const LostRecords& a, const LostRecords& b) {
                     return a.until_ns < b.until_ns;
                   });
  write(ClockText(clock, slices_.empty() ? 0 : slices_.front().begin_ns));
  WriteTracks(write);
  OpenSlices open;
  for (const Slice& slice : slices_) {
    if (messages_[slice.message].left_out) continue;
    WriteLossesUntil(slice.begin_ns, write);
    const uint64_t track = SliceTrack(slice.process, slice.track);
    open.EndUntil(track, slice.begin_ns, write);
    write(BeginText(slice));
    open.Begin(track, slice.end_ns);
  }
  open.EndAll(write);
  WriteLossesUntil(std::numeric_limits<uint64_t>::max(), write);
}

}  // namespace keyport
