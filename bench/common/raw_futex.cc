#include "bench/common/raw_futex.h"

#include "bench/common/futex.h"
#include "bench/common/process_pair.h"
#include "bench/common/shared_memory.h"

namespace bench {

Times FutexRoundTrips(Placement placement, int rounds) {
  const Shared<FutexWord> there;
  const Shared<FutexWord> back;
  const auto count = static_cast<uint32_t>(rounds);
  Times times;
  RunPair(
      placement,
      [&] {
        times = TimeEach(rounds, [&](int i) {
          there->Increment();
          back->WaitWhile(static_cast<uint32_t>(i));
        });
      },
      [&] {
        for (uint32_t i = 0; i < count; ++i) {
          there->WaitWhile(i);
          back->Increment();
        }
      });
  return times;
}

}  // namespace bench
