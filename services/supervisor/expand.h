// ${NAME} in a manifest's words, and the words of the command line that fill
// them. Never reads the environment by itself.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyport {

// The words after the manifest's name: NAME=value, and all others.
struct CommandWords {
  std::map<std::string, std::string> variables;
  std::vector<std::string> others;  // what "${@}" stands for
};
CommandWords SplitWords(const std::vector<std::string>& words);

using Lookup = std::function<std::optional<std::string>(const std::string&)>;

struct Expanded {
  std::string text;
  std::vector<std::string> missing;  // names that `lookup` does not know
  std::string error;                 // "": none
};
// Replaces each ${NAME}; "$${" stands for "${" itself. What stands in a value
// is not looked at again.
Expanded Expand(std::string_view text, const Lookup& lookup);

// Stands for all other words when it is an argument of its own.
inline constexpr std::string_view kOtherWords = "${@}";

}  // namespace keyport
