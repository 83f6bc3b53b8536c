#include "services/tracer/record_json.h"

#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ipc/status.h"
#include "services/tracer/payload_text.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

std::string Hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%" PRIx64, value);
  return text;
}

}  // namespace

std::string RecordJson(const RecordingDecoder::Recorded& recorded,
                       const RecordingDecoder& names) {
  const RecordedHeader& header = recorded.header;
  const bool of_message = header.message != 0;
  Json object = {{"kind", TraceKindText(header.kind)},
                 {"fact", (header.flags & kRecordedFact) != 0},
                 {"time_ns", header.time_ns}};
  if (header.ticks != 0) object["ticks"] = header.ticks;
  if (names.clock()) object["unix_ns"] = names.clock()->UnixNs(header.time_ns);
  object["port"] = names.PortName(header.port);
  object["port_id"] = header.port;
  object["lane"] = header.lane;
  object["process"] = names.ProcessName(header.process);
  object["process_id"] = header.process;
  if (of_message) {
    object["from"] = names.ProcessName(header.sender);
    object["to"] = names.ProcessName(header.receiver);
    object["flow"] = Hex(header.flow);
    object["message"] = Hex(header.message);
    object["call"] = (header.flags & kRecordedCall) != 0;
    object["label"] = header.label;
    object["correlation"] = header.correlation;
    object["bytes"] = header.payload_bytes;
    object["handles"] = header.handle_count;
    object["interval_ns"] = header.interval_ns;
    object["error"] = ipc::ErrorName(static_cast<ipc::Error>(header.error));
    if (!recorded.payload.empty())
      object["payload_hex"] = HexOf(recorded.payload);
  }
  return LineOf(object);
}

}  // namespace keyport
