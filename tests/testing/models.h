// Sequential objects that recorded histories are held against (history.h).
#pragma once

#include "tests/testing/history.h"

namespace testing_kit {

// A register. kWrite and kRead of `value`; 0 at first.
namespace register_model {
enum Kind : uint32_t { kWrite, kRead };
Model Make();
}  // namespace register_model

// A lock for readers and a writer.
namespace lock_model {
enum Kind : uint32_t { kShared, kEndShared, kExclusive, kEndExclusive };
Model Make();
}  // namespace lock_model

// A queue from each sender to each receiver. kSend, kReceive: of `actor`, the
// sender, message `value` of those that go to receiver `more`: 1, 2, 3, ...
// kEmpty: for receiver `more` there was none, but for queues of which it has
// received nothing yet: it may not have heard of them.
namespace port_model {
enum Kind : uint32_t { kSend, kReceive, kEmpty };
Model Make(uint32_t senders, uint32_t receivers);
}  // namespace port_model

// Numbered records, from 1, read by `actor`s of which each has a cursor.
// kPublish: record `value`. kNext: `actor` got record `value` after `more` lost
// ones. kNothing: it had read all.
namespace log_model {
enum Kind : uint32_t { kPublish, kNext, kNothing };
constexpr uint64_t kAll = ~uint64_t{0};
// The oldest records go as soon as there are more than `kept`; with kAll that
// is not known, but for the first `reliable` readers nothing is ever lost.
Model Make(uint32_t readers, uint64_t kept, uint32_t reliable);
}  // namespace log_model

}  // namespace testing_kit
