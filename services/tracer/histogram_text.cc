#include "services/tracer/histogram_text.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <vector>

#include "services/common/text_table.h"

namespace keyport {
namespace {

constexpr uint64_t kBarMax = 50;  // marks

// Ranges of a power of two cut into 2^bits, or of several powers together.
class Scale {
 public:
  Scale(uint32_t bits, uint32_t powers) : bits_(bits), powers_(powers) {}
  uint64_t RowOf(uint64_t value) const {
    const uint64_t power = value == 0 ? 0 : std::bit_width(value) - 1;
    const uint64_t step =
        power >= bits_
            ? (value >> (power - bits_)) - (value == 0 ? 0 : Steps())
            : (value << (bits_ - power)) - (value == 0 ? 0 : Steps());
    return (power * Steps() + step) / powers_;
  }
  uint64_t Begin(uint64_t row) const {
    const uint64_t first = row * powers_;
    const uint64_t power = first / Steps();
    const uint64_t step = first % Steps() + Steps();
    return power >= bits_ ? step << (power - bits_) : step >> (bits_ - power);
  }

 private:
  uint64_t Steps() const { return uint64_t{1} << bits_; }
  uint32_t bits_;
  uint32_t powers_;
};

Scale Fitting(uint64_t least, uint64_t most, uint32_t finest_bits) {
  const auto rows = [&](const Scale& scale) {
    return scale.RowOf(most) - scale.RowOf(least) + 1;
  };
  for (uint32_t bits = finest_bits; bits > 0; --bits)
    if (const Scale scale(bits, 1); rows(scale) <= kHistogramRows) return scale;
  uint32_t powers = 1;
  while (rows(Scale(0, powers)) > kHistogramRows) ++powers;
  return {0, powers};
}

std::string PercentilesText(const Histogram& histogram) {
  const auto at = [&](double percent) {
    return DurationText(histogram.Percentile(percent));
  };
  return "p50 " + at(50) + "  p90 " + at(90) + "  p99 " + at(99) + "  p99.9 " +
         at(99.9) + "  max " + DurationText(histogram.max()) + "\n";
}

}  // namespace

std::string HistogramText(const Histogram& durations_ns) {
  if (durations_ns.count() == 0) return "no samples\n";
  std::vector<Histogram::Bucket> buckets;
  durations_ns.ForEachBucket(
      [&](const Histogram::Bucket& bucket) { buckets.push_back(bucket); });
  const Scale scale = Fitting(buckets.front().from, buckets.back().from,
                              durations_ns.sub_bits());
  const uint64_t first = scale.RowOf(buckets.front().from);
  std::vector<uint64_t> rows(scale.RowOf(buckets.back().from) - first + 1);
  for (const Histogram::Bucket& bucket : buckets)
    rows[scale.RowOf(bucket.from) - first] += bucket.count;
  const uint64_t most = *std::max_element(rows.begin(), rows.end());
  std::string text = PercentilesText(durations_ns);
  for (size_t i = 0; i < rows.size(); ++i) {
    const double share =
        static_cast<double>(rows[i]) / static_cast<double>(most);
    const auto marks = std::max<uint64_t>(
        rows[i] > 0 ? 1 : 0, static_cast<uint64_t>(share * kBarMax));
    char line[128];
    std::snprintf(line, sizeof(line), "%8s |%-*s %10llu\n",
                  DurationText(scale.Begin(first + i)).c_str(),
                  static_cast<int>(kBarMax), std::string(marks, '#').c_str(),
                  static_cast<unsigned long long>(rows[i]));
    text += line;
  }
  return text;
}

nlohmann::ordered_json HistogramJson(const Histogram& durations_ns) {
  auto buckets = nlohmann::ordered_json::array();
  durations_ns.ForEachBucket([&](const Histogram::Bucket& bucket) {
    buckets.push_back({bucket.from, bucket.to, bucket.count});
  });
  return {{"count", durations_ns.count()},
          {"sum_ns", durations_ns.sum()},
          {"p50_ns", durations_ns.Percentile(50)},
          {"p90_ns", durations_ns.Percentile(90)},
          {"p99_ns", durations_ns.Percentile(99)},
          {"p99_9_ns", durations_ns.Percentile(99.9)},
          {"max_ns", durations_ns.max()},
          {"buckets", buckets}};
}

}  // namespace keyport
