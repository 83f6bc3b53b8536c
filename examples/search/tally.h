// What a crawl has done so far: figures for the progress display, and the
// files that were skipped, the first few of each kind by name. Sends nothing.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "examples/search/protocol.h"
#include "examples/search/walk.h"

namespace search {

// Thread: any.
class Tally {
 public:
  void SetTotals(uint64_t files, uint64_t bytes);
  // One file was dealt with: indexed (kNone) or skipped. `bytes` are those
  // the totals counted.
  void Count(const std::string& path, uint64_t bytes, Skip skip);
  // Found by the walk, in no total.
  void CountSkipped(const std::string& path, Skip skip);
  void SetFinished();

  Progress progress() const;
  // Lines to print since the last call: the files skipped.
  std::vector<std::string> TakeLines();
  // "12 skipped: 10 symbolic link, not followed; 2 empty"
  std::string Summary() const;

 private:
  static constexpr uint64_t kNamedOfEachKind = 5;

  mutable std::mutex mutex_;
  Progress progress_;
  std::array<uint64_t, kSkips> skips_{};
  std::vector<std::string> lines_;
};

}  // namespace search
