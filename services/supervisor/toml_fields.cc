#include "services/supervisor/toml_fields.h"

#include <algorithm>

#include "services/common/nearest.h"

namespace keyport {

Position PositionOf(const toml::source_region& source) {
  return {source.begin.line, source.begin.column};
}

const char* TypeText(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

void TomlFields::Note(const Position& at, std::string text) {
  problems_->push_back({at, std::move(text)});
}

void TomlFields::NoteType(const toml::node& node, std::string_view key,
                          std::string_view expected) {
  Note(PositionOf(node.source()), "\"" + std::string(key) + "\" in " + where_ +
                                      " must be " + std::string(expected) +
                                      ", but it is " + TypeText(node));
}

void TomlFields::AllowOnly(const std::vector<std::string>& keys) {
  for (const auto& [key, node] : table_) {
    const std::string word(key.str());
    if (std::find(keys.begin(), keys.end(), word) != keys.end()) continue;
    Note(PositionOf(key.source()), "unknown key \"" + word + "\" in " + where_ +
                                       "; expected one of " + JoinWords(keys) +
                                       DidYouMean(word, keys));
  }
}

std::optional<Word> TomlFields::Text(std::string_view key) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as_string())
    return Word{text->get(), PositionOf(node->source())};
  NoteType(*node, key, "a string");
  return std::nullopt;
}

std::optional<int64_t> TomlFields::Integer(std::string_view key, Range range) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  const auto* number = node->as_integer();
  if (number == nullptr) {
    NoteType(*node, key, "an integer");
    return std::nullopt;
  }
  if (number->get() >= range.min && number->get() <= range.max)
    return number->get();
  Note(PositionOf(node->source()),
       "\"" + std::string(key) + "\" in " + where_ + " is " +
           std::to_string(number->get()) + ", but it must be " +
           std::to_string(range.min) + " to " + std::to_string(range.max));
  return std::nullopt;
}

std::optional<bool> TomlFields::Truth(std::string_view key) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* truth = node->as_boolean()) return truth->get();
  NoteType(*node, key, "true or false");
  return std::nullopt;
}

std::vector<Word> TomlFields::Texts(std::string_view key) {
  std::vector<Word> words;
  const toml::node* node = table_.get(key);
  if (node == nullptr) return words;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    NoteType(*node, key, "an array of strings");
    return words;
  }
  for (const toml::node& item : *array) {
    if (const auto* text = item.as_string())
      words.push_back({text->get(), PositionOf(item.source())});
    else
      NoteType(item, key, "an array of strings");
  }
  return words;
}

const toml::table* TomlFields::Table(std::string_view key) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) NoteType(*node, key, "a table");
  return node->as_table();
}

std::optional<size_t> TomlFields::OneOf(std::string_view key,
                                        const std::vector<std::string>& words) {
  const std::optional<Word> text = Text(key);
  if (!text) return std::nullopt;
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i] == text->text) return i;
  Note(text->at, "\"" + std::string(key) + "\" in " + where_ + " is \"" +
                     text->text + "\"; expected one of " + JoinWords(words) +
                     DidYouMean(text->text, words));
  return std::nullopt;
}

}  // namespace keyport
