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

TEST_F(ToolsTest, TracersSeeTheRingsOfThoseTheyTrace) {
  const Handle port = CreatePort(*root_, 0, 4096);
  auto client = AddChild(*root_, {{"port", port, abi::kRightSend}});
  auto bystander = AddChild(*root_, {});
  for (RawClient* one : {client.get(), bystander.get()}) {
    const Done grant = one->Call(Syscall::trace_ring, 0);
    ASSERT_EQ(grant.descriptors.size(), 1u);
    EXPECT_EQ(one->Call(Syscall::trace_ring, 0, {grant.value()}, {.options = 1})
                  .error(),
              Error::ok);
    EXPECT_EQ(one->Call(Syscall::trace_ring, 0, {grant.value()}, {.options = 1})
                  .error(),
              Error::bad_state);
  }
  Connect(*client, client->Named("port"));
  EXPECT_EQ(root_->Call(Syscall::trace_next, 0).error(), Error::not_found);
  root_->Call(Syscall::trace_port, port, {}, {.options = 1});
  EXPECT_EQ(client->TakeEvent(Event::lane_traced).value(0), 1u);
  const Done first = root_->Call(Syscall::trace_next, 0);
  EXPECT_EQ(first.value(1), client->id());
  EXPECT_EQ(root_->Call(Syscall::trace_next, 0, {first.value()}).error(),
            Error::not_found);
  // The dead one's ring stays for the tracer.
  kernel_.EndSession(*client->session());
  Settle();
  EXPECT_EQ(root_->Call(Syscall::trace_next, 0).value(1), client->id());
  root_->Call(Syscall::trace_all, root_->Named("kernel"), {}, {.options = 1});
  size_t rings = 0;
  bool facts = false;
  for (uint64_t after = 0;; ++rings) {
    const Done next = root_->Call(Syscall::trace_next, 0, {after});
    if (next.error() != Error::ok) break;
    facts = facts || next.value(1) == 0;
    after = next.value(0);
  }
  EXPECT_EQ(rings, 3u);
  EXPECT_TRUE(facts);
  root_->Call(Syscall::trace_port, port);
  root_->Call(Syscall::trace_all, root_->Named("kernel"));
  EXPECT_EQ(root_->Call(Syscall::trace_next, 0).error(), Error::not_found);
}

}  // namespace
}  // namespace kernel
