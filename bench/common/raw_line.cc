#include "bench/common/raw_line.h"

#include "bench/common/process_pair.h"
#include "bench/common/raw_ring.h"
#include "bench/common/shared_memory.h"

namespace bench {
namespace {

struct alignas(128) Line {
  std::atomic<uint64_t> value;

  void Put(uint64_t number) { value.store(number, std::memory_order_release); }
  void Await(uint64_t number) {
    PollUntil([&] { return value.load(std::memory_order_acquire) == number; });
  }
};

}  // namespace

Times LineRoundTrips(Placement placement, int rounds) {
  const Shared<Line> line;
  Times times;
  RunPair(
      placement,
      [&] {
        times = TimeEach(rounds, [&](int i) {
          line->Put(2 * static_cast<uint64_t>(i) + 1);
          line->Await(2 * static_cast<uint64_t>(i) + 2);
        });
      },
      [&] {
        for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
          line->Await(2 * i + 1);
          line->Put(2 * i + 2);
        }
      });
  return times;
}

}  // namespace bench
