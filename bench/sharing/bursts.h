// Bursts of records to many readers in one other process. A burst is timed as a
// whole, and the next one begins when all have read it.
#pragma once

#include <sys/wait.h>

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/common/content.h"
#include "bench/common/figures.h"
#include "bench/common/must.h"
#include "bench/common/placement.h"
#include "bench/common/raw_ring.h"
#include "bench/common/shared_memory.h"
#include "bench/common/timing.h"

namespace bench {

inline constexpr uint64_t kBurst = 32;
inline constexpr size_t kRecordBytes = 64;

// Between the publisher and the readers.
struct Progress {
  alignas(128) std::atomic<uint64_t> done;   // by all readers
  alignas(128) std::atomic<uint64_t> ready;  // readers
  alignas(128) std::atomic<uint64_t> quit;
};

using Record = std::span<const std::byte>;

// Nobody waits for readers that found something wrong.
template <typename Ready>
void PollBeside(pid_t readers, const Ready& ready) {
  for (uint32_t polls = 1; !ready(); ++polls) {
    base::CpuRelax();
    siginfo_t ended = {};
    if (polls % 65'536 == 0 && waitid(P_PID, static_cast<id_t>(readers), &ended,
                                      WEXITED | WNOHANG | WNOWAIT) == 0)
      Expect(ended.si_pid == 0, "the readers, who ended");
  }
}

// `publish(record)`; records are numbered from 1. Units: nanoseconds each.
template <typename Publish>
double TimeBursts(Progress& progress, pid_t readers, uint64_t rounds,
                  const Publish& publish) {
  PollBeside(readers, [&] { return progress.ready.load() != 0; });
  const PinnedTo here(kApart.first);
  std::vector<double> each;
  std::byte records[kBurst][kRecordBytes];
  uint64_t number = 0;
  for (uint64_t round = 1; round <= rounds; ++round) {
    for (auto& record : records) FillContent(record, ++number);
    each.push_back(TimeAll([&] {
                     for (const auto& record : records) publish(record);
                   }) /
                   kBurst);
    PollBeside(readers, [&] { return progress.done.load() >= round; });
  }
  progress.quit.store(1);
  return MedianOf(each);
}

// `read(reader, number)` polls once, checks the record that it gets, and tells
// whether there was one.
template <typename Read>
void ReadBursts(Progress& progress, size_t readers, const Read& read) {
  std::vector<uint64_t> had(readers);
  uint64_t all_had = 0;
  progress.ready.store(1);
  while (progress.quit.load(std::memory_order_relaxed) == 0) {
    bool all = true;
    for (size_t i = 0; i < readers; ++i) {
      while (had[i] < all_had + kBurst && read(i, had[i] + 1)) ++had[i];
      all = all && had[i] == all_had + kBurst;
    }
    if (!all) continue;
    all_had += kBurst;
    progress.done.fetch_add(1);
  }
}

}  // namespace bench
