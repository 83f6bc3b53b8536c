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
             std::string* line) {
  if (!line->empty()) *line += "  ";
  const std::string space(width - word.size(), ' ');
  if (column.align == Align::kRight) *line += space;
  *line += word;
  if (column.align == Align::kLeft) *line += space;
}

}  // namespace

namespace {

struct Character {
  uint32_t code = 0;
  size_t bytes = 0;  // 0: what is here is no UTF-8
};

Character FirstOf(std::string_view text) {
  const auto byte = [text](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  uint32_t code = first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10ffff) return {};
  return {code, bytes};
}

// What a terminal takes for a command, or that hides or turns what is written;
// the page's shown() has the same.
bool IsTrick(uint32_t code) {
  struct Range {
    uint32_t first;
    uint32_t last;
  };
  constexpr Range kTricks[] = {{0, 0x1f},        {0x7f, 0x9f},
                               {0x200b, 0x200f}, {0x2028, 0x202e},
                               {0x2060, 0x2069}, {0xfeff, 0xfeff}};
  return std::any_of(std::begin(kTricks), std::end(kTricks),
                     [code](const Range& range) {
                       return code >= range.first && code <= range.last;
                     });
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const Character character = FirstOf(text);
    if (character.bytes == 0 || IsTrick(character.code))
      clean += '?';
    else
      clean += text.substr(0, character.bytes);
    text.remove_prefix(std::max<size_t>(character.bytes, 1));
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

std::string DurationOrDash(const std::optional<uint64_t>& ns) {
  return ns ? DurationText(*ns) : "-";
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

bool TextTable::IsShown(size_t column) const {
  return columns_[column].shown == Shown::kAlways ||
         std::any_of(rows_.begin(), rows_.end(),
                     [column](const auto& row) { return row[column] != "-"; });
}

size_t TextTable::Width(size_t column) const {
  size_t width = columns_[column].title.size();
  for (const auto& row : rows_) width = std::max(width, row[column].size());
  return width;
}

std::string TextTable::Text() const {
  std::vector<std::string> lines(rows_.size() + 1);
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!IsShown(i)) continue;
    const size_t width = Width(i);
    AddCell(columns_[i], width, columns_[i].title, &lines[0]);
    for (size_t j = 0; j < rows_.size(); ++j)
      AddCell(columns_[i], width, rows_[j][i], &lines[j + 1]);
  }
  std::string text;
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace keyport
