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

Model port_model::Make(uint32_t senders) {
  // Of each sender what was sent and what was received: it numbers its
  // messages from 1.
  return {State(2 * senders), [](State& state, const Operation& one) {
            uint64_t* const counts = &state[2 * one.actor];
            if (one.kind == kSend) return ++counts[0] == one.value;
            if (one.kind == kReceive)
              return counts[1] < counts[0] && ++counts[1] == one.value;
            for (size_t i = 0; i < state.size(); i += 2)
              if (state[i] != state[i + 1]) return false;
            return true;
          }};
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
