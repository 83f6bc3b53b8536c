// Whether a recorded history of concurrent operations is linearizable: there
// is an order of them that a sequential object could have gone through, in
// which each takes effect at one moment between its begin and its end.
//
// Source: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993);
// Lowe, "Testing for linearizability" (2017): the states that were seen with
// the same operations done are not searched again.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace testing_kit {

// What it is that was done only the object's model knows.
struct Operation {
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  int64_t begin = 0;
  int64_t end = kNever;  // kNever: it did not return; it may have been done
  uint32_t kind = 0;
  uint32_t actor = 0;
  uint64_t value = 0;
  uint64_t more = 0;
};

// A sequential object. `step` does the operation to the state; false when it
// cannot have had its outcome there (the state is of no use then).
struct Model {
  using State = std::vector<uint64_t>;
  State first;
  std::function<bool(State&, const Operation&)> step;
};

enum class Verdict { kLinearizable, kNot, kTooLong };

// Looks at `most` states at most. Takes memory for each of them.
Verdict Judge(const Model& model, std::vector<Operation> history,
              uint64_t most = 2'000'000);

}  // namespace testing_kit
