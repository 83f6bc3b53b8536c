// A logarithmic scale, and numbers as people write them beside it.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace bench {

class LogScale {
 public:
  // From and to the 1, 2 or 5 times a power of ten around the values.
  LogScale(double least, double most, double begin, double end);
  double At(double value) const;
  // 1, 10, 100...; 2 and 5 times these too when there are few.
  std::vector<double> ticks() const;

 private:
  double least_, most_;  // of the scale
  double begin_, end_;   // pixels
};

// Nanoseconds as "384 ns", "2.4 µs", "12 ms"; rates as "15.6 M/s".
std::string Quantity(double value, const std::string& unit);

}  // namespace bench
