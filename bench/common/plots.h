// Plots of figures: bars and lines on logarithmic scales. Each says when and
// where it was measured.
#pragma once

#include <string>
#include <vector>

#include "bench/common/figures.h"

namespace bench {

// One bar a row, the shortest first, with its value and a whisker from the
// least to the most. Keyport's stand out, raw mechanisms stand back.
struct Bars {
  std::string title;
  std::string axis;  // what and in which unit, "round trip, ns"
  std::string note;  // below the title
  std::vector<const Series*> rows;
  bool most_first = false;
};
std::string BarPlot(const Bars& bars);

// Values over steps, in words, on the horizontal axis.
struct Curve {
  std::string name;
  std::vector<const Series*> points;  // null: not measured at this step
};
struct Curves {
  std::string title;
  std::string axis;
  std::string note;
  std::vector<std::string> steps;
  std::vector<Curve> curves;  // the first one is ours; at most 6
};
std::string LinePlot(const Curves& curves);

}  // namespace bench
