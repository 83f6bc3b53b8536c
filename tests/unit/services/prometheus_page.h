// A strict reader of Prometheus's text exposition format 0.0.4: what the
// format's page does not allow is a complaint. Header-only.
#pragma once

#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace keyport {

class PrometheusPage {
 public:
  explicit PrometheusPage(const std::string& text) {
    Check(text.empty() || text.back() == '\n', "no line feed at the end");
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) TakeLine(line);
    for (const auto& [name, histogram] : histograms_) CheckHistogram(histogram);
  }

  const std::vector<std::string>& complaints() const { return complaints_; }
  // By `name{labels}` as written.
  double Value(const std::string& sample) const {
    const auto found = samples_.find(sample);
    return found == samples_.end() ? std::nan("") : found->second;
  }
  size_t samples() const { return samples_.size(); }

 private:
  struct Series {
    std::vector<std::pair<double, double>> buckets;
    double count = -1;
    bool has_sum = false;
  };

  void Check(bool right, const std::string& complaint) {
    if (!right) complaints_.push_back(complaint);
  }

  void TakeLine(const std::string& line) {
    static const std::regex kHelp("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
    static const std::regex kType(
        "# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)");
    static const std::regex kSample(
        "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{(.*)\\})? ([-+0-9.eE]+|NaN|\\+Inf)");
    std::smatch match;
    if (std::regex_match(line, match, kHelp)) {
      Check(seen_.insert(match[1]).second, "a metric twice: " + line);
      family_ = match[1];
      type_ = "";
    } else if (std::regex_match(line, match, kType)) {
      Check(match[1] == family_ && type_.empty(), "TYPE out of place: " + line);
      type_ = match[2];
      Check(type_ != "counter" || family_.ends_with("_total"),
            "a counter without _total: " + line);
    } else if (std::regex_match(line, match, kSample)) {
      TakeSample(match[1], match[3], std::stod(match[4]), line);
    } else {
      Check(false, "no line of the format: " + line);
    }
  }

  void TakeSample(const std::string& name, const std::string& labels,
                  double value, const std::string& line) {
    const std::string key = labels.empty() ? name : name + "{" + labels + "}";
    Check(samples_.emplace(key, value).second, "a sample twice: " + line);
    Check(!type_.empty(), "a sample before its type: " + line);
    Check(value >= 0, "less than nothing: " + line);
    std::string rest = labels;
    std::string others;
    double bound = -1;
    static const std::regex kLabel(
        "([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\\\\\"\\n]|\\\\[\\\\\"n])*)\"(,|$)");
    std::smatch match;
    while (!rest.empty() &&
           std::regex_search(rest, match, kLabel,
                             std::regex_constants::match_continuous)) {
      if (match[1] == "le")
        bound = match[2] == "+Inf" ? INFINITY : std::stod(match[2]);
      else
        others += match[1].str() + "=" + match[2].str() + ";";
      rest = match.suffix();
    }
    Check(rest.empty(), "a label that is none: " + line);
    if (type_ != "histogram") return Check(name == family_, "not it: " + line);
    Series& series = histograms_[family_ + others];
    if (name == family_ + "_bucket") {
      series.buckets.emplace_back(bound, value);
    } else if (name == family_ + "_count") {
      series.count = value;
    } else {
      Check(name == family_ + "_sum", "not of the histogram: " + line);
      series.has_sum = true;
    }
  }

  void CheckHistogram(const Series& series) {
    Check(series.has_sum && !series.buckets.empty(), "a histogram in part");
    double bound = -1;
    double count = 0;
    for (const auto& [le, value] : series.buckets) {
      Check(le > bound && value >= count, "buckets that do not rise");
      bound = le;
      count = value;
    }
    Check(std::isinf(bound) && count == series.count, "no bucket for all");
  }

  std::vector<std::string> complaints_;
  std::set<std::string> seen_;
  std::string family_, type_;
  std::map<std::string, double> samples_;
  std::map<std::string, Series> histograms_;
};

}  // namespace keyport
