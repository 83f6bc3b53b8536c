// Coverage: what has come to pass, so that a run that tests nothing fails.
#pragma once

#include "tests/unit/kernel/model/state.h"

namespace model {

class Coverage {
 public:
  void Answered(uint32_t call, Error error) {
    ++answers_[{call < kCallsMax ? call : 0, error}];
  }
  // A situation, by name.
  void Saw(const char* what, uint64_t times = 1) { saw_[what] += times; }
  void Print() const;
  // Prints what ought to have come to pass and did not.
  bool Complete() const;

 private:
  static constexpr uint32_t kCallsMax = 1000;
  std::map<std::pair<uint32_t, Error>, uint64_t> answers_;
  std::map<std::string, uint64_t> saw_;
};

}  // namespace model
