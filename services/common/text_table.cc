#include "services/common/text_table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace keyport {
namespace {

std::string Digits(double value, const char* unit) {
  char text[48];
  const int places = value < 10 ? 2 : value < 100 ? 1 : 0;
  std::snprintf(text, sizeof(text), "%.*f%s", places, value, unit);
  return text;
}

void AddCell(const Column& column, size_t width, const std::string& word,
             bool last, std::string* line) {
  const std::string space(width - word.size(), ' ');
  if (column.align == Align::kRight) *line += space;
  *line += word;
  if (last) return;
  if (column.align == Align::kLeft) *line += space;
  *line += "  ";
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return clean;
}

std::string DurationText(uint64_t ns) {
  const double value = static_cast<double>(ns);
  if (ns < 1'000) return std::to_string(ns) + "ns";
  if (ns < 1'000'000) return Digits(value / 1e3, "us");
  if (ns < 1'000'000'000) return Digits(value / 1e6, "ms");
  return Digits(value / 1e9, "s");
}

std::string BytesText(uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"", "K", "M", "G", "T", "P"};
  if (bytes < 1024) return std::to_string(bytes);
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  char text[48];
  const bool whole = value >= 10 || value == static_cast<int>(value);
  std::snprintf(text, sizeof(text), "%.*f%s", whole ? 0 : 1, value,
                kUnits[unit]);
  return text;
}

void TextTable::Add(std::vector<std::string> row) {
  row.resize(columns_.size());
  for (std::string& word : row) word = Printable(word);
  rows_.push_back(std::move(row));
}

std::string TextTable::Text() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = columns_[i].title.size();
    for (const auto& row : rows_) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  std::string text;
  for (size_t i = 0; i < columns_.size(); ++i)
    AddCell(columns_[i], widths[i], columns_[i].title, i + 1 == columns_.size(),
            &text);
  text += '\n';
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i)
      AddCell(columns_[i], widths[i], row[i], i + 1 == columns_.size(), &line);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace keyport
