// Conditions at which a trace or a recording ends: `error`, an error's name,
// `queue>1ms`, `work>20us`, `total>2s`, `label=4`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/tracer/message_table.h"

namespace keyport {

struct EndCondition {
  enum class What { kAnyError, kError, kQueue, kWork, kTotal, kLabel };
  What what;
  uint64_t value = 0;  // the error, the label, or nanoseconds

  // Nothing if the word is none.
  static std::optional<EndCondition> Parse(std::string_view word);
  bool IsMet(const TracedMessage& message) const;
};

// Of words that can be parsed: whether one of them is met.
class EndConditions {
 public:
  explicit EndConditions(const std::vector<std::string>& words);
  bool AreMet(const TracedMessage& message) const;

 private:
  std::vector<EndCondition> conditions_;
};

}  // namespace keyport
