// A trace's summary in Prometheus's text exposition format, version 0.0.4.
#pragma once

#include <string>

#include "services/tracer/trace_summary.h"

namespace keyport {

// Counters and histograms (seconds) for each port, labelled with its name and
// number, and the records seen and lost.
std::string PrometheusText(const TraceSummary& summary, const PortNameOf& name,
                           const TraceLoss& loss);

}  // namespace keyport
