#include "services/cli/top_layout.h"

#include <algorithm>

namespace keyport {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kNameMost = 24;
constexpr size_t kNameLeast = 6;
// Figures change all the time; their columns should stay where they are.
constexpr size_t kFigureLeast = 6;

std::string Ascii(std::string_view text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // the rest of a character
    ascii += byte >= 0x20 && byte < 0x7f ? c : '?';
  }
  return ascii;
}

struct Laid {
  TopColumn column;
  std::vector<std::string> cells;  // the title first
  size_t width = 0;
};

Laid Lay(TopColumn column, const std::vector<TopRow>& rows, size_t name_most) {
  const bool name = ColumnAlign(column) == Align::kLeft;
  Laid laid = {column, {std::string(ColumnTitle(column))}};
  for (const TopRow& row : rows) laid.cells.push_back(ColumnCell(column, row));
  if (!name) laid.width = kFigureLeast;
  for (std::string& cell : laid.cells) {
    if (name) cell = FitText(cell, name_most);
    laid.width = std::max(laid.width, cell.size());
  }
  return laid;
}

// A fifth of the screen for each, so that some figures have room.
size_t NameMost(size_t columns) {
  return std::clamp(columns / 5, kNameLeast, kNameMost);
}

void AddCell(const Laid& laid, size_t row, std::string* line) {
  const std::string& cell = laid.cells[row];
  const std::string space(laid.width - cell.size(), ' ');
  if (!line->empty()) line->append(kGap, ' ');
  *line +=
      ColumnAlign(laid.column) == Align::kLeft ? cell + space : space + cell;
}

}  // namespace

std::string FitText(std::string_view text, size_t places) {
  std::string ascii = Ascii(text);
  if (ascii.size() <= places) return ascii;
  ascii.resize(places);
  if (places > 0) ascii.back() = '~';
  return ascii;
}

TopTable LayOut(const std::vector<TopRow>& rows,
                std::span<const TopColumn> shown, size_t columns) {
  std::vector<std::string> lines(rows.size() + 1);
  size_t used = 0;
  for (const TopColumn column : shown) {
    const Laid laid = Lay(column, rows, NameMost(columns));
    const size_t more = laid.width + (used == 0 ? 0 : kGap);
    if (used + more > columns) break;
    used += more;
    for (size_t i = 0; i < lines.size(); ++i) AddCell(laid, i, &lines[i]);
  }
  for (std::string& line : lines) line.resize(columns, ' ');
  TopTable table = {std::move(lines[0]), {}};
  table.rows.assign(std::make_move_iterator(lines.begin() + 1),
                    std::make_move_iterator(lines.end()));
  return table;
}

}  // namespace keyport
