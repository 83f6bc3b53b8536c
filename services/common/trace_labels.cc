#include "services/common/trace_labels.h"

#include <charconv>

namespace keyport {

std::optional<ipc::TraceLabels> ReadLabels(std::string_view word) {
  const auto number = [](std::string_view digits) -> std::optional<uint32_t> {
    uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size())
      return std::nullopt;
    return value;
  };
  const size_t dash = word.find('-');
  const auto first = number(word.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : number(word.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return ipc::TraceLabels{*first, *last};
}

}  // namespace keyport
