#include "services/tracer/trace_columns.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

#include "services/common/text_table.h"

namespace keyport {
namespace {

struct Cells {
  const TracedMessage& message;
  const std::string& port;
  const WallClock& clock;
};

std::string FlowCell(uint64_t flow) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%" PRIx64, flow);
  return text;
}

struct TraceColumn {
  const char* name;
  const char* title;
  int width;  // negative: to the left
  std::string (*cell)(const Cells&);
};

constexpr std::array<TraceColumn, 13> kColumns = {{
    {"time", "TIME", -15,
     [](const Cells& c) { return c.clock.Text(c.message.time_ns); }},
    {"flow", "FLOW", -14,
     [](const Cells& c) { return FlowCell(c.message.flow); }},
    {"from", "FROM", -12,
     [](const Cells& c) {
       return c.message.from.empty() ? "?" : Printable(c.message.from);
     }},
    {"port", "PORT", -12, [](const Cells& c) { return Printable(c.port); }},
    {"to", "TO", -12,
     [](const Cells& c) {
       return c.message.to.empty() ? "-" : Printable(c.message.to);
     }},
    {"label", "LABEL", 8,
     [](const Cells& c) { return std::to_string(c.message.label); }},
    {"method", "METHOD", -12,
     [](const Cells& c) {
       const std::string& method = c.message.decoded.method;
       return method.empty() ? "-" : Printable(method);
     }},
    {"bytes", "BYTES", 8,
     [](const Cells& c) { return std::to_string(c.message.payload_bytes); }},
    {"handles", "H", 2,
     [](const Cells& c) { return std::to_string(c.message.handles); }},
    {"queue", "QUEUE", 7,
     [](const Cells& c) { return DurationOrDash(c.message.queue_ns); }},
    {"work", "WORK", 7,
     [](const Cells& c) { return DurationOrDash(c.message.work_ns); }},
    {"total", "TOTAL", 7,
     [](const Cells& c) { return DurationOrDash(c.message.total_ns); }},
    {"status", "STATUS", -10,
     [](const Cells& c) { return StatusText(c.message); }},
}};

template <typename CellOf>
std::string Row(const std::vector<std::string>& columns,
                const CellOf& cell_of) {
  std::string row;
  for (const std::string& name : columns) {
    const auto* const column =
        std::find_if(kColumns.begin(), kColumns.end(),
                     [&](const TraceColumn& one) { return one.name == name; });
    if (column == kColumns.end()) continue;
    std::string cell = cell_of(*column);
    const auto width = static_cast<size_t>(std::abs(column->width));
    const std::string space(width - std::min(width, cell.size()), ' ');
    if (!row.empty()) row += "  ";
    row += column->width < 0 ? cell + space : space + cell;
  }
  row.erase(row.find_last_not_of(' ') + 1);
  return row + "\n";
}

}  // namespace

std::vector<std::string> TraceColumnNames() {
  std::vector<std::string> names;
  for (const TraceColumn& column : kColumns) names.emplace_back(column.name);
  return names;
}

std::string ColumnsHeader(const std::vector<std::string>& columns) {
  return Row(columns, [](const TraceColumn& column) {
    return std::string(column.title);
  });
}

std::string ColumnsLine(const std::vector<std::string>& columns,
                        const TracedMessage& message,
                        const std::string& port_name, const WallClock& clock) {
  const Cells cells = {message, port_name, clock};
  return Row(columns,
             [&](const TraceColumn& column) { return column.cell(cells); });
}

}  // namespace keyport
