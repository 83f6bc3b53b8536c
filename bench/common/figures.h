// Figures: what was measured, pass by pass, and what is concluded from it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/common/timing.h"

namespace bench {

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

const char* Verdict(double value, const Bar& bar);
// "at most 1.1, first 1.3".
std::string Text(const Bar& bar);

// What a figure is of: one system of a group that is compared, or something by
// itself.
struct RowName {
  // NOLINTNEXTLINE(google-explicit-constructor): most are by themselves
  RowName(std::string what) : group(std::move(what)) {}
  RowName(const char* what) : group(what) {}  // NOLINT: the same
  RowName(std::string of, std::string who)
      : group(std::move(of)), system(std::move(who)) {}
  std::string name() const {
    return system.empty() ? group : group + ": " + system;
  }
  std::string group;
  std::string system;
};

// The values of a row, one a pass.
struct Series {
  RowName row = "";
  std::string unit;
  std::vector<double> values;
  std::vector<double> p99, p999, longest;  // of times only

  double Median() const;
  double Least() const;
  double Most() const;
};
double MedianOf(std::vector<double> values);

// Concluded from the medians.
struct Conclusion {
  std::string what;
  std::string unit;
  double value;
  std::optional<Bar> bar;
};
// What was not measured, and why.
struct Omission {
  std::string what;
  std::string why;
  bool failed = false;  // it should have been
};

class Figures {
 public:
  // One pass's value.
  void Add(const RowName& row, const std::string& unit, double value);
  // One pass in slices, of which the median counts: what else runs on the
  // machine for a moment spoils only some.
  void AddSlices(const RowName& row, const std::string& unit,
                 const std::vector<double>& slices);
  // One pass's operations: its median is the value, beside its tail.
  void AddTimes(const RowName& row, Times times);
  // Once for each `what`.
  void Omit(const Omission& one);

  bool Has(const RowName& row) const { return series_.contains(row.name()); }
  const Series* Find(const RowName& row) const;
  // Over the passes.
  double Median(const RowName& row) const;
  // The median of a pass's 99th percentile; the longest of all passes.
  double P99(const RowName& row) const;
  double Longest(const RowName& row) const;

  // Concludes from the medians; printed after them.
  void Conclude(const std::string& what, const std::string& unit, double value,
                std::optional<Bar> bar = {});
  // Ours over theirs, if both were measured.
  void Compare(const std::string& what, const RowName& ours,
               const RowName& theirs, std::optional<Bar> bar = {});

  // Groups in the order in which they began, and so their rows.
  std::vector<const Series*> rows() const;
  const std::vector<Conclusion>& conclusions() const { return conclusions_; }
  const std::vector<Omission>& omissions() const { return omissions_; }
  bool HasFailed() const;

 private:
  void Place(const RowName& row);
  Series& At(const RowName& row, const std::string& unit);

  std::map<std::string, Series> series_;  // by the row's name
  std::vector<std::string> order_;
  std::vector<Conclusion> conclusions_;
  std::vector<Omission> omissions_;
};

}  // namespace bench
