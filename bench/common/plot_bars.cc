#include <algorithm>

#include "bench/common/log_scale.h"
#include "bench/common/machine.h"
#include "bench/common/plot_frame.h"
#include "bench/common/plots.h"

namespace bench {
namespace {

constexpr double kBarsLeft = 205;               // names end here
constexpr double kBarsRight = kPlotWidth - 90;  // values stand beyond
constexpr double kRow = 24;
constexpr double kThick = 14;

std::vector<const Series*> Sorted(const Bars& bars) {
  std::vector<const Series*> rows = bars.rows;
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Series* one, const Series* other) {
                     return bars.most_first ? one->Median() > other->Median()
                                            : one->Median() < other->Median();
                   });
  return rows;
}

LogScale ScaleOf(const std::vector<const Series*>& rows) {
  double least = rows[0]->Least();
  double most = rows[0]->Most();
  for (const Series* row : rows) {
    least = std::min(least, row->Least());
    most = std::max(most, row->Most());
  }
  // Bars have a length, the shortest too.
  return {least / 2, most, kBarsLeft, kBarsRight};
}

bool IsOurs(const Series& row) { return row.row.system.starts_with("Keyport"); }

void DrawGrid(Svg& svg, const LogScale& scale, const std::string& unit,
              double bottom) {
  for (const double tick : scale.ticks()) {
    const double x = scale.At(tick);
    svg.Line({x, kPlotTop}, {x, bottom}, "grid");
    svg.Text({x, bottom + 15}, Quantity(tick, unit), "small", Anchor::kMiddle);
  }
}

void DrawRow(Svg& svg, const LogScale& scale, const Series& row, double top) {
  const bool ours = IsOurs(row);
  const double middle = top + kRow / 2;
  const double end = scale.At(row.Median());
  const char* style = ours                                 ? "ours"
                      : row.row.system.starts_with("raw ") ? "raw"
                                                           : "peer";
  svg.Text({kBarsLeft - 8, middle + 4}, row.row.system, ours ? "bold" : "",
           Anchor::kEnd);
  svg.Bar({kBarsLeft, middle - kThick / 2}, end - kBarsLeft, kThick, style);
  const double least = scale.At(row.Least());
  const double most = scale.At(row.Most());
  svg.Line({least, middle}, {most, middle}, "whisker");
  for (const double x : {least, most})
    svg.Line({x, middle - 4}, {x, middle + 4}, "whisker");
  svg.Text({std::max(end, most) + 6, middle + 4},
           Quantity(row.Median(), row.unit), ours ? "bold" : "");
}

}  // namespace

std::string BarPlot(const Bars& bars) {
  const std::vector<const Series*> rows = Sorted(bars);
  const double bottom = kPlotTop + kRow * static_cast<double>(rows.size());
  const double height = bottom + kPlotBottom;
  Svg svg(kPlotWidth, height);
  DrawFrame(svg, height, bars.title, bars.note, ThisMachine().Text());
  if (rows.empty()) return svg.Finish();
  const LogScale scale = ScaleOf(rows);
  DrawGrid(svg, scale, rows[0]->unit, bottom);
  for (size_t i = 0; i < rows.size(); ++i)
    DrawRow(svg, scale, *rows[i], kPlotTop + kRow * static_cast<double>(i));
  svg.Text({kPlotWidth - 20, bottom + 30}, bars.axis, "small", Anchor::kEnd);
  return svg.Finish();
}

}  // namespace bench
