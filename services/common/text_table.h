// TextTable: rows of words in columns for a terminal. Never cuts a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyport {

enum class Align { kLeft, kRight };
// kIfSaid: not if every row says "-".
enum class Shown { kAlways, kIfSaid };
struct Column {
  std::string title;
  Align align = Align::kLeft;
  Shown shown = Shown::kAlways;
};

class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns)
      : columns_(std::move(columns)) {}
  // As many words as there are columns. Bytes that are no printable text are
  // shown as "?".
  void Add(std::vector<std::string> row);
  std::string Text() const;

 private:
  bool IsShown(size_t column) const;
  size_t Width(size_t column) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Text from another process, fit for a terminal: control characters as "?".
std::string Printable(std::string_view text);
// "1.2us", "35ms"; three digits.
std::string DurationText(uint64_t ns);
// "-" for none.
std::string DurationOrDash(const std::optional<uint64_t>& ns);
// "512", "64K", "1.5M"; binary units.
std::string BytesText(uint64_t bytes);
// A name of the ABI, which ends at the first zero.
template <size_t kSize>
std::string NameText(const char (&name)[kSize]) {
  const std::string_view all(name, kSize);
  return Printable(all.substr(0, all.find('\0')));
}

}  // namespace keyport
