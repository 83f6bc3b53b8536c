#include "services/cli/top_screen.h"

#include <algorithm>
#include <cstdio>

namespace keyport {
namespace {

// Summary, heading, and the keys.
constexpr size_t kOtherLines = 3;

std::string Counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::vector<TopRow> RowsOf(const TopSample& sample, TopScope scope,
                           TopColumn sort, const std::string& port) {
  std::vector<TopRow> rows = scope == TopScope::kPorts
                                 ? PortRows(sample.before, sample.now, port)
                                 : LaneRows(sample.before, sample.now, port);
  SortRows(sort, &rows);
  return rows;
}

std::string SummaryOf(const std::vector<TopRow>& rows, TopScope scope,
                      int64_t elapsed_ns) {
  double messages = 0;
  double bytes = 0;
  for (const TopRow& row : rows) {
    messages += row.messages;
    bytes += row.bytes;
  }
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%.2f s",
                static_cast<double>(elapsed_ns) / 1e9);
  return Counted(rows.size(), scope == TopScope::kPorts ? "port" : "lane") +
         ": " + RateText(messages) + " messages/s, " +
         BytesText(static_cast<uint64_t>(bytes)) + " bytes/s (over " + seconds +
         ")";
}

void TopScreen::Show(TopSample sample) {
  if (paused_) return;
  sample_ = std::move(sample);
  sampled_ = true;
  MakeRows();
}

void TopScreen::MakeRows() {
  rows_ = RowsOf(sample_, scope_, sort_, ShownPort());
}

bool TopScreen::Press(int key) {
  switch (key) {
    case 'q':
      return false;
    case 's':
      NextColumn();
      break;
    case 'l':
    case kKeyEnter:
      LookInto();
      break;
    case 'p':
    case kKeyEscape:
      LookAtPorts();
      break;
    case ' ':
      paused_ = !paused_;
      break;
    case 'k':
    case kKeyUp:
      MoveCursor(-1);
      break;
    case 'j':
    case kKeyDown:
      MoveCursor(1);
      break;
    default:
      break;
  }
  return true;
}

void TopScreen::NextColumn() {
  const auto columns = Columns();
  const auto at = std::find(columns.begin(), columns.end(), sort_);
  sort_ = at == columns.end() || at + 1 == columns.end() ? columns.front()
                                                         : *(at + 1);
  MakeRows();
}

// The lanes of the port under the cursor.
void TopScreen::LookInto() {
  if (scope_ == TopScope::kLanes || rows_.empty()) return;
  const TopRow& row = rows_[CursorRow()];
  looked_into_ = row.id;
  one_port_ = ":" + std::to_string(row.id);
  one_port_name_ = row.port;
  scope_ = TopScope::kLanes;
  cursor_ = 0;
  MakeRows();
}

void TopScreen::LookAtPorts() {
  if (scope_ == TopScope::kPorts) return;
  scope_ = TopScope::kPorts;
  one_port_.clear();
  cursor_ = looked_into_;
  MakeRows();
}

size_t TopScreen::CursorRow() const {
  const auto at =
      std::find_if(rows_.begin(), rows_.end(),
                   [this](const TopRow& row) { return row.id == cursor_; });
  return at == rows_.end() ? 0 : static_cast<size_t>(at - rows_.begin());
}

void TopScreen::MoveCursor(int lines) {
  if (rows_.empty()) return;
  const auto row = static_cast<int64_t>(CursorRow()) + lines;
  cursor_ = rows_[static_cast<size_t>(std::clamp<int64_t>(
                      row, 0, static_cast<int64_t>(rows_.size()) - 1))]
                .id;
}

std::string TopScreen::SummaryText() const {
  std::string text = paused_ ? "keyport top  PAUSED  " : "keyport top  ";
  if (!sampled_) return text + "(counting)";
  text += SummaryOf(rows_, scope_, sample_.elapsed_ns());
  return one_port_.empty() ? text : text + " of " + one_port_name_;
}

std::string TopScreen::HelpText() const {
  return "q quit  s sort: " + std::string(ColumnName(sort_)) +
         (scope_ == TopScope::kPorts ? "  l lanes" : "  p ports") + "  space " +
         (paused_ ? "go on" : "pause");
}

std::string TopScreen::EmptyText() const {
  if (!sampled_) return "";
  const auto& ports = sample_.now.ports;
  const bool there = std::any_of(
      ports.begin(), ports.end(),
      [this](const auto& port) { return IsPortNamed(port, ShownPort()); });
  if (there) return "no lanes: nobody has used it yet";
  if (!one_port_.empty()) return "port " + one_port_name_ + " is gone";
  if (!port_.empty()) return "port \"" + port_ + "\" is gone";
  return "there are no ports";
}

std::vector<ScreenLine> TopScreen::Lines(ScreenSize size) const {
  const TopTable table = LayOut(rows_, Columns(), size.columns);
  const size_t room = size.lines > kOtherLines ? size.lines - kOtherLines : 0;
  const size_t cursor = CursorRow();
  const size_t first = cursor < room ? 0 : cursor + 1 - room;
  const size_t end = std::min(table.rows.size(), first + room);
  std::vector<ScreenLine> lines = {{SummaryText()},
                                   {table.heading, LineStyle::kHeading}};
  for (size_t i = first; i < end; ++i)
    lines.push_back({table.rows[i],
                     i == cursor ? LineStyle::kSelected : LineStyle::kPlain});
  if (rows_.empty()) lines.push_back({EmptyText()});
  while (lines.size() + 1 < size.lines) lines.push_back({});
  lines.push_back({HelpText()});
  if (lines.size() > size.lines) lines.resize(size.lines);
  for (ScreenLine& line : lines) line.text = FitText(line.text, size.columns);
  return lines;
}

}  // namespace keyport
