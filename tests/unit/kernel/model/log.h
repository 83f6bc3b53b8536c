// Log: the last things that were done, told when the model and the kernel do
// not agree.
#pragma once

#include <deque>

#include "tests/unit/kernel/model/state.h"

namespace model {

class Log {
 public:
  void Asked(uint64_t session, const Request& request);
  void Answered(uint64_t session, uint64_t user_data, const Answer& answer);
  void Did(const char* what, uint64_t session = 0);
  // Requests so far.
  uint64_t steps() const { return steps_; }
  void Print() const;

 private:
  static constexpr size_t kKept = 24;
  struct Entry {
    uint64_t step = 0;
    uint64_t session = 0;
    const char* did = nullptr;
    Request request;
    bool answered = false;
    Answer answer;
  };
  void Add(Entry entry);
  static void Print(const Entry& entry);

  uint64_t steps_ = 0;
  std::deque<Entry> entries_;
};

std::string TextOf(const Answer& answer);
const char* CallName(uint32_t number);

}  // namespace model
