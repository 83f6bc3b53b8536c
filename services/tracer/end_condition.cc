#include "services/tracer/end_condition.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ipc/status.h"

namespace keyport {
namespace {

constexpr uint64_t kErrorsMax = 256;

// "1.5ms"
std::optional<uint64_t> Nanoseconds(std::string_view word) {
  double number = 0;
  const auto [unit, error] =
      std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || !(number >= 0 && number < 1e9))
    return std::nullopt;
  const std::string_view name(
      unit, static_cast<size_t>(word.data() + word.size() - unit));
  for (const auto& [text, ns] : {std::pair("ns", 1.0), std::pair("us", 1e3),
                                 std::pair("ms", 1e6), std::pair("s", 1e9)})
    if (name == text) return static_cast<uint64_t>(std::llround(number * ns));
  return std::nullopt;
}

std::optional<uint64_t> ErrorNamed(std::string_view name) {
  const auto unknown = ipc::ErrorName(static_cast<ipc::Error>(kErrorsMax - 1));
  for (uint64_t i = 1; i < kErrorsMax; ++i) {
    const auto known = ipc::ErrorName(static_cast<ipc::Error>(i));
    if (known == name && known != unknown) return i;
  }
  return std::nullopt;
}

std::optional<uint64_t> WholeNumber(std::string_view word) {
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size())
    return std::nullopt;
  return number;
}

}  // namespace

std::optional<EndCondition> EndCondition::Parse(std::string_view word) {
  const auto with = [](What what, std::optional<uint64_t> value) {
    return value ? std::optional(EndCondition{what, *value}) : std::nullopt;
  };
  if (word == "error") return EndCondition{What::kAnyError};
  for (const auto& [head, what] :
       {std::pair("queue>", What::kQueue), std::pair("work>", What::kWork),
        std::pair("total>", What::kTotal)})
    if (word.starts_with(head))
      return with(what, Nanoseconds(word.substr(word.find('>') + 1)));
  if (word.starts_with("label="))
    return with(What::kLabel, WholeNumber(word.substr(word.find('=') + 1)));
  return with(What::kError, ErrorNamed(word));
}

bool EndCondition::IsMet(const TracedMessage& message) const {
  const auto longer = [this](const std::optional<uint64_t>& ns) {
    return ns && *ns > value;
  };
  const bool failed = message.status == MessageStatus::kError;
  switch (what) {
    case What::kAnyError:
      return failed;
    case What::kError:
      return failed && static_cast<uint64_t>(message.error) == value;
    case What::kQueue:
      return longer(message.queue_ns);
    case What::kWork:
      return longer(message.work_ns);
    case What::kTotal:
      return longer(message.total_ns);
    case What::kLabel:
      return message.label == value;
  }
  return false;
}

EndConditions::EndConditions(const std::vector<std::string>& words) {
  for (const std::string& word : words)
    if (const auto condition = EndCondition::Parse(word))
      conditions_.push_back(*condition);
}

bool EndConditions::AreMet(const TracedMessage& message) const {
  return std::any_of(
      conditions_.begin(), conditions_.end(),
      [&](const EndCondition& condition) { return condition.IsMet(message); });
}

}  // namespace keyport
