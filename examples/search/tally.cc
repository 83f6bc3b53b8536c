// Counting, under one lock.
#include "examples/search/tally.h"

#include <utility>

namespace search {

void Tally::SetTotals(uint64_t files, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  progress_.files_total = files;
  progress_.bytes_total = bytes;
}

void Tally::Count(const std::string& path, uint64_t bytes, Skip skip) {
  if (skip != Skip::kNone) CountSkipped(path, skip);
  const std::lock_guard lock(mutex_);
  ++progress_.files_done;
  progress_.bytes_done += bytes;
}

void Tally::CountSkipped(const std::string& path, Skip skip) {
  const std::lock_guard lock(mutex_);
  ++progress_.skipped;
  const uint64_t before = skips_[static_cast<size_t>(skip)]++;
  if (before < kNamedOfEachKind)
    lines_.push_back("skipped " + Printable(path) + ": " + SkipText(skip));
  else if (before == kNamedOfEachKind)
    lines_.push_back(std::string("skipped more: ") + SkipText(skip));
}

void Tally::SetFinished() {
  const std::lock_guard lock(mutex_);
  progress_.finished = 1;
}

Progress Tally::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

std::vector<std::string> Tally::TakeLines() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

std::string Tally::Summary() const {
  const std::lock_guard lock(mutex_);
  std::string text = std::to_string(progress_.skipped) + " skipped";
  const char* separator = ": ";
  for (size_t i = 0; i < skips_.size(); ++i) {
    if (skips_[i] == 0) continue;
    text += separator + std::to_string(skips_[i]) + " " +
            SkipText(static_cast<Skip>(i));
    separator = "; ";
  }
  return text;
}

}  // namespace search
