// What a lane's ends are told to trace is read while it is set.
#include "libipc/src/traced_scopes.h"

#include <gtest/gtest.h>

#include <thread>

namespace ipc {
namespace {

// A filter of which each word says whose it is.
abi::LaneScope ScopeOf(uint32_t number) {
  return {.id = number,
          .filter = {.snaplen = number,
                     .one_in = number,
                     .bytes_min = number,
                     .label_first = number,
                     .label_last = number,
                     .rate = number}};
}

// Else what one tracer asked for would be written for another one.
TEST(TracedScopes, AScopesIdIsNeverReadWithAnothersFilter) {
  constexpr uint32_t kTimes = 200'000;
  constexpr uint32_t kPlace = abi::kTraceScopes - 1;
  abi::LaneTracing tracing;
  tracing.scopes[kPlace] = ScopeOf(1);
  TracedScopes scopes(tracing);
  std::atomic<bool> begun = false;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done.load()) {
      const abi::LaneScope read = scopes.scope(kPlace);
      begun = true;
      ASSERT_EQ(read, ScopeOf(static_cast<uint32_t>(read.id)));
    }
  });
  while (!begun.load()) std::this_thread::yield();
  for (uint32_t i = 2; i < kTimes; ++i) {
    tracing.scopes[kPlace] = ScopeOf(i);
    scopes.Set(tracing);
  }
  done = true;
  reader.join();
  EXPECT_EQ(scopes.scope(kPlace), ScopeOf(kTimes - 1));
}

}  // namespace
}  // namespace ipc
