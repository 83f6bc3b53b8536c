// Gaps that the model test has shown, and that were closed.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class GapsTest : public KernelTest {
 protected:
  Handle Duplicate(Handle handle) {
    return root_->Call(Syscall::handle_duplicate, handle, {abi::kRightsSame})
        .handle();
  }
  void TurnUntilAnswered(uint64_t user_data) {
    for (int turns = 0; turns < 1000; ++turns) {
      while (auto done = root_->TryTake())
        if (done->completion.user_data == user_data) return;
      kernel_.Turn();
    }
    FAIL();
  }
};

// What the first has set about destroying, the second does not see.
TEST_F(GapsTest, SecondRevokeIsAnsweredWhenAllIsGone) {
  const Handle port = CreatePort(*root_);
  const Handle middle = Duplicate(port);
  std::vector<Handle> copies;
  for (int i = 0; i < 3000; ++i) copies.push_back(Duplicate(middle));
  root_->Submit(Syscall::handle_revoke, port, {}, {.user_data = 1});
  kernel_.Turn();
  root_->Submit(Syscall::handle_revoke, port, {}, {.user_data = 2});
  TurnUntilAnswered(2);
  size_t left = 0;
  for (const Handle copy : copies)
    left += root_->session()->handles.Find(copy) != nullptr ? 1 : 0;
  EXPECT_EQ(left, 0u);
}

// A lane that is over may outlive its port by a turn, and object_list reads
// the port's id: seen by the address sanitizer.
TEST_F(GapsTest, LaneThatWaitsToBeDestroyedIsListed) {
  auto client = AddChild(*root_, {{"account", root_->Named("account")}});
  while (client->session()->handles.size() < 1024) CreatePort(*client);
  const Handle port = CreatePort(*root_, 0, 4096);
  const RawEnd end = Connect(*root_, port);
  root_->Call(Syscall::handle_close, port);
  const Handle kernel = root_->Named("kernel");
  // 1,023 ports go, then this lane's: as many as a turn destroys.
  kernel_.EndSession(*client->session());
  root_->Submit(Syscall::lane_close, end.lane);
  kernel_.Turn();
  EXPECT_EQ(root_->Call(Syscall::object_list, kernel, {3, 0}).error(),
            Error::ok);
}

// Told only once its session has been cleared away, says docs/abi.md; a watch
// that comes in between is answered at once.
TEST_F(GapsTest, DeadIsToldWhenAllOfItHasHappened) {
  auto client = AddChild(*root_, {{"account", root_->Named("account")}});
  const Handle process =
      root_->session()
          ->handles.At(root_->session()->handles.slots() - 1)
          ->handle;
  for (int i = 0; i < 3000; ++i) CreatePort(*client);
  kernel_.EndSession(*client->session());
  root_->Submit(Syscall::object_watch, process, {abi::kSignalDead},
                {.user_data = 1});
  TurnUntilAnswered(1);
  EXPECT_EQ(client->session(), nullptr);
}

// What it was derived from lay in a block of storage that is gone.
TEST_F(GapsTest, ExplainsAnEndedHandleWhoseParentsStorageIsGone) {
  const Handle port = CreatePort(*root_);
  // The last is in the third block of 1,024.
  std::vector<Handle> copies;
  for (int i = 0; i < 2500; ++i) copies.push_back(Duplicate(port));
  const auto end_ns = static_cast<uint64_t>(host_.now_ns) + 1;
  const Handle ended = root_
                           ->Call(Syscall::handle_mint, copies.back(),
                                  {abi::kRightsSame, 0, end_ns})
                           .handle();
  ++host_.now_ns;
  kernel_.Turn();
  for (const Handle copy : copies) root_->Call(Syscall::handle_close, copy);
  const Done done =
      root_->Call(Syscall::handle_explain, abi::kNoHandle, {ended});
  EXPECT_EQ(done.error(), Error::ok);
  EXPECT_EQ(done.As<abi::ExplainHead>().steps, 1u);
}

}  // namespace
}  // namespace kernel
