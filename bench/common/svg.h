// A small writer of SVG drawings that are readable on light and on dark
// backgrounds: colours follow the reader's preference.
#pragma once

#include <string>
#include <string_view>

namespace bench {

struct Point {
  double x = 0;
  double y = 0;
};
enum class Anchor { kStart, kMiddle, kEnd };

// `style` is one or more of the classes of svg.cc, such as "ours" or "small".
class Svg {
 public:
  // Units: pixels.
  Svg(double width, double height) : width_(width), height_(height) {}

  void Text(Point at, std::string_view text, std::string_view style,
            Anchor anchor = Anchor::kStart);
  void Bar(Point corner, double width, double height, std::string_view style);
  void Line(Point from, Point to, std::string_view style);
  // A line through all of them, begun with the first.
  void Begin(Point at, std::string_view style);
  void Go(Point to);
  void End();
  void Dot(Point at, std::string_view style);

  std::string Finish() const;

 private:
  double width_, height_;
  std::string body_;
};

}  // namespace bench
