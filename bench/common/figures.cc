#include "bench/common/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/common/must.h"

namespace bench {
namespace {

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Quantile(const Times& sorted, double part) {
  const auto at =
      static_cast<size_t>(part * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[std::min(at, sorted.size() - 1)]);
}

double LeastOf(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}
double MostOf(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

struct Machine {
  unsigned processors = std::thread::hardware_concurrency();
  utsname system = {};
  double load = 0;  // of the last minute, our own included
};

Machine ThisMachine() {
  Machine machine;
  uname(&machine.system);
  getloadavg(&machine.load, 1);
  return machine;
}

const char* Verdict(double value, const Bar& bar) {
  const double sign = bar.side == Bar::Side::kAtMost ? 1 : -1;
  if (sign * value <= sign * bar.goal) return "goal reached";
  if (sign * value <= sign * bar.first) return "first bar reached";
  return "missed";
}

}  // namespace

void Figures::Add(const std::string& name, const std::string& unit,
                  double value) {
  if (!series_.contains(name)) order_.push_back(name);
  Series& series = series_[name];
  series.unit = unit;
  series.values.push_back(value);
}

void Figures::AddSlices(const std::string& name, const std::string& unit,
                        const std::vector<double>& slices) {
  Add(name, unit, MedianOf(slices));
}

void Figures::AddTimes(const std::string& name, Times times) {
  Expect(!times.empty(), "nothing was timed");
  std::sort(times.begin(), times.end());
  Add(name, "ns", Quantile(times, 0.5));
  Series& series = series_[name];
  series.p99.push_back(Quantile(times, 0.99));
  series.p999.push_back(Quantile(times, 0.999));
  series.longest.push_back(static_cast<double>(times.back()));
}

double Figures::Median(const std::string& name) const {
  return MedianOf(series_.at(name).values);
}
double Figures::P99(const std::string& name) const {
  return MedianOf(series_.at(name).p99);
}
double Figures::Longest(const std::string& name) const {
  return MostOf(series_.at(name).longest);
}

void Figures::Conclude(const std::string& what, const std::string& unit,
                       double value, std::optional<Bar> bar) {
  conclusions_.push_back({what, unit, value, bar});
}

void Figures::Compare(const std::string& what, const std::string& ours,
                      const std::string& theirs, std::optional<Bar> bar) {
  if (Has(ours) && Has(theirs))
    Conclude(what, "x", Median(ours) / Median(theirs), bar);
}

void Figures::PrintSeries(const std::string& name) const {
  const Series& series = series_.at(name);
  printf("%-54s %-5s %12.1f %12.1f - %11.1f", name.c_str(), series.unit.c_str(),
         MedianOf(series.values), LeastOf(series.values),
         MostOf(series.values));
  if (!series.p99.empty())
    printf(" %11.0f %11.0f %11.0f", MedianOf(series.p99), MedianOf(series.p999),
           MostOf(series.longest));
  printf("\n");
}

void Figures::Print() const {
  const Machine machine = ThisMachine();
  printf("%u processors, Linux %s, load %.1f\n\n", machine.processors,
         machine.system.release, machine.load);
  printf("%-54s %-5s %12s %26s %11s %11s %11s\n", "", "", "median",
         "least - most", "p99", "p99.9", "longest");
  for (const std::string& name : order_) PrintSeries(name);
  printf("\n");
  for (const Conclusion& one : conclusions_) {
    printf("%-72s %9.2f %s", one.what.c_str(), one.value, one.unit.c_str());
    if (one.bar.has_value())
      printf("  (%s %g, first %g: %s)",
             one.bar->side == Bar::Side::kAtMost ? "at most" : "at least",
             one.bar->goal, one.bar->first, Verdict(one.value, *one.bar));
    printf("\n");
  }
}

bool Figures::WriteJson(const std::string& path) const {
  nlohmann::ordered_json figures = nlohmann::ordered_json::array();
  for (const std::string& name : order_) {
    const Series& series = series_.at(name);
    nlohmann::ordered_json one = {{"name", name},
                                  {"unit", series.unit},
                                  {"median", MedianOf(series.values)},
                                  {"passes", series.values}};
    if (!series.p99.empty()) {
      one["p99"] = series.p99;
      one["p99.9"] = series.p999;
      one["longest"] = series.longest;
    }
    figures.push_back(std::move(one));
  }
  nlohmann::ordered_json conclusions = nlohmann::ordered_json::array();
  for (const Conclusion& line : conclusions_) {
    nlohmann::ordered_json one = {
        {"what", line.what}, {"unit", line.unit}, {"value", line.value}};
    if (line.bar.has_value()) {
      one["goal"] = line.bar->goal;
      one["first_bar"] = line.bar->first;
      one["verdict"] = Verdict(line.value, *line.bar);
    }
    conclusions.push_back(std::move(one));
  }
  const Machine machine = ThisMachine();
  std::ofstream file(path);
  file << nlohmann::ordered_json{{"processors", machine.processors},
                                 {"linux", machine.system.release},
                                 {"load", machine.load},
                                 {"figures", figures},
                                 {"conclusions", conclusions}}
              .dump(2)
       << '\n';
  return file.good();
}

}  // namespace bench
