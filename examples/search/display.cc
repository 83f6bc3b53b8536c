// Wording of the progress line.
#include "examples/search/display.h"

#include <algorithm>
#include <cstdio>

namespace search {
namespace {

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(at, 1, ',');
  return digits;
}

std::string TimeLeft(const Progress& progress) {
  if (progress.finished != 0) return "done";
  if (progress.bytes_done == 0 || progress.elapsed_ns == 0)
    return "time left unknown";
  const double left = static_cast<double>(progress.bytes_total) -
                      static_cast<double>(progress.bytes_done);
  const double seconds =
      std::max(0.0, left) * progress.elapsed_ns / 1e9 / progress.bytes_done;
  char text[64];
  std::snprintf(text, sizeof(text), "%.0f s left", seconds);
  return text;
}

}  // namespace

std::string ProgressLine(const Progress& progress) {
  const double seconds = progress.elapsed_ns / 1e9;
  char text[96];
  std::snprintf(text, sizeof(text), "%.1f of %.1f MB, %.1f MB/s, ",
                progress.bytes_done / 1e6, progress.bytes_total / 1e6,
                seconds > 0 ? progress.bytes_done / 1e6 / seconds : 0.0);
  return Grouped(progress.files_done) + " of " + Grouped(progress.files_total) +
         " files (" + Grouped(progress.skipped) + " skipped), " + text +
         TimeLeft(progress);
}

}  // namespace search
