// What all plots have: a title, notes, the machine.
#pragma once

#include <string>

#include "bench/common/svg.h"

namespace bench {

inline constexpr double kPlotWidth = 760;
inline constexpr double kPlotTop = 64;     // where the drawing begins
inline constexpr double kPlotBottom = 56;  // what is kept free below it

inline void DrawFrame(Svg& svg, double height, const std::string& title,
                      const std::string& note, const std::string& machine) {
  svg.Text({20, 28}, title, "title");
  svg.Text({20, 46}, note, "small");
  svg.Text({20, height - 10}, machine, "small");
}

}  // namespace bench
