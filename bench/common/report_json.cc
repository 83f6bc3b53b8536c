#include <nlohmann/json.hpp>

#include "bench/common/machine.h"
#include "bench/common/report.h"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

Json JsonOf(const Series& series) {
  Json one = {{"name", series.row.name()}};
  if (!series.row.system.empty()) {
    one["group"] = series.row.group;
    one["system"] = series.row.system;
  }
  one["unit"] = series.unit;
  one["median"] = series.Median();
  one["passes"] = series.values;
  if (series.p99.empty()) return one;
  one["p99"] = series.p99;
  one["p99.9"] = series.p999;
  one["longest"] = series.longest;
  return one;
}

Json JsonOf(const Conclusion& conclusion) {
  Json one = {{"what", conclusion.what},
              {"unit", conclusion.unit},
              {"value", conclusion.value}};
  if (!conclusion.bar.has_value()) return one;
  one["goal"] = conclusion.bar->goal;
  one["first_bar"] = conclusion.bar->first;
  one["verdict"] = Verdict(conclusion.value, *conclusion.bar);
  return one;
}

Json JsonOf(const Omission& omission) {
  return {{"what", omission.what}, {"why", omission.why}};
}

template <typename List, typename Element>
Json ListOf(const List& list, const Element& element) {
  Json all = Json::array();
  for (const auto& one : list) all.push_back(element(one));
  return all;
}

}  // namespace

std::string JsonReport(const Figures& figures) {
  const Machine machine = ThisMachine();
  const auto each = [](const auto& one) { return JsonOf(one); };
  return Json{{"date", machine.date},
              {"processor", machine.model},
              {"processors", machine.processors},
              {"system", machine.system},
              {"load", machine.load},
              {"figures",
               ListOf(figures.rows(),
                      [](const Series* one) { return JsonOf(*one); })},
              {"conclusions", ListOf(figures.conclusions(), each)},
              {"left_out", ListOf(figures.omissions(), each)}}
             .dump(2) +
         '\n';
}

}  // namespace bench
