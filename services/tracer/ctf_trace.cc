#include "services/tracer/ctf_trace.h"

#include <algorithm>
#include <cstring>

#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

constexpr uint32_t kMagic = 0xc1fc1fc1;
constexpr size_t kPacketBytes = 1u << 18;
// A record's writer may have put down any time; readers count in 63 bits,
// from 1970.
constexpr uint64_t kTimeMost = uint64_t{1} << 61;

uint64_t Bounded(uint64_t time_ns) { return std::min(time_ns, kTimeMost); }

class Bytes {
 public:
  template <typename T>
  Bytes& Put(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    text_.append(bytes, sizeof(T));
    return *this;
  }
  Bytes& Text(const std::string& text) {
    text_ += Utf8Text(text);
    text_ += '\0';
    return *this;
  }
  std::string Take() { return std::exchange(text_, {}); }
  size_t size() const { return text_.size(); }

 private:
  std::string text_;
};

// One file of the trace, packet by packet.
class Stream {
 public:
  struct Owner {
    uint64_t process = 0;
    int pid = 0;
    std::string name;
  };
  Stream(const CtfUuid& uuid, Owner owner)
      : uuid_(uuid), owner_(std::move(owner)) {}

  std::string Packet(uint64_t begin_ns, uint64_t end_ns, uint64_t discarded,
                     const std::string& events) {
    Bytes head;
    head.Put(kMagic);
    for (const uint8_t byte : uuid_) head.Put(byte);
    head.Put(uint32_t{0}).Put(begin_ns).Put(end_ns);
    Bytes rest;
    rest.Put(discarded).Put(number_++).Put(owner_.process);
    rest.Put(int32_t{owner_.pid}).Text(owner_.name);
    const uint64_t bits =
        8 * (head.size() + 2 * sizeof(bits) + rest.size() + events.size());
    head.Put(bits).Put(bits);
    return head.Take() + rest.Take() + events;
  }

 private:
  const CtfUuid uuid_;
  const Owner owner_;
  uint64_t number_ = 0;
};

std::string EventText(const RecordedHeader& header,
                      const RecordingDecoder& names) {
  const bool known = !TraceKindText(header.kind).starts_with("kind");
  const uint16_t id = known ? header.kind : kCtfUnknown;
  Bytes event;
  event.Put(id).Put(Bounded(header.time_ns));
  if (id == kCtfUnknown || id >= kCtfFirstFact) {
    const std::string process = names.ProcessName(header.port);
    event.Put(header.kind)
        .Text(process.empty() ? names.PortName(header.port) : process)
        .Put(header.port)
        .Put(header.lane);
    return event.Take();
  }
  event.Text(names.PortName(header.port))
      .Put(header.port)
      .Put(header.lane)
      .Put(header.flow)
      .Put(header.message)
      .Text(names.ProcessName(header.sender))
      .Text(names.ProcessName(header.receiver))
      .Put(header.label)
      .Put(header.correlation)
      .Put(header.payload_bytes)
      .Put(header.handle_count)
      .Put(header.error)
      .Put(header.interval_ns);
  return event.Take();
}

// A process's name may hold anything.
std::string FileName(const std::string& name, uint64_t process) {
  std::string file;
  for (const char c : name)
    file +=
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  return file + "_" + std::to_string(process);
}

}  // namespace

void CtfTrace::Add(const RecordingDecoder::Recorded& recorded) {
  if (count_ >= kRecordsMax) {
    ++left_out_;
    return;
  }
  ++count_;
  const RecordedHeader& header = recorded.header;
  records_[header.process].push_back(header);
  pids_[header.process] = recorded.source.pid;
  // So that one recording's trace has one number, and another's another.
  uint64_t mixed = header.time_ns * 0x9e3779b97f4a7c15u ^ header.message;
  for (size_t i = 0; i < uuid_.size(); ++i, mixed = mixed * 33 + (mixed >> 56))
    uuid_[i] = static_cast<uint8_t>(uuid_[i] ^ mixed);
}

void CtfTrace::WriteStream(uint64_t process, const RecordingDecoder& names,
                           const Sink& sink) {
  std::vector<RecordedHeader>& records = records_[process];
  std::stable_sort(records.begin(), records.end(),
                   [](const RecordedHeader& a, const RecordedHeader& b) {
                     return a.time_ns < b.time_ns;
                   });
  const std::string name = process == 0 ? "kernel" : names.ProcessName(process);
  const std::string file = FileName(name, process);
  Stream stream(uuid_, {process, pids_[process], name});
  std::string events;
  uint64_t begin_ns = records.front().time_ns;
  for (size_t i = 0; i < records.size(); ++i) {
    if (events.empty()) begin_ns = records[i].time_ns;
    events += EventText(records[i], names);
    if (events.size() < kPacketBytes && i + 1 < records.size()) continue;
    sink(file, stream.Packet(Bounded(begin_ns), Bounded(records[i].time_ns), 0,
                             std::exchange(events, {})));
  }
}

// A reader takes records to be lost between the ends of two packets of which
// the later one's count is higher.
void CtfTrace::WriteLosses(const Sink& sink) {
  Stream stream(uuid_, {0, 0, "losses"});
  uint64_t time_ns = 0;
  uint64_t discarded = 0;
  for (const LostRecords& lost : losses_) {
    const uint64_t from_ns = std::max(time_ns, Bounded(lost.from_ns));
    const uint64_t until_ns = std::max(from_ns, Bounded(lost.until_ns));
    sink("losses", stream.Packet(from_ns, from_ns, discarded, ""));
    discarded += lost.count;
    sink("losses", stream.Packet(from_ns, until_ns, discarded, ""));
    time_ns = until_ns;
  }
}

void CtfTrace::Write(const RecordingDecoder& names, const Sink& sink) {
  const uint64_t offset_ns =
      names.clock() ? static_cast<uint64_t>(names.clock()->UnixNs(0)) : 0;
  sink("metadata", CtfMetadata(uuid_, Bounded(offset_ns)));
  for (const auto& [process, records] : records_)
    WriteStream(process, names, sink);
  WriteLosses(sink);
}

}  // namespace keyport
