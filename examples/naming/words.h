// What the programs have in common: numbers as text, and printing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "ipc/message.h"

namespace naming {

inline constexpr uint64_t kCountMax = 100'000'000;

// Nothing for what is no whole number.
std::optional<uint64_t> NumberOf(std::string_view text);
inline std::optional<uint64_t> NumberOf(const ipc::Message& message) {
  return NumberOf(message.text());
}

// The count among the command line's words, or `otherwise`; nothing, with a
// sentence on standard error, for what is none.
std::optional<uint64_t> CountOf(int words, char** argv, int at,
                                uint64_t otherwise);

// One line on standard output, at once.
void Print(absl::string_view line);

}  // namespace naming
