#include "services/tracer/fact_format.h"

#include <nlohmann/json.hpp>

#include "services/common/text_table.h"

namespace keyport {

bool IsFactKind(uint16_t kind) {
  return kind >= static_cast<uint16_t>(ipc::TraceKind::port_created) &&
         kind <= static_cast<uint16_t>(ipc::TraceKind::process_ended);
}

bool IsOfProcess(uint16_t kind) {
  return kind == static_cast<uint16_t>(ipc::TraceKind::process_started) ||
         kind == static_cast<uint16_t>(ipc::TraceKind::process_ended);
}

std::string FactLine(const ipc::TraceRecord& record, const std::string& object,
                     const WallClock& clock) {
  std::string line = clock.Text(record.time_ns) +
                     "  -- kernel: " + TraceKindText(record.kind) + " " +
                     Printable(object);
  if (record.lane != 0) line += ", lane " + std::to_string(record.lane);
  return line + "\n";
}

std::string FactJson(const ipc::TraceRecord& record, const std::string& object,
                     const WallClock& clock) {
  nlohmann::ordered_json json = {{"kind", TraceKindText(record.kind)},
                                 {"fact", true},
                                 {"time_ns", record.time_ns},
                                 {"unix_ns", clock.UnixNs(record.time_ns)},
                                 {"object", object},
                                 {"object_id", record.port}};
  if (record.lane != 0) json["lane"] = record.lane;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

}  // namespace keyport
