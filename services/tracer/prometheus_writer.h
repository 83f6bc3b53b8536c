// PrometheusWriter: metrics in Prometheus's text exposition format, version
// 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/tracer/histogram.h"

namespace keyport {

class PrometheusWriter {
 public:
  // `name="value"`, escaped.
  static std::string Label(std::string_view name, const std::string& value);

  // What follows up to the next Begin is of this metric; `type`: counter,
  // gauge, histogram.
  void Begin(std::string metric, const char* help, const char* type);
  // `labels`: Label()s with commas between, or none.
  void Add(const std::string& labels, uint64_t value);
  // Of nanoseconds, as seconds.
  void Add(const std::string& labels, const Histogram& times_ns);
  std::string Take() { return std::move(text_); }

 private:
  std::string metric_;
  std::string text_;
};

}  // namespace keyport
