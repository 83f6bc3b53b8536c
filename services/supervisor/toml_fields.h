// Typed fields of one TOML table, with a problem noted for each that is wrong.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/supervisor/manifest.h"

namespace keyport {

Position PositionOf(const toml::source_region& source);
// "an integer", as in "expected a string, found an integer".
const char* TypeText(const toml::node& node);

class TomlFields {
 public:
  static constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  struct Range {
    int64_t min;
    int64_t max;
  };
  // `where` names the table in messages: "[service.crawler]".
  TomlFields(const toml::table& table, std::string where,
             std::vector<Problem>* problems)
      : table_(table), where_(std::move(where)), problems_(problems) {}

  // Notes every key that is not one of these.
  void AllowOnly(const std::vector<std::string>& keys);
  // Each gives nothing when the key is absent, or wrong (which is noted).
  std::optional<Word> Text(std::string_view key);
  std::optional<int64_t> Integer(std::string_view key, Range range);
  std::optional<bool> Truth(std::string_view key);
  std::vector<Word> Texts(std::string_view key);
  const toml::table* Table(std::string_view key);
  // The index of the text among `words`.
  std::optional<size_t> OneOf(std::string_view key,
                              const std::vector<std::string>& words);

  void Note(const Position& at, std::string text);
  void NoteType(const toml::node& node, std::string_view key,
                std::string_view expected);
  const toml::table& table() const { return table_; }
  const std::string& where() const { return where_; }
  std::vector<Problem>* problems() const { return problems_; }
  Position at() const { return PositionOf(table_.source()); }

 private:
  const toml::table& table_;
  std::string where_;
  std::vector<Problem>* problems_;
};

}  // namespace keyport
