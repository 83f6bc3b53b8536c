// Figures: what was measured, pass by pass, and what is concluded from it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libipc/base/clock.h"

namespace bench {

// One operation each. Units: nanoseconds.
using Times = std::vector<int64_t>;

// Times `operation` by itself, `rounds` times.
template <typename Operation>
Times TimeEach(int rounds, const Operation& operation) {
  Times times;
  times.reserve(static_cast<size_t>(rounds));
  for (int i = 0; i < rounds; ++i) {
    const int64_t start = base::NowNs();
    operation(i);
    times.push_back(base::NowNs() - start);
  }
  return times;
}
// Times `operation` as a whole.
template <typename Operation>
double TimeAll(const Operation& operation) {
  const int64_t start = base::NowNs();
  operation();
  return static_cast<double>(base::NowNs() - start);
}

// What `operation` gives, `count` times.
template <typename Operation>
std::vector<double> Slices(int count, const Operation& operation) {
  std::vector<double> slices;
  for (int i = 0; i < count; ++i) slices.push_back(operation());
  return slices;
}

// What is to be reached, and the first bar on the way.
struct Bar {
  enum class Side { kAtMost, kAtLeast };
  Side side = Side::kAtMost;
  double goal = 0;
  double first = 0;
};
constexpr Bar AtMost(double goal, double first) {
  return {Bar::Side::kAtMost, goal, first};
}
constexpr Bar AtLeast(double goal, double first) {
  return {Bar::Side::kAtLeast, goal, first};
}

class Figures {
 public:
  // One pass's value.
  void Add(const std::string& name, const std::string& unit, double value);
  // One pass in slices, of which the median counts: what else runs on the
  // machine for a moment spoils only some.
  void AddSlices(const std::string& name, const std::string& unit,
                 const std::vector<double>& slices);
  // One pass's operations: its median is the value, beside its tail.
  void AddTimes(const std::string& name, Times times);
  bool Has(const std::string& name) const { return series_.contains(name); }
  // Over the passes.
  double Median(const std::string& name) const;
  // The median of a pass's 99th percentile; the longest of all passes.
  double P99(const std::string& name) const;
  double Longest(const std::string& name) const;

  // Concludes from the medians; printed after them.
  void Conclude(const std::string& what, const std::string& unit, double value,
                std::optional<Bar> bar = {});
  // Ours over theirs, if both were measured.
  void Compare(const std::string& what, const std::string& ours,
               const std::string& theirs, std::optional<Bar> bar = {});

  // With a line on the machine and what else it does.
  void Print() const;
  // False when the file cannot be written.
  bool WriteJson(const std::string& path) const;

 private:
  struct Series {
    std::string unit;
    std::vector<double> values;
    std::vector<double> p99, p999, longest;  // of times only
  };
  struct Conclusion {
    std::string what;
    std::string unit;
    double value;
    std::optional<Bar> bar;
  };
  void PrintSeries(const std::string& name) const;

  std::map<std::string, Series> series_;
  std::vector<std::string> order_;
  std::vector<Conclusion> conclusions_;
};

}  // namespace bench
