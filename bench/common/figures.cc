#include "bench/common/figures.h"

#include <stdio.h>

#include <algorithm>

#include "bench/common/must.h"

namespace bench {
namespace {

double Quantile(const Times& sorted, double part) {
  const auto at =
      static_cast<size_t>(part * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[std::min(at, sorted.size() - 1)]);
}

}  // namespace

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

const char* Verdict(double value, const Bar& bar) {
  const double sign = bar.side == Bar::Side::kAtMost ? 1 : -1;
  if (sign * value <= sign * bar.goal) return "goal reached";
  if (sign * value <= sign * bar.first) return "first bar reached";
  return "missed";
}

std::string Text(const Bar& bar) {
  char text[80];
  snprintf(text, sizeof(text), "%s %g, first %g",
           bar.side == Bar::Side::kAtMost ? "at most" : "at least", bar.goal,
           bar.first);
  return text;
}

double Series::Median() const { return MedianOf(values); }
double Series::Least() const {
  return *std::min_element(values.begin(), values.end());
}
double Series::Most() const {
  return *std::max_element(values.begin(), values.end());
}

// Behind the last of its group.
void Figures::Place(const RowName& row) {
  const auto last = std::find_if(
      order_.rbegin(), order_.rend(), [&](const std::string& name) {
        return series_.at(name).row.group == row.group;
      });
  order_.insert(last == order_.rend() ? order_.end() : last.base(), row.name());
}

Series& Figures::At(const RowName& row, const std::string& unit) {
  const std::string name = row.name();
  if (!series_.contains(name)) Place(row);
  Series& series = series_[name];
  series.row = row;
  series.unit = unit;
  return series;
}

void Figures::Add(const RowName& row, const std::string& unit, double value) {
  At(row, unit).values.push_back(value);
}

void Figures::AddSlices(const RowName& row, const std::string& unit,
                        const std::vector<double>& slices) {
  Add(row, unit, MedianOf(slices));
}

void Figures::AddTimes(const RowName& row, Times times) {
  Expect(!times.empty(), "nothing was timed");
  std::sort(times.begin(), times.end());
  Series& series = At(row, "ns");
  series.values.push_back(Quantile(times, 0.5));
  series.p99.push_back(Quantile(times, 0.99));
  series.p999.push_back(Quantile(times, 0.999));
  series.longest.push_back(static_cast<double>(times.back()));
}

void Figures::Omit(const Omission& one) {
  const auto known = std::find_if(
      omissions_.begin(), omissions_.end(),
      [&](const Omission& other) { return other.what == one.what; });
  if (known == omissions_.end()) omissions_.push_back(one);
}

const Series* Figures::Find(const RowName& row) const {
  const auto at = series_.find(row.name());
  return at == series_.end() ? nullptr : &at->second;
}
double Figures::Median(const RowName& row) const {
  return series_.at(row.name()).Median();
}
double Figures::P99(const RowName& row) const {
  return MedianOf(series_.at(row.name()).p99);
}
double Figures::Longest(const RowName& row) const {
  const std::vector<double>& longest = series_.at(row.name()).longest;
  return *std::max_element(longest.begin(), longest.end());
}

void Figures::Conclude(const std::string& what, const std::string& unit,
                       double value, std::optional<Bar> bar) {
  conclusions_.push_back({what, unit, value, bar});
}

void Figures::Compare(const std::string& what, const RowName& ours,
                      const RowName& theirs, std::optional<Bar> bar) {
  if (Has(ours) && Has(theirs))
    Conclude(what, "x", Median(ours) / Median(theirs), bar);
}

bool Figures::HasFailed() const {
  return std::any_of(omissions_.begin(), omissions_.end(),
                     [](const Omission& one) { return one.failed; });
}

std::vector<const Series*> Figures::rows() const {
  std::vector<const Series*> rows;
  for (const std::string& name : order_) rows.push_back(&series_.at(name));
  return rows;
}

}  // namespace bench
