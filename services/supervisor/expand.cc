#include "services/supervisor/expand.h"

#include <cctype>

namespace keyport {
namespace {

bool IsVariableName(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0)
    return false;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_')
      return false;
  return true;
}

void ExpandName(const std::string& name, const Lookup& lookup, Expanded* out) {
  if (name == "@")
    out->error = "\"${@}\" must be an argument of its own";
  else if (!IsVariableName(name))
    out->error = "\"${" + name + "}\" is not ${NAME}";
  else if (const auto value = lookup(name))
    out->text += *value;
  else
    out->missing.push_back(name);
}

}  // namespace

CommandWords SplitWords(const std::vector<std::string>& words) {
  CommandWords split;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals != std::string::npos &&
        IsVariableName(std::string_view(word).substr(0, equals)))
      split.variables[word.substr(0, equals)] = word.substr(equals + 1);
    else
      split.others.push_back(word);
  }
  return split;
}

Expanded Expand(std::string_view text, const Lookup& lookup) {
  Expanded out;
  while (!text.empty()) {
    const size_t start = text.find("${");
    out.text += text.substr(0, start);
    if (start == std::string_view::npos) break;
    text.remove_prefix(start + 2);
    if (start > 0 && out.text.back() == '$') {
      out.text += '{';
      continue;
    }
    const size_t end = text.find('}');
    if (end == std::string_view::npos) {
      out.error = "\"${\" without its \"}\"";
      break;
    }
    ExpandName(std::string(text.substr(0, end)), lookup, &out);
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace keyport
