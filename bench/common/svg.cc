#include "bench/common/svg.h"

#include <stdio.h>

namespace bench {
namespace {

// Text and axes take the reader's colours; a background of its own keeps the
// drawing readable where the page's colour is not known.
constexpr char kStyle[] = R"(<style>
  text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 }
  .small { font-size: 10.5px; fill: #656d76 }
  .page { fill: #ffffff }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .whisker { stroke: #24292f; stroke-width: 1.2; opacity: .65 }
  .ours { fill: #0969da } .raw { fill: #8c959f } .peer { fill: #c4ccd4 }
  .bold { font-weight: 600 }
  .l0, .l1, .l2, .l3, .l4 { fill: none; stroke-width: 2 }
  .l0 { stroke: #0969da; stroke-width: 3 } .l1 { stroke: #656d76 }
  .l2 { stroke: #bc4c00 } .l3 { stroke: #1a7f37 } .l4 { stroke: #8250df }
  .d0 { fill: #0969da } .d1 { fill: #656d76 } .d2 { fill: #bc4c00 }
  .d3 { fill: #1a7f37 } .d4 { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #8d96a0 }
    .page { fill: #0d1117 } .grid { stroke: #30363d }
    .whisker { stroke: #e6edf3 }
    .ours { fill: #4493f8 } .raw { fill: #6e7681 } .peer { fill: #474f58 }
    .l0 { stroke: #4493f8 } .l1 { stroke: #8d96a0 } .l2 { stroke: #f0883e }
    .l3 { stroke: #3fb950 } .l4 { stroke: #ab7df8 }
    .d0 { fill: #4493f8 } .d1 { fill: #8d96a0 } .d2 { fill: #f0883e }
    .d3 { fill: #3fb950 } .d4 { fill: #ab7df8 }
  }
</style>
)";

template <typename... Arguments>
std::string Format(const char* format, Arguments... arguments) {
  char text[300];
  snprintf(text, sizeof(text), format, arguments...);
  return text;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else
      escaped += c;
  }
  return escaped;
}

std::string Class(std::string_view style) {
  return " class=\"" + std::string(style) + "\"";
}

}  // namespace

void Svg::Text(Point at, std::string_view text, std::string_view style,
               Anchor anchor) {
  static constexpr const char* kAnchors[] = {"start", "middle", "end"};
  body_ += Format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"", at.x, at.y,
                  kAnchors[static_cast<int>(anchor)]);
  body_ += Class(style) + ">" + Escaped(text) + "</text>\n";
}

void Svg::Bar(Point corner, double width, double height,
              std::string_view style) {
  body_ += Format(
      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"",
      corner.x, corner.y, width, height);
  body_ += Class(style) + "/>\n";
}

void Svg::Line(Point from, Point to, std::string_view style) {
  body_ += Format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"",
                  from.x, from.y, to.x, to.y);
  body_ += Class(style) + "/>\n";
}

void Svg::Begin(Point at, std::string_view style) {
  body_ += "<path" + Class(style) + Format(" d=\"M%.1f %.1f", at.x, at.y);
}
void Svg::Go(Point to) { body_ += Format(" L%.1f %.1f", to.x, to.y); }
void Svg::End() { body_ += "\"/>\n"; }

void Svg::Dot(Point at, std::string_view style) {
  body_ += Format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"", at.x, at.y);
  body_ += Class(style) + "/>\n";
}

std::string Svg::Finish() const {
  return Format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
             "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
             width_, height_, width_, height_) +
         kStyle +
         Format(
             "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\" "
             "rx=\"6\"/>\n",
             width_, height_) +
         body_ + "</svg>\n";
}

}  // namespace bench
