#include "services/tracer/trace_filter.h"

#include <charconv>

namespace keyport {

bool IsService(std::string_view name, std::string_view service) {
  if (name == service) return true;
  return name.size() > service.size() && name.starts_with(service) &&
         name[service.size()] == '.';
}

ipc::TraceOptions AtSource(const TraceFilter& filter,
                           ipc::TraceOptions source) {
  source.labels = filter.labels;
  return source;
}

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

bool TraceFilter::Matches(const TracedMessage& message,
                          std::string_view port_name) const {
  if (!port.empty() && port_name != port) return false;
  if (message.label < labels.first || message.label > labels.last) return false;
  if (service.empty()) return true;
  return IsThatWay(IsService(message.to, service),
                   IsService(message.from, service));
}

bool TraceFilter::IsThatWay(bool in, bool out) const {
  switch (direction) {
    case Direction::kIn:
      return in;
    case Direction::kOut:
      return out;
    case Direction::kBoth:
      break;
  }
  return in || out;
}

}  // namespace keyport
