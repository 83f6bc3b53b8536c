#include "services/tracer/trace_filter.h"

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
