#include <algorithm>

#include "absl/strings/str_cat.h"
#include "bench/common/log_scale.h"
#include "bench/common/machine.h"
#include "bench/common/plot_frame.h"
#include "bench/common/plots.h"

namespace bench {
namespace {

constexpr double kLinesLeft = 70;
constexpr double kLinesRight = kPlotWidth - 190;  // names of the curves beyond
constexpr double kLinesHeight = 400;
constexpr double kLinesBottom = kLinesHeight - kPlotBottom - 4;
constexpr double kApart = 15;  // between names

double StepAt(const Curves& curves, size_t step) {
  const auto last = static_cast<double>(curves.steps.size() - 1);
  return kLinesLeft + 20 +
         (kLinesRight - kLinesLeft - 40) * static_cast<double>(step) / last;
}

template <typename Visit>
void EachPoint(const Curves& curves, const Visit& visit) {
  for (const Curve& curve : curves.curves)
    for (const Series* point : curve.points)
      if (point != nullptr) visit(*point);
}

LogScale ScaleOf(const Curves& curves) {
  double least = 1e300;
  double most = 0;
  EachPoint(curves, [&](const Series& point) {
    least = std::min(least, point.Median());
    most = std::max(most, point.Median());
  });
  return {least, most, kLinesBottom, kPlotTop + 8};
}

void DrawGrid(Svg& svg, const LogScale& scale, const Curves& curves,
              const std::string& unit) {
  for (const double tick : scale.ticks()) {
    const double y = scale.At(tick);
    svg.Line({kLinesLeft, y}, {kLinesRight, y}, "grid");
    svg.Text({kLinesLeft - 6, y + 4}, Quantity(tick, unit), "small",
             Anchor::kEnd);
  }
  for (size_t i = 0; i < curves.steps.size(); ++i)
    svg.Text({StepAt(curves, i), kLinesBottom + 16}, curves.steps[i], "small",
             Anchor::kMiddle);
}

std::string Numbered(const char* letter, size_t number) {
  return absl::StrCat(letter, number);
}

// Returns where its last point is.
Point DrawCurve(Svg& svg, const LogScale& scale, const Curves& curves,
                size_t number) {
  const Curve& curve = curves.curves[number];
  Point last;
  bool begun = false;
  for (size_t i = 0; i < curve.points.size(); ++i) {
    if (curve.points[i] == nullptr) continue;
    last = {StepAt(curves, i), scale.At(curve.points[i]->Median())};
    if (!begun)
      svg.Begin(last, Numbered("l", number));
    else
      svg.Go(last);
    begun = true;
  }
  if (begun) svg.End();
  for (size_t i = 0; i < curve.points.size(); ++i)
    if (curve.points[i] != nullptr)
      svg.Dot({StepAt(curves, i), scale.At(curve.points[i]->Median())},
              Numbered("d", number));
  return last;
}

struct Label {
  Point at;
  std::string text;
  size_t number;
};

// Beside the ends of their curves, moved apart where these meet.
void DrawLabels(Svg& svg, std::vector<Label> labels) {
  std::sort(labels.begin(), labels.end(),
            [](const Label& one, const Label& other) {
              return one.at.y < other.at.y;
            });
  double free = kPlotTop;
  for (Label& label : labels) {
    label.at.y = std::max(label.at.y, free);
    free = label.at.y + kApart;
  }
  const double beyond = std::max(0.0, free - kApart - kLinesBottom);
  for (const Label& label : labels) {
    const Point at = {kLinesRight + 14, label.at.y + 4 - beyond};
    svg.Dot({kLinesRight + 4, at.y - 4}, Numbered("d", label.number));
    svg.Text(at, label.text, label.number == 0 ? "bold" : "");
  }
}

}  // namespace

std::string LinePlot(const Curves& curves) {
  Svg svg(kPlotWidth, kLinesHeight);
  DrawFrame(svg, kLinesHeight, curves.title, curves.note, ThisMachine().Text());
  std::string unit;
  EachPoint(curves, [&](const Series& point) { unit = point.unit; });
  if (unit.empty()) return svg.Finish();
  const LogScale scale = ScaleOf(curves);
  DrawGrid(svg, scale, curves, unit);
  std::vector<Label> labels;
  for (size_t i = curves.curves.size(); i-- > 0;) {
    const Point end = DrawCurve(svg, scale, curves, i);
    const Series* last = curves.curves[i].points.back();
    const std::string value =
        last == nullptr
            ? ""
            : absl::StrCat("  ", Quantity(last->Median(), last->unit));
    labels.push_back({end, curves.curves[i].name + value, i});
  }
  DrawLabels(svg, std::move(labels));
  svg.Text({(kLinesLeft + kLinesRight) / 2, kLinesBottom + 32}, curves.axis,
           "small", Anchor::kMiddle);
  return svg.Finish();
}

}  // namespace bench
