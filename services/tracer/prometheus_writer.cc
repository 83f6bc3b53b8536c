#include "services/tracer/prometheus_writer.h"

#include <cinttypes>
#include <cstdio>

#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

// Bounds are one less than a power of two, where buckets end, so that counts
// are exact: 255 ns to 17 s.
constexpr uint32_t kFirstPower = 8;
constexpr uint32_t kLastPower = 34;

std::string Seconds(uint64_t ns) {
  char text[48];
  std::snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64,
                ns / 1'000'000'000, ns % 1'000'000'000);
  return text;
}

}  // namespace

std::string PrometheusWriter::Label(std::string_view name,
                                    const std::string& value) {
  std::string label = std::string(name) + "=\"";
  for (const char c : Utf8Text(value)) {
    if (c == '\\' || c == '"') label += '\\';
    label += c;
  }
  return label + "\"";
}

void PrometheusWriter::Begin(std::string metric, const char* help,
                             const char* type) {
  metric_ = std::move(metric);
  text_ += "# HELP " + metric_ + " " + help + "\n# TYPE " + metric_ + " " +
           type + "\n";
}

void PrometheusWriter::Add(const std::string& labels, uint64_t value) {
  text_ += metric_;
  if (!labels.empty()) text_ += "{" + labels + "}";
  text_ += " " + std::to_string(value) + "\n";
}

void PrometheusWriter::Add(const std::string& labels,
                           const Histogram& times_ns) {
  const auto bucket = [&](const std::string& bound, uint64_t count) {
    text_ += metric_ + "_bucket{" + labels + ",le=\"" + bound + "\"} " +
             std::to_string(count) + "\n";
  };
  uint64_t passed = 0;
  uint32_t power = kFirstPower;
  const auto pass_to = [&](uint64_t from) {
    for (; power <= kLastPower && from >> power != 0; ++power)
      bucket(Seconds((uint64_t{1} << power) - 1), passed);
  };
  times_ns.ForEachBucket([&](const Histogram::Bucket& one) {
    pass_to(one.from);
    passed += one.count;
  });
  pass_to(UINT64_MAX);
  bucket("+Inf", times_ns.count());
  text_ += metric_ + "_sum{" + labels + "} " + Seconds(times_ns.sum()) + "\n" +
           metric_ + "_count{" + labels + "} " +
           std::to_string(times_ns.count()) + "\n";
}

}  // namespace keyport
