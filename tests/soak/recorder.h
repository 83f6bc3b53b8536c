// What several processes or threads do at a time, with the moments at which
// each operation began and ended: a history for testing_kit::Judge.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "libipc/base/clock.h"
#include "tests/testing/history.h"

namespace soak {

// In memory that forked children share.
class Recorder {
 public:
  static constexpr uint32_t kActors = 8;
  static constexpr uint32_t kOperations = 4096;  // of an actor, at most

  static std::shared_ptr<Recorder> Create();

  // All begin together: waits for the others. To be called once by each actor.
  void Begin(uint32_t actors);
  // Does `work`, which returns true when it is to be recorded, in `one`.
  template <typename Work>
  bool Do(uint32_t actor, Work work) {
    testing_kit::Operation one;
    one.begin = Now();
    if (!work(one)) return false;
    one.end = Now();
    Add(actor, one);
    return true;
  }
  // Of all actors, when they are done. Empty when one did too much.
  std::vector<testing_kit::Operation> History() const;

  // Free to be used by the actors.
  std::atomic<uint64_t> shared{0};

 private:
  // What was stored before is there for everybody: a store that still waits in
  // its processor has not been done yet, and no clock knows of it.
  static int64_t Now() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return base::NowNs();
  }
  void Add(uint32_t actor, const testing_kit::Operation& one);

  std::atomic<uint32_t> there_{0};
  struct Track {
    uint32_t count = 0;
    testing_kit::Operation operations[kOperations];
  } tracks_[kActors];
};

}  // namespace soak
