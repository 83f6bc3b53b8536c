#include "services/tracer/recorder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "services/tracer/fact_format.h"

namespace keyport {
namespace {

constexpr size_t kInterfacesMax = 65'536;
constexpr uint32_t kKernelInterface = 0;
constexpr uint64_t kNoPassAfter = std::numeric_limits<uint64_t>::max();

// Options, by block.
constexpr uint16_t kSectionApplication = 4;
constexpr uint16_t kInterfaceName = 2;
constexpr uint16_t kInterfaceDescription = 3;
constexpr uint16_t kInterfaceTimeUnit = 9;
constexpr uint8_t kNanoseconds = 9;
constexpr uint16_t kPacketFlags = 2;
constexpr uint16_t kPacketDropped = 4;
constexpr uint16_t kPacketId = 5;
constexpr uint16_t kStatisticsBegin = 2;
constexpr uint16_t kStatisticsEnd = 3;
constexpr uint16_t kStatisticsReceived = 4;
constexpr uint16_t kStatisticsDropped = 5;
constexpr uint16_t kStatisticsAccepted = 6;

bool IsFact(const RecordedHeader& header) {
  return (header.flags & kRecordedFact) != 0;
}

bool IsOfMessage(uint16_t kind) {
  return kind >= static_cast<uint16_t>(ipc::TraceKind::send) &&
         kind <= static_cast<uint16_t>(ipc::TraceKind::block);
}

bool IsOfSender(ipc::TraceKind kind) {
  return kind == ipc::TraceKind::send || kind == ipc::TraceKind::outcome ||
         kind == ipc::TraceKind::block;
}

// Inbound or outbound for the process that wrote the record; 0: neither.
uint32_t DirectionOf(uint16_t kind) {
  switch (static_cast<ipc::TraceKind>(kind)) {
    case ipc::TraceKind::receive:
    case ipc::TraceKind::outcome:
      return 1;
    case ipc::TraceKind::send:
    case ipc::TraceKind::reply:
      return 2;
    default:
      return 0;
  }
}

template <typename T>
void AppendNumber(std::string* text, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  text->append(bytes, sizeof(T));
}

RecordedHeader MetaHeader(MetaKind kind, const Moment& at) {
  RecordedHeader header;
  header.kind = static_cast<uint16_t>(kind);
  header.time_ns = at.ns;
  header.ticks = at.ticks;
  return header;
}

RecordedHeader HeaderOf(const ipc::TraceSource& source,
                        const ipc::TraceRecord& record) {
  RecordedHeader header;
  // Nobody but the recorder names things.
  if (record.kind < static_cast<uint16_t>(MetaKind::clock))
    header.kind = record.kind;
  header.flags = source.process_id == 0 ? kRecordedFact : 0;
  if (record.correlation != 0) header.flags |= kRecordedCall;
  header.handle_count = record.handle_count;
  header.error = record.error;
  header.time_ns = record.time_ns;
  header.flow = record.flow;
  header.message = MessageIdOf(record);
  header.port = record.port;
  header.lane = record.lane;
  header.label = record.label;
  header.correlation = record.correlation;
  header.payload_bytes = record.payload_bytes;
  header.interval_ns = record.interval_ns;
  header.process = source.process_id;
  return header;
}

}  // namespace

uint64_t MessageIdOf(const ipc::TraceRecord& record) {
  const auto kind = static_cast<ipc::TraceKind>(record.kind);
  if (kind < ipc::TraceKind::send || kind > ipc::TraceKind::drop) return 0;
  // A call has its correlation; other messages are told apart by the time of
  // the send, from which their receiver counts.
  const uint64_t sent_ns =
      record.correlation != 0 ? 0
      : kind == ipc::TraceKind::receive
          ? record.time_ns - std::min(record.interval_ns, record.time_ns)
          : record.time_ns;
  uint64_t hash = record.lane * 0x9e3779b97f4a7c15u;
  for (const uint64_t part :
       {record.flow, uint64_t{record.correlation}, sent_ns})
    hash = ((hash ^ (hash >> 32)) ^ part) * 0xff51afd7ed558ccdu;
  return std::max<uint64_t>(hash ^ (hash >> 32), 1);
}

Recorder::Recorder(TraceFilter filter, Clocks clocks, Refresh refresh)
    : filter_(std::move(filter)),
      clocks_(clocks),
      refresh_(std::move(refresh)),
      begun_{clocks.monotonic_ns, clocks.ticks} {}

std::string Recorder::Begin(std::string_view application,
                            std::string_view comment) {
  application_ = application;
  comment_ = comment;
  out_ += PcapngBlock(PcapngType::section)
              .Put(kPcapngByteOrder)
              .Put(uint16_t{1})
              .Put(uint16_t{0})
              .Put(int64_t{-1})  // the section's length is not known
              .Option(kPcapngComment, comment_)
              .Option(kSectionApplication, application_)
              .Finish();
  AddInterface("kernel", "the kernel process: its facts, names, and losses");
  std::string body;
  AppendNumber(&body, UnixNs(begun_.ns));
  WritePacket(kKernelInterface, MetaHeader(MetaKind::clock, begun_), body);
  refresh_(&directory_);
  return std::exchange(out_, {});
}

void Recorder::Add(const ipc::TraceSource& source,
                   const ipc::TraceRecord& record,
                   const ipc::TracedPayload& payload) {
  const auto known = sources_.try_emplace(source.process_id, source).first;
  fresh_.push_back({record, &known->second,
                    std::string(ipc::TextOf(payload.bytes)), payload.ticks,
                    static_cast<uint32_t>(payload.parts)});
  seen_ += 1 + payload.parts;
}

std::string Recorder::EndPass(uint64_t begin_ns, const LostRecords& lost) {
  if (lost.count > 0 ||
      std::any_of(fresh_.begin(), fresh_.end(),
                  [this](const Held& held) { return IsUnknown(held); }))
    refresh_(&directory_);
  const auto later = std::stable_partition(
      fresh_.begin(), fresh_.end(), [begin_ns](const Held& held) {
        return held.record.time_ns < begin_ns || begin_ns == kNoPassAfter;
      });
  // Those of the pass before go now, whatever time their writers put down.
  std::vector<Held> batch = std::move(held_);
  batch.insert(batch.end(), fresh_.begin(), later);
  held_.assign(later, fresh_.end());
  fresh_.clear();
  WriteInOrder(std::move(batch));
  if (lost.count > 0) WriteLoss(lost);
  return std::exchange(out_, {});
}

std::string Recorder::End(const Moment& now, const LostRecords& lost) {
  std::string text = EndPass(kNoPassAfter, lost);
  WriteSums(now);
  text += std::exchange(out_, {});
  return text;
}

Recorder::Turn Recorder::BeginAnother(const Moment& now) {
  WriteSums(now);
  Turn turn = {std::exchange(out_, {}), {}};
  interfaces_.clear();
  interface_of_.clear();
  named_.clear();
  begun_ = now;
  turn.begin = Begin(std::string(application_), std::string(comment_));
  return turn;
}

void Recorder::WriteSums(const Moment& now) {
  Interface all;
  for (const Interface& interface : interfaces_) {
    all.seen += interface.seen;
    all.lost += interface.lost;
  }
  std::string body;
  AppendNumber(&body, all.seen);
  AppendNumber(&body, all.lost);
  WritePacket(kKernelInterface, MetaHeader(MetaKind::totals, now), body);
  WriteStatistics(now.ns);
}

bool Recorder::IsUnknown(const Held& held) const {
  if (held.source->process_id != 0) return false;
  const ipc::TraceRecord& record = held.record;
  if (record.lane != 0 && directory_.FindLane(record.lane) == nullptr)
    return true;
  return record.kind == static_cast<uint16_t>(ipc::TraceKind::port_created) &&
         directory_.FindPort(record.port) == nullptr;
}

void Recorder::WriteInOrder(std::vector<Held> batch) {
  std::stable_sort(batch.begin(), batch.end(),
                   [](const Held& a, const Held& b) {
                     return a.record.time_ns < b.record.time_ns;
                   });
  for (const Held& held : batch) WriteRecord(held);
}

void Recorder::WriteRecord(const Held& held) {
  RecordedHeader header = HeaderOf(*held.source, held.record);
  header.ticks = held.ticks;
  header.parts = held.parts;
  if (const auto* lane = directory_.FindLane(header.lane)) {
    header.sender = lane->sender;
    header.receiver = lane->receiver;
  }
  // Whose ring it was in is certain; the rest may have changed since.
  if (header.process != 0)
    (IsOfSender(static_cast<ipc::TraceKind>(header.kind)) ? header.sender
                                                          : header.receiver) =
        header.process;
  const uint32_t interface = InterfaceOf(held.record);
  interfaces_[interface].seen += 1 + held.parts;
  if (!Wants(header, held.source->name)) return;
  NameProcess(held.source->process_id, {held.source->name, held.source->pid},
              header.time_ns);
  NameEnd(header.sender, header.time_ns);
  NameEnd(header.receiver, header.time_ns);
  if (IsOfProcess(header.kind)) NameEnd(header.port, header.time_ns);
  interfaces_[interface].recorded += 1 + held.parts;
  ++recorded_;
  std::string comment;
  if (says_)
    comment = says_(header, directory_.PortName(header.port), held.payload);
  WritePacket(interface, header, held.payload, comment);
}

bool Recorder::Wants(const RecordedHeader& header,
                     std::string_view source) const {
  if (filter_.everything()) return true;
  const bool of_port = directory_.FindPort(header.port) != nullptr;
  if (!filter_.port.empty() && (of_port || !IsFact(header)) &&
      directory_.PortName(header.port) != filter_.port)
    return false;
  if (filter_.service.empty() || IsFact(header)) return true;
  const auto is_service = [&](uint64_t process) {
    const bool own = process == header.process;
    const std::string name =
        own ? std::string(source) : directory_.ProcessName(process);
    return name.empty() || IsService(name, filter_.service);
  };
  return filter_.IsThatWay(is_service(header.receiver),
                           is_service(header.sender));
}

uint32_t Recorder::InterfaceOf(const ipc::TraceRecord& record) {
  if (const auto found = interface_of_.find(record.port);
      found != interface_of_.end())
    return found->second;
  const TraceDirectory::Port* port = directory_.FindPort(record.port);
  if (port == nullptr || interfaces_.size() >= kInterfacesMax)
    return kKernelInterface;
  const auto number = static_cast<uint32_t>(interfaces_.size());
  interface_of_[record.port] = number;
  const std::string owner = directory_.ProcessName(port->owner);
  AddInterface("port:" + std::to_string(record.port) +
                   (port->name.empty() ? "" : " " + port->name),
               "owner=" + (owner.empty() ? "?" : owner));
  RecordedHeader header = MetaHeader(MetaKind::port_name, {record.time_ns});
  header.port = record.port;
  header.process = port->owner;
  NameEnd(port->owner, record.time_ns);
  WritePacket(number, header, port->name);
  return number;
}

void Recorder::AddInterface(std::string_view name,
                            std::string_view description) {
  interfaces_.emplace_back();
  out_ += PcapngBlock(PcapngType::interface)
              .Put(kLinkTypeUser0)
              .Put(uint16_t{0})
              .Put(uint32_t{0})  // packets are never cut
              .Option(kInterfaceName, name)
              .Option(kInterfaceDescription, description)
              .NumberOption(kInterfaceTimeUnit, kNanoseconds)
              .Finish();
}

void Recorder::NameEnd(uint64_t process, uint64_t time_ns) {
  if (named_.contains(process)) return;
  if (const TraceDirectory::Process* found = directory_.FindProcess(process))
    NameProcess(process, *found, time_ns);
}

void Recorder::NameProcess(uint64_t id, const TraceDirectory::Process& process,
                           uint64_t time_ns) {
  if (id == 0 || !named_.insert(id).second) return;
  RecordedHeader header = MetaHeader(MetaKind::process_name, {time_ns});
  header.process = id;
  std::string body;
  AppendNumber(&body, static_cast<int32_t>(process.pid));
  AppendNumber(&body, uint32_t{0});
  body += process.name;
  WritePacket(kKernelInterface, header, body);
}

void Recorder::WriteLoss(const LostRecords& lost) {
  lost_ += lost.count;
  interfaces_[kKernelInterface].lost += lost.count;
  RecordedHeader header = MetaHeader(MetaKind::lost, {lost.until_ns});
  header.interval_ns = lost.until_ns - lost.from_ns;
  std::string body;
  AppendNumber(&body, lost.count);
  WritePacket(kKernelInterface, header, body);
}

void Recorder::WritePacket(uint32_t interface, const RecordedHeader& header,
                           std::string_view body, std::string_view comment) {
  const auto size = static_cast<uint32_t>(sizeof(header) + body.size());
  // What is left of a payload that was cut is told apart from what there was.
  const bool cut = IsOfMessage(header.kind) && !body.empty() &&
                   body.size() < header.payload_bytes;
  const uint32_t whole =
      cut ? static_cast<uint32_t>(sizeof(header)) + header.payload_bytes : size;
  std::string data(reinterpret_cast<const char*>(&header), sizeof(header));
  data += body;
  PcapngBlock block(PcapngType::packet);
  block.Put(interface)
      .PutTime(UnixNs(header.time_ns))
      .Put(size)
      .Put(whole)
      .PutBytes(data);
  if (!comment.empty()) block.Option(kPcapngComment, comment);
  if (const uint32_t direction = DirectionOf(header.kind))
    block.NumberOption(kPacketFlags, direction);
  if (header.message != 0) block.NumberOption(kPacketId, header.message);
  if (header.kind == static_cast<uint16_t>(MetaKind::lost)) {
    uint64_t count;
    std::memcpy(&count, body.data(), sizeof(count));
    block.NumberOption(kPacketDropped, count);
  }
  out_ += block.Finish();
}

void Recorder::WriteStatistics(uint64_t now_ns) {
  for (uint32_t i = 0; i < interfaces_.size(); ++i)
    out_ += PcapngBlock(PcapngType::statistics)
                .Put(i)
                .PutTime(UnixNs(now_ns))
                .TimeOption(kStatisticsBegin, UnixNs(begun_.ns))
                .TimeOption(kStatisticsEnd, UnixNs(now_ns))
                .NumberOption(kStatisticsReceived, interfaces_[i].seen)
                .NumberOption(kStatisticsDropped, interfaces_[i].lost)
                .NumberOption(kStatisticsAccepted, interfaces_[i].recorded)
                .Finish();
}

}  // namespace keyport
