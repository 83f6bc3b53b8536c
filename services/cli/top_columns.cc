#include "services/cli/top_columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace keyport {
namespace {

struct ColumnWords {
  TopColumn column;
  std::string_view name;
  std::string_view title;
};

constexpr ColumnWords kWords[] = {
    {TopColumn::kSender, "sender", "SENDER"},
    {TopColumn::kPort, "port", "PORT"},
    {TopColumn::kListener, "listener", "LISTENER"},
    {TopColumn::kLanes, "lanes", "LANES"},
    {TopColumn::kMessages, "messages", "MSG/S"},
    {TopColumn::kBytes, "bytes", "BYTES/S"},
    {TopColumn::kQueue, "queue", "QUEUE"},
    {TopColumn::kHigh, "high", "HIGH"},
    {TopColumn::kFull, "full", "FULL/S"},
    {TopColumn::kWakes, "wakes", "WAKES/S"},
    {TopColumn::kSleeps, "sleeps", "SLEEPS/S"},
    {TopColumn::kPaid, "paid", "PAID"},
    {TopColumn::kLost, "lost", "LOST/S"},
    {TopColumn::kTaken, "taken", "TAKEN/S"},
    {TopColumn::kQueueP99, "queue-p99", "Q-P99"},
    {TopColumn::kWorkP99, "work-p99", "W-P99"},
    {TopColumn::kTotalP99, "total-p99", "T-P99"},
    {TopColumn::kWaits, "waits", "WAITS"},
};

const ColumnWords& WordsOf(TopColumn column) {
  return *std::find_if(
      std::begin(kWords), std::end(kWords),
      [column](const ColumnWords& words) { return words.column == column; });
}

// The fullest lane was at its ring's end, or close to it.
bool WasFull(const TopRow& row) {
  return row.ring_bytes > 0 &&
         row.queued_bytes_most >= row.ring_bytes - row.ring_bytes / 10;
}

std::string HighCell(const TopRow& row) {
  return BytesText(row.queued_bytes_most) + (WasFull(row) ? "!" : "");
}

std::string PercentCell(const std::optional<double>& percent) {
  if (!percent.has_value()) return "-";
  return std::to_string(std::lround(*percent)) + "%";
}

const std::string* NameIn(TopColumn column, const TopRow& row) {
  switch (column) {
    case TopColumn::kSender:
      return &row.sender;
    case TopColumn::kPort:
      return &row.port;
    case TopColumn::kListener:
      return &row.listener;
    default:
      return nullptr;
  }
}

std::optional<uint64_t> TimeIn(TopColumn column, const TopRow& row) {
  switch (column) {
    case TopColumn::kQueueP99:
      return row.queue_p99_ns;
    case TopColumn::kWorkP99:
      return row.work_p99_ns;
    case TopColumn::kTotalP99:
      return row.total_p99_ns;
    default:
      return std::nullopt;
  }
}

std::string TimeCell(const std::optional<uint64_t>& ns) {
  return ns.has_value() ? DurationText(*ns) : "-";
}

// "crawler 41.2ms +2"
std::string WaitsCell(const TopRow& row) {
  if (row.waiting == 0) return "-";
  std::string cell = row.waiter;
  if (row.waits_ns != 0) cell += " " + DurationText(row.waits_ns);
  if (row.waiting > 1) cell += " +" + std::to_string(row.waiting - 1);
  return cell;
}

double FigureIn(TopColumn column, const TopRow& row) {
  switch (column) {
    case TopColumn::kLanes:
      return static_cast<double>(row.lanes);
    case TopColumn::kMessages:
      return row.messages;
    case TopColumn::kBytes:
      return row.bytes;
    case TopColumn::kQueue:
      return static_cast<double>(row.queued_bytes);
    case TopColumn::kHigh:
      return static_cast<double>(row.queued_bytes_most);
    case TopColumn::kFull:
      return row.full;
    case TopColumn::kWakes:
      return row.wakes;
    case TopColumn::kSleeps:
      return row.sleeps;
    case TopColumn::kPaid:
      return row.paid_percent.value_or(-1);
    case TopColumn::kLost:
      return row.lost;
    case TopColumn::kTaken:
      return row.taken;
    case TopColumn::kWaits:
      return static_cast<double>(row.waits_ns);
    case TopColumn::kQueueP99:
    case TopColumn::kWorkP99:
    case TopColumn::kTotalP99:
      return static_cast<double>(TimeIn(column, row).value_or(0));
    default:
      return 0;
  }
}

bool ComesFirst(TopColumn column, const TopRow& a, const TopRow& b) {
  if (const std::string* name = NameIn(column, a); name != nullptr) {
    const int order = name->compare(*NameIn(column, b));
    if (order != 0) return order < 0;
  }
  const double more = FigureIn(column, a) - FigureIn(column, b);
  if (more != 0) return more > 0;
  if (a.messages != b.messages) return a.messages > b.messages;
  return a.id < b.id;
}

}  // namespace

std::span<const TopColumn> ColumnsOf(TopScope scope) {
  using enum TopColumn;
  static constexpr std::array kPortColumns = {
      kPort,     kListener, kMessages, kQueue, kQueueP99, kWorkP99,
      kTotalP99, kWaits,    kHigh,     kLanes, kBytes,    kFull,
      kWakes,    kSleeps,   kPaid,     kLost,  kTaken};
  static constexpr std::array kLaneColumns = {
      kSender, kPort, kListener, kMessages, kQueue, kWaits, kHigh,
      kBytes,  kFull, kWakes,    kSleeps,   kPaid,  kLost,  kTaken};
  if (scope == TopScope::kPorts) return kPortColumns;
  return kLaneColumns;
}

std::string_view ColumnName(TopColumn column) { return WordsOf(column).name; }
std::string_view ColumnTitle(TopColumn column) { return WordsOf(column).title; }

Align ColumnAlign(TopColumn column) {
  return NameIn(column, TopRow()) != nullptr || column == TopColumn::kWaits
             ? Align::kLeft
             : Align::kRight;
}

std::string ColumnCell(TopColumn column, const TopRow& row) {
  if (const std::string* name = NameIn(column, row); name != nullptr)
    return *name;
  switch (column) {
    case TopColumn::kLanes:
      return std::to_string(row.lanes);
    case TopColumn::kBytes:
      return BytesText(static_cast<uint64_t>(row.bytes));
    case TopColumn::kQueue:
      return BytesText(row.queued_bytes);
    case TopColumn::kHigh:
      return HighCell(row);
    case TopColumn::kPaid:
      return PercentCell(row.paid_percent);
    case TopColumn::kWaits:
      return WaitsCell(row);
    case TopColumn::kQueueP99:
    case TopColumn::kWorkP99:
    case TopColumn::kTotalP99:
      return TimeCell(TimeIn(column, row));
    default:
      return RateText(FigureIn(column, row));
  }
}

void SortRows(TopColumn column, std::vector<TopRow>* rows) {
  std::stable_sort(rows->begin(), rows->end(),
                   [column](const TopRow& a, const TopRow& b) {
                     return ComesFirst(column, a, b);
                   });
}

std::string RateText(double rate) {
  constexpr std::array<const char*, 5> kUnits = {"", "k", "M", "G", "T"};
  size_t unit = 0;
  // 999.5 would be printed as 1000.
  while (rate >= 999.5 && unit + 1 < kUnits.size()) {
    rate /= 1000;
    ++unit;
  }
  const bool whole = rate >= 99.95 || rate == std::floor(rate);
  const int places = unit == 0 ? (whole ? 0 : 1) : rate < 9.995 ? 2 : !whole;
  char text[48];
  std::snprintf(text, sizeof(text), "%.*f%s", places, rate, kUnits[unit]);
  return text;
}

}  // namespace keyport
