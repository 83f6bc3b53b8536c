#include "tests/testing/models.h"

#include <algorithm>

namespace testing_kit {

using State = Model::State;

Model register_model::Make() {
  return {{0}, [](State& state, const Operation& one) {
            if (one.kind == kRead) return state[0] == one.value;
            state[0] = one.value;
            return true;
          }};
}

Model lock_model::Make() {
  // Readers, writers.
  return {{0, 0}, [](State& state, const Operation& one) {
            switch (one.kind) {
              case kShared:
                ++state[0];
                return state[1] == 0;
              case kEndShared:
                return state[0]-- > 0;
              case kExclusive:
                return state[0] == 0 && state[1]++ == 0;
              default:
                return state[1]-- > 0;
            }
          }};
}

Model port_model::Make(uint32_t senders, uint32_t receivers) {
  // Of each queue what was sent and what was received.
  const auto step = [receivers](State& state, const Operation& one) {
    const auto counts = [&](uint64_t sender) {
      return &state[2 * (sender * receivers + one.more)];
    };
    uint64_t* const own = counts(one.actor);
    if (one.kind == kSend) return ++own[0] == one.value;
    if (one.kind == kReceive) return own[1] < own[0] && ++own[1] == one.value;
    for (size_t i = 0; i < state.size() / receivers / 2; ++i)
      if (counts(i)[1] > 0 && counts(i)[0] != counts(i)[1]) return false;
    return true;
  };
  return {State(2 * senders * receivers), step};
}

Model log_model::Make(uint32_t readers, uint64_t kept, uint32_t reliable) {
  // What was published, and each reader's cursor.
  const auto step = [kept, reliable](State& state, const Operation& one) {
    if (one.kind == kPublish) return ++state[0] == one.value;
    uint64_t& cursor = state[1 + one.actor];
    if (one.kind == kNothing) return cursor == state[0];
    if (one.value > state[0] || one.value != cursor + one.more + 1)
      return false;
    const uint64_t gone = kept < state[0] ? state[0] - kept : 0;
    if (kept != kAll && one.value != std::max(cursor, gone) + 1) return false;
    if (one.actor < reliable && one.more > 0) return false;
    cursor = one.value;
    return true;
  };
  return {State(1 + readers), step};
}

}  // namespace testing_kit
