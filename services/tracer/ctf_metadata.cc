#include "services/tracer/ctf_metadata.h"

#include <cstdio>

#include "ipc/status.h"
#include "services/tracer/trace_format.h"

namespace keyport {
namespace {

constexpr char kTypes[] =
    R"(typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 32; align = 8; signed = true; } := int32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
typealias integer { size = 64; align = 8; signed = false; base = 16; } := hex_t;
)";

constexpr char kStream[] = R"(stream {
  id = 0;
  packet.context := struct {
    stamp_t timestamp_begin;
    stamp_t timestamp_end;
    uint64_t content_size;
    uint64_t packet_size;
    uint64_t events_discarded;
    uint64_t packet_seq_num;
    uint64_t process_id;
    int32_t pid;
    string procname;
  };
  event.header := struct {
    uint16_t id;
    stamp_t timestamp;
  };
};
)";

constexpr char kMessageFields[] = R"(
    string port;
    uint64_t port_id;
    uint64_t lane;
    hex_t flow;
    hex_t message;
    string from;
    string to;
    uint32_t label;
    uint32_t correlation;
    uint32_t bytes;
    uint16_t handles;
    error_t error;
    uint64_t interval_ns;
)";

constexpr char kFactFields[] = R"(
    uint16_t kind;
    string object;
    uint64_t object_id;
    uint64_t lane;
)";

std::string UuidText(const CtfUuid& uuid) {
  std::string text;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    char byte[4];
    std::snprintf(byte, sizeof(byte), "%02x", uuid[i]);
    text += byte;
  }
  return text;
}

std::string ErrorType() {
  constexpr uint16_t kErrorsMax = 256;
  const auto none = ipc::ErrorName(static_cast<ipc::Error>(kErrorsMax - 1));
  std::string text = "typealias enum : uint16_t {\n";
  for (uint16_t i = 0; i < kErrorsMax; ++i)
    if (const auto name = ipc::ErrorName(static_cast<ipc::Error>(i));
        name != none)
      text += "  \"" + std::string(name) + "\" = " + std::to_string(i) + ",\n";
  return text + "} := error_t;\n";
}

std::string EventType(uint16_t id, const std::string& name) {
  const bool is_message = id != kCtfUnknown && id < kCtfFirstFact;
  return "event {\n  name = \"" + name + "\";\n  id = " + std::to_string(id) +
         ";\n  stream_id = 0;\n  fields := struct {" +
         (is_message ? kMessageFields : kFactFields) + "  };\n};\n";
}

std::string ClockText(const CtfClock& clock) {
  std::string text = "clock {\n  name = " + std::string(clock.name) +
                     ";\n  description = \"" + clock.description +
                     "\";\n  freq = " + std::to_string(clock.hertz) +
                     ";\n  offset_s = " + std::to_string(clock.offset_seconds) +
                     ";\n  offset = " + std::to_string(clock.offset_cycles);
  if (clock.precision != 0)
    text += ";\n  precision = " + std::to_string(clock.precision);
  return text +
         ";\n  absolute = TRUE;\n};\n"
         "typealias integer {\n  size = 64; align = 8; signed = false; map = "
         "clock." +
         clock.name + ".value;\n} := stamp_t;\n";
}

}  // namespace

std::string CtfMetadata(const CtfUuid& uuid, const CtfClock& clock) {
  const std::string quoted = "\"" + UuidText(uuid) + "\"";
  std::string text =
      "/* CTF 1.8 */\n"
      "trace {\n  major = 1;\n  minor = 8;\n  uuid = " +
      quoted +
      ";\n  byte_order = le;\n"
      "  packet.header := struct {\n"
      "    integer { size = 32; align = 8; signed = false; } magic;\n"
      "    integer { size = 8; align = 8; signed = false; } uuid[16];\n"
      "    integer { size = 32; align = 8; signed = false; } stream_id;\n"
      "  };\n};\n"
      "env {\n  tracer_name = \"keyport\";\n};\n";
  text += ClockText(clock) + kTypes + ErrorType() + kStream;
  text += EventType(kCtfUnknown, "unknown");
  for (uint16_t kind = 1; kind < 64; ++kind)
    if (const std::string name = TraceKindText(kind); !name.starts_with("kind"))
      text += EventType(kind, name);
  return text;
}

}  // namespace keyport
