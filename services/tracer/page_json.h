// What an HTML page shows, as the JSON text that stands in it. It is safe
// between <script> tags, whatever the names of services and ports are.
#pragma once

#include <optional>
#include <string>

#include "services/tracer/page_messages.h"
#include "services/tracer/page_sample.h"

namespace keyport {

// What is known of a recording beside its messages.
struct PageRecording {
  std::string command;    // that made it, with its filter; "" if not known
  std::string complaint;  // what is wrong with its end; "" if nothing is
  TraceLoss loss;
  std::optional<WallClock> clock;
};

std::string PageJson(const PageRecording& recording,
                     const PageMessages& messages, const PageSample& sample,
                     const PortNameOf& port_name);

}  // namespace keyport
