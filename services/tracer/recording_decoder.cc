#include "services/tracer/recording_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "ipc/status.h"
#include "services/tracer/pcapng.h"

namespace keyport {
namespace {

constexpr size_t kNamesMax = 65'536;
constexpr size_t kNameBytesMax = 256;
constexpr size_t kCommentBytesMax = 1'024;

template <typename T>
T NumberAt(std::span<const uint8_t> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

std::string NameIn(std::span<const uint8_t> bytes) {
  bytes = bytes.first(std::min(bytes.size(), kNameBytesMax));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Never more than the message had.
std::string_view PayloadIn(const RecordedHeader& header,
                           std::span<const uint8_t> body) {
  const size_t most =
      std::min<size_t>(header.payload_bytes, ipc::abi::kTraceSnapMax);
  return {reinterpret_cast<const char*>(body.data()),
          std::min(body.size(), most)};
}

std::optional<RecordedHeader> HeaderIn(std::span<const uint8_t> packet) {
  if (packet.size() < kRecordedHeaderLeast) return std::nullopt;
  // What an older one does not have is 0.
  std::array<uint8_t, sizeof(RecordedHeader)> bytes = {};
  const bool old =
      NumberAt<uint16_t>(packet, offsetof(RecordedHeader, header_bytes)) <
      bytes.size();
  std::copy_n(
      packet.begin(),
      old ? kRecordedHeaderLeast : std::min(bytes.size(), packet.size()),
      bytes.begin());
  const auto header = NumberAt<RecordedHeader>(bytes, 0);
  if (header.magic != kRecordedMagic || header.version != kRecordedVersion ||
      header.header_bytes < kRecordedHeaderLeast ||
      header.header_bytes > packet.size())
    return std::nullopt;
  return header;
}

ipc::TraceRecord RecordOf(const RecordedHeader& header) {
  ipc::TraceRecord record = {};
  record.time_ns = header.time_ns;
  record.flow = header.flow;
  record.port = header.port;
  record.lane = header.lane;
  record.label = header.label;
  record.correlation = header.correlation;
  record.payload_bytes = header.payload_bytes;
  record.kind = header.kind;
  record.handle_count = static_cast<uint8_t>(header.handle_count);
  record.error = static_cast<uint8_t>(header.error);
  record.interval_ns = header.interval_ns;
  return record;
}

}  // namespace

absl::StatusOr<size_t> RecordingDecoder::Decode(std::span<const uint8_t> bytes,
                                                const Sink& sink) {
  size_t used = 0;
  while (true) {
    const TakenBlock block = TakeBlock(bytes.subspan(used));
    if (block.outcome == TakenBlock::Outcome::kIncomplete) return used;
    if (block.outcome == TakenBlock::Outcome::kWrong)
      return ipc::MakeStatus(
          begun_ ? ipc::Error::bad_state : ipc::Error::not_supported,
          begun_ ? "a block's length makes no sense; what follows is not read"
                 : "this is no pcapng file");
    if (absl::Status taken = TakeOne(block.type, block.body, sink); !taken.ok())
      return taken;
    if (sink.block) sink.block(bytes.subspan(used, block.size));
    used += block.size;
  }
}

absl::Status RecordingDecoder::TakeOne(uint32_t type,
                                       std::span<const uint8_t> body,
                                       const Sink& sink) {
  const bool section = type == static_cast<uint32_t>(PcapngType::section);
  if (!begun_ && !section)
    return ipc::MakeStatus(ipc::Error::not_supported, "this is no pcapng file");
  if (section) {
    unended_ |= begun_ && !ended_;
    ended_ = false;
    end_ = {};  // its own is not known yet
    begun_ = true;
    if (!IsReadableSection(body))
      return ipc::MakeStatus(ipc::Error::not_supported,
                             "only little-endian pcapng 1.0 can be read");
    comment_ = OptionIn(body.subspan(kSectionBytes), kPcapngComment)
                   .substr(0, kCommentBytesMax);
    return absl::OkStatus();
  }
  if (type != static_cast<uint32_t>(PcapngType::packet))
    return absl::OkStatus();
  if (const auto packet = PacketOf(body))
    TakePacket(*packet, sink);
  else
    ++foreign_;
  return absl::OkStatus();
}

void RecordingDecoder::TakePacket(std::span<const uint8_t> packet,
                                  const Sink& sink) {
  const std::optional<RecordedHeader> header = HeaderIn(packet);
  if (!header) {
    ++foreign_;
    return;
  }
  if (header->kind >= static_cast<uint16_t>(MetaKind::clock)) {
    if (!TakeMeta(*header, packet.subspan(header->header_bytes), sink))
      ++foreign_;
    return;
  }
  loss_.seen += 1 + uint64_t{header->parts};
  sink.record({*header, SourceOf(header->process), RecordOf(*header),
               PayloadIn(*header, packet.subspan(header->header_bytes))});
}

bool RecordingDecoder::TakeMeta(const RecordedHeader& header,
                                std::span<const uint8_t> body,
                                const Sink& sink) {
  switch (static_cast<MetaKind>(header.kind)) {
    case MetaKind::clock:
      if (body.size() < 8) return false;
      clock_ = WallClock(
          static_cast<int64_t>(NumberAt<uint64_t>(body, 0) - header.time_ns));
      if (begin_.ns == 0) begin_ = {header.time_ns, header.ticks};
      return true;
    case MetaKind::process_name:
      if (body.size() < 8) return false;
      if (sources_.size() < kNamesMax)
        sources_[header.process] = {header.process, NumberAt<int32_t>(body, 0),
                                    NameIn(body.subspan(8))};
      return true;
    case MetaKind::port_name:
      if (ports_.size() < kNamesMax && !body.empty())
        ports_[header.port] = NameIn(body);
      return true;
    case MetaKind::lost: {
      if (body.size() < 8) return false;
      const auto count = NumberAt<uint64_t>(body, 0);
      loss_.lost += count;
      sink.loss({count, header.time_ns - header.interval_ns, header.time_ns});
      return true;
    }
    case MetaKind::totals:
      ended_ = true;
      end_ = {header.time_ns, header.ticks};
      return body.size() >= 16;
  }
  return false;
}

const ipc::TraceSource& RecordingDecoder::SourceOf(uint64_t process) {
  const auto found = sources_.find(process);
  if (found != sources_.end()) return found->second;
  unknown_.process_id = process;
  return unknown_;
}

std::string RecordingDecoder::PortName(uint64_t port) const {
  const auto found = ports_.find(port);
  return found == ports_.end() ? ":" + std::to_string(port) : found->second;
}

std::string RecordingDecoder::ProcessName(uint64_t process) const {
  const auto found = sources_.find(process);
  return found == sources_.end() ? "" : found->second.name;
}

}  // namespace keyport
