// Which messages a tracer shows.
#pragma once

#include <string>
#include <string_view>

#include "ipc/trace.h"
#include "services/tracer/message_table.h"

namespace keyport {

enum class Direction { kBoth, kIn, kOut };  // as seen from the service

struct TraceFilter {
  std::string service;  // "": all; "tokenizer" means tokenizer.1 too
  std::string port;     // "": all
  Direction direction = Direction::kBoth;
  ipc::TraceLabels labels = {};

  bool Matches(const TracedMessage& message, std::string_view port_name) const;
  // Of one that its service received, or sent, or both.
  bool IsThatWay(bool in, bool out) const;
  bool everything() const { return service.empty() && port.empty(); }
};

// `source`, and what of the filter services themselves can leave out.
ipc::TraceOptions AtSource(const TraceFilter& filter, ipc::TraceOptions source);

// Whether `name` is the service, or one of its instances.
bool IsService(std::string_view name, std::string_view service);

}  // namespace keyport
