// What tools ask: listing and tracing.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Event;
using abi::Syscall;

using ToolsTest = KernelTest;

TEST_F(ToolsTest, ListingPagesThroughEverything) {
  for (int i = 0; i < 300; ++i) CreatePort(*root_);
  auto tool = AddPath("tool");
  const Handle kernel = tool->Named("kernel");
  for (const auto& [kind, expected] :
       {std::pair{ObjectKind::port, size_t{300}},
        std::pair{ObjectKind::any, size_t{303}},
        std::pair{ObjectKind::process, size_t{2}},
        std::pair{ObjectKind::account, size_t{3}},
        std::pair{ObjectKind::lane, size_t{0}}}) {
    size_t seen = 0;
    uint64_t after = 0;
    while (true) {
      const Done page = tool->Call(Syscall::object_list, kernel,
                                   {static_cast<uint64_t>(kind), after});
      ASSERT_EQ(page.error(), Error::ok);
      ASSERT_LE(page.payload.size(), abi::kRequestPayloadMax);
      if (page.value(0) == 0) break;
      seen += page.value(0);
      after = page.value(1);
    }
    EXPECT_EQ(seen, expected) << static_cast<int>(kind);
  }
  for (const uint64_t bad : {0ull, 1ull, abi::kObjectKinds + 1ull, ~0ull})
    EXPECT_EQ(tool->Call(Syscall::object_list, kernel, {bad, 0}).error(),
              Error::invalid_args);
  EXPECT_EQ(tool->Call(Syscall::handle_revoke, kernel).error(),
            Error::access_denied);
}

// Each end of a tracing of everything begins another ring of facts.
TEST_F(ToolsTest, RingsOfFactsThatNobodyWritesAreFew) {
  const Handle kernel = root_->Named("kernel");
  const uint64_t stays = root_->Call(Syscall::trace_all, kernel).value();
  for (size_t i = 0; i < TraceBoard::kEndedRingsMax + 50; ++i) {
    const uint64_t goes = root_->Call(Syscall::trace_all, kernel).value();
    root_->Call(Syscall::trace_end, 0, {goes});
  }
  size_t rings = 0;
  for (uint64_t after = 0;; ++rings) {
    const Done next = root_->Call(Syscall::trace_next, 0, {after, stays});
    if (next.error() != Error::ok) break;
    after = next.value(0);
  }
  EXPECT_EQ(rings, TraceBoard::kEndedRingsMax + 1);
}

TEST_F(ToolsTest, TracersSeeTheRingsOfWhatTheyTrace) {
  const Handle port = CreatePort(*root_, 0, 4096);
  auto client = AddChild(*root_, {{"port", port, abi::kRightSend}});
  Connect(*client, client->Named("port"));
  const uint64_t one = root_->Call(Syscall::trace_port, port).value();
  const Handle kernel = root_->Named("kernel");
  EXPECT_EQ(client->TakeEvent(Event::lane_traced).value(0), 1u);
  const uint64_t all = root_->Call(Syscall::trace_all, kernel).value();
  const Done told = client->TakeEvent(Event::lane_traced);
  const auto tracing = told.As<abi::LaneTracing>();
  for (const auto place : {abi::kScopePort, abi::kScopeAll}) {
    const Done grant =
        client->Call(Syscall::trace_ring, 0, {0, tracing.scopes[place].id});
    ASSERT_EQ(grant.descriptors.size(), 1u);
    EXPECT_EQ(client
                  ->Call(Syscall::trace_ring, 0, {grant.value()},
                         {.options = abi::kTraceRingReady})
                  .error(),
              Error::ok);
  }
  const auto count = [&](uint64_t tracing_id) {
    size_t rings = 0;
    for (uint64_t after = 0;; ++rings) {
      const Done next =
          root_->Call(Syscall::trace_next, 0, {after, tracing_id});
      if (next.error() != Error::ok) return rings;
      after = next.value(0);
    }
  };
  EXPECT_EQ(count(one), 1u);
  EXPECT_EQ(count(all), 2u);  // and the facts
  // The dead one's rings stay for the tracers.
  kernel_.EndSession(*client->session());
  Settle();
  EXPECT_EQ(count(one), 1u);
  root_->Call(Syscall::trace_end, 0, {one});
  EXPECT_EQ(count(one), 0u);
  EXPECT_EQ(count(all), 2u);
}

}  // namespace
}  // namespace kernel
