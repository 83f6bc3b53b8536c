// What the programs have in common: numbers as text, printing, and the main
// function of those that take a count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ipc/message.h"

namespace example {
class Service;
}

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

// The main function of `name [COUNT]`, 100 if it is left out.
using CountingWork = absl::Status (*)(example::Service&, uint64_t count);
int RunCounting(int argc, char** argv, const char* name, CountingWork work);

// One line on standard output, at once.
void Print(absl::string_view line);

}  // namespace naming
