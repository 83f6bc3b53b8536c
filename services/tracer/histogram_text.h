// A histogram as text for a terminal of 80 columns, and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "services/tracer/histogram.h"

namespace keyport {

// Of durations: "p50 3.5us  p90 7.9us …" in a line, then a bar for each of at
// most kHistogramRows ranges, which are as narrow as that allows. The bars'
// lengths are in proportion; a range that holds any has at least one mark.
inline constexpr size_t kHistogramRows = 16;
std::string HistogramText(const Histogram& durations_ns);

// {"count", "sum_ns", "p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "max_ns",
// "buckets": [[from_ns, to_ns, count], ...]}
nlohmann::ordered_json HistogramJson(const Histogram& durations_ns);

}  // namespace keyport
