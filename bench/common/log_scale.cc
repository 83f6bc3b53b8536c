#include "bench/common/log_scale.h"

#include <stdio.h>

#include "absl/strings/str_cat.h"

namespace bench {
namespace {

constexpr double kSteps[] = {1, 2, 5, 10};

double Below(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  double below = power;
  for (const double step : kSteps)
    if (step * power <= value * 1.0001) below = step * power;
  return below;
}
double Above(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : kSteps)
    if (step * power >= value * 0.9999) return step * power;
  return 10 * power;
}

// Three digits that count.
std::string Short(double value) {
  char text[32];
  snprintf(text, sizeof(text),
           value < 10    ? "%.2f"
           : value < 100 ? "%.1f"
                         : "%.0f",
           value);
  std::string digits = text;
  if (digits.find('.') != std::string::npos) {
    while (digits.back() == '0') digits.pop_back();
    if (digits.back() == '.') digits.pop_back();
  }
  return digits;
}

}  // namespace

LogScale::LogScale(double least, double most, double begin, double end)
    : least_(Below(least)), most_(Above(most)), begin_(begin), end_(end) {
  if (most_ <= least_) most_ = least_ * 10;
}

double LogScale::At(double value) const {
  const double part = std::log(std::clamp(value, least_, most_) / least_) /
                      std::log(most_ / least_);
  return begin_ + part * (end_ - begin_);
}

std::vector<double> LogScale::ticks() const {
  const bool few = most_ / least_ < 500;
  std::vector<double> ticks;
  double power = std::pow(10, std::floor(std::log10(least_)));
  for (; power <= most_ * 1.0001; power *= 10)
    for (const double step : {1.0, 2.0, 5.0})
      if ((few || step == 1) && step * power >= least_ * 0.9999 &&
          step * power <= most_ * 1.0001)
        ticks.push_back(step * power);
  return ticks;
}

std::string Quantity(double value, const std::string& unit) {
  if (unit != "ns") return absl::StrCat(Short(value), " ", unit);
  if (value < 1e3) return absl::StrCat(Short(value), " ns");
  if (value < 1e6) return absl::StrCat(Short(value / 1e3), " µs");
  if (value < 1e9) return absl::StrCat(Short(value / 1e6), " ms");
  return absl::StrCat(Short(value / 1e9), " s");
}

}  // namespace bench
