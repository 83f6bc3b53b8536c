#include "services/tracer/ctf_trace.h"

#include <algorithm>
#include <cstring>

#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

constexpr uint32_t kMagic = 0xc1fc1fc1;
constexpr size_t kPacketBytes = 1u << 18;
// A record's writer may have put down any time; readers count nanoseconds in 63
// bits, from 1970, and a cycle is at most two of them.
constexpr uint64_t kStampMost = uint64_t{1} << 61;
static_assert(EvenClock::kHertzLeast >= 500'000'000);

uint64_t Bounded(uint64_t stamp) { return std::min(stamp, kStampMost); }

CtfClock MonotonicClock(uint64_t offset_ns) {
  return {.name = "monotonic",
          .description = "CLOCK_MONOTONIC",
          .hertz = 1'000'000'000,
          .offset_seconds = offset_ns / 1'000'000'000,
          .offset_cycles = offset_ns % 1'000'000'000};
}

// Nothing where the counter's zero lies before 1970: somebody made that up.
std::optional<CtfClock> CounterClock(const EvenClock& counter,
                                     uint64_t unix_ns) {
  constexpr uint64_t kSecond = 1'000'000'000;
  const uint64_t hertz = counter.hertz();
  const uint64_t ticks = counter.begin().ticks;
  const auto cycles = static_cast<uint64_t>(
      static_cast<double>(unix_ns % kSecond) * static_cast<double>(hertz) /
      static_cast<double>(kSecond));
  const bool borrows = cycles < ticks % hertz;
  const uint64_t back = ticks / hertz + (borrows ? 1 : 0);
  if (unix_ns >= kStampMost || back > unix_ns / kSecond) return std::nullopt;
  return CtfClock{
      .name = "tsc",
      .description = "the processors' counter",
      .hertz = hertz,
      .offset_seconds = unix_ns / kSecond - back,
      .offset_cycles = cycles + (borrows ? hertz : 0) - ticks % hertz};
}

uint64_t Apart(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

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

  std::string Packet(uint64_t begin, uint64_t end, uint64_t discarded,
                     const std::string& events) {
    Bytes head;
    head.Put(kMagic);
    for (const uint8_t byte : uuid_) head.Put(byte);
    head.Put(uint32_t{0}).Put(begin).Put(end);
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
  event.Put(id).Put(header.ticks);
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
                     return a.ticks < b.ticks;
                   });
  const std::string name = process == 0 ? "kernel" : names.ProcessName(process);
  const std::string file = FileName(name, process);
  Stream stream(uuid_, {process, pids_[process], name});
  std::string events;
  uint64_t begin = records.front().ticks;
  for (size_t i = 0; i < records.size(); ++i) {
    if (events.empty()) begin = records[i].ticks;
    events += EventText(records[i], names);
    if (events.size() < kPacketBytes && i + 1 < records.size()) continue;
    sink(file,
         stream.Packet(begin, records[i].ticks, 0, std::exchange(events, {})));
  }
}

// A reader takes records to be lost between the ends of two packets of which
// the later one's count is higher.
void CtfTrace::WriteLosses(const Sink& sink) {
  Stream stream(uuid_, {0, 0, "losses"});
  uint64_t last = 0;
  uint64_t discarded = 0;
  for (const LostRecords& lost : losses_) {
    const uint64_t from = std::max(last, StampOf(lost.from_ns));
    const uint64_t until = std::max(from, StampOf(lost.until_ns));
    sink("losses", stream.Packet(from, from, discarded, ""));
    discarded += lost.count;
    sink("losses", stream.Packet(from, until, discarded, ""));
    last = until;
  }
}

uint64_t CtfTrace::StampOf(uint64_t time_ns) const {
  return Bounded(counter_ ? counter_->TicksOf(time_ns) : time_ns);
}

CtfClock CtfTrace::ChooseClock(const RecordingDecoder& names) {
  const auto unix_ns = [&](uint64_t ns) {
    return names.clock() ? static_cast<uint64_t>(names.clock()->UnixNs(ns))
                         : uint64_t{0};
  };
  if (const auto counter = names.counter())
    if (const auto clock =
            CounterClock(*counter, unix_ns(counter->begin().ns))) {
      counter_ = counter;
      return *clock;
    }
  return MonotonicClock(Bounded(unix_ns(0)));
}

uint64_t CtfTrace::StampRecords() {
  uint64_t wrong_ns = 0;
  for (auto& [process, records] : records_)
    for (RecordedHeader& record : records) {
      const bool has_ticks = counter_ && record.ticks != 0;
      if (has_ticks && counter_->Spans(record.time_ns))
        wrong_ns = std::max(
            wrong_ns, Apart(counter_->NsOf(record.ticks), record.time_ns));
      record.ticks =
          has_ticks ? Bounded(record.ticks) : StampOf(record.time_ns);
    }
  return wrong_ns;
}

void CtfTrace::Write(const RecordingDecoder& names, const Sink& sink) {
  CtfClock clock = ChooseClock(names);
  const uint64_t wrong_ns = StampRecords();
  if (counter_) clock.precision = counter_->LengthOf(wrong_ns) + 1;
  sink("metadata", CtfMetadata(uuid_, clock));
  for (const auto& [process, records] : records_)
    WriteStream(process, names, sink);
  WriteLosses(sink);
}

}  // namespace keyport
