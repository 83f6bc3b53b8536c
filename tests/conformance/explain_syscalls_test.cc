// How capabilities came and went.
#include "ipc/explain.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using abi::HandleFate;
using testing_kit::Must;

class Explaining : public Syscalls {
 protected:
  Handle Mint(Handle from, Rights rights, uint64_t badge) {
    return static_cast<Handle>(
        Call(Syscall::handle_mint, from, {.args = {rights, badge}}).value(0));
  }
  Explanation Of(Handle handle) {
    return Must(Explain(world_->root().core(), handle));
  }
};

// ---- handle_explain

using HandleExplain = Explaining;

TEST_F(HandleExplain, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::handle_explain, {.args = 1});
}

TEST_F(HandleExplain, TellsThePathOfDerivationWithMakersAndHolders) {
  const Handle port = MakePort();
  const Handle minted = Mint(port, kRightSend | kRightDuplicate, 42);
  Other other = MakeOther(minted, kRightSend);
  const Explanation it = Must(Explain(other.session.core(), other.handle));
  ASSERT_TRUE(it.is_open);
  ASSERT_EQ(it.steps.size(), 3u);
  EXPECT_EQ(it.steps[0].holder, other.session.process_id());
  EXPECT_EQ(it.steps[0].maker, root().process_id());
  EXPECT_EQ(it.steps[0].maker_name, "root");
  EXPECT_EQ(it.steps[0].rights, kRightSend);
  EXPECT_EQ(it.steps[0].badge, 42u);
  EXPECT_EQ(it.steps[1].handle, minted);
  EXPECT_EQ(it.steps[1].rights, kRightSend | kRightDuplicate);
  EXPECT_EQ(it.steps[2].handle, port);
  EXPECT_EQ(it.steps[2].rights, kRightsAll);
  EXPECT_EQ(it.steps[2].object_id, IdOf(port));
  EXPECT_NE(it.Text().find("made by root"), std::string::npos) << it.Text();
}

TEST_F(HandleExplain, TellsWhatMayBeTracedAtMost) {
  const Handle port = MakePort();
  const TraceLimits limits = {.label_first = 4, .label_last = 9};
  const Handle limited = static_cast<Handle>(
      Call(Syscall::handle_mint, port,
           {.args = {kRightTraceMeta},
            .payload = std::as_bytes(std::span(&limits, 1))})
          .value(0));
  Explanation it = Of(limited);
  ASSERT_EQ(it.steps.size(), 2u);
  EXPECT_EQ(it.steps[0].trace_limits, limits);
  EXPECT_FALSE(it.steps[1].trace_limits.has_value());
  EXPECT_NE(it.Text().find(", traces at most: labels 4-9, made by root"),
            std::string::npos)
      << it.Text();
  // Also of one that is gone.
  Call(Syscall::handle_revoke, port);
  it = Of(limited);
  ASSERT_FALSE(it.steps.empty());
  EXPECT_EQ(it.steps[0].trace_limits, limits);
}

TEST_F(HandleExplain, TellsWhoRevokedWhatIsGone) {
  const Handle port = MakePort();
  Other other = MakeOther(Mint(port, kRightSend | kRightDuplicate, 42));
  const int64_t before = base::NowNs();
  Call(Syscall::handle_revoke, port);
  const Explanation it = Must(Explain(other.session.core(), other.handle));
  EXPECT_FALSE(it.is_open);
  EXPECT_EQ(it.fate, HandleFate::revoked);
  EXPECT_EQ(it.ended_by, root().process_id());
  EXPECT_EQ(it.ended_by_name, "root");
  EXPECT_GE(it.ended_ns, before);
  // What it was, and what is left of where it came from.
  ASSERT_EQ(it.steps.size(), 2u);
  EXPECT_EQ(it.steps[0].badge, 42u);
  EXPECT_EQ(it.steps[1].handle, port);
  EXPECT_NE(it.Text().find("was revoked by root"), std::string::npos)
      << it.Text();
}

TEST_F(HandleExplain, TellsOfHandlesThatNobodyTookAway) {
  const Handle port = MakePort();
  const Handle closed = Weaker(port, kRightsSame);
  Call(Syscall::handle_close, closed);
  EXPECT_EQ(Of(closed).fate, HandleFate::closed);
  EXPECT_EQ(Of(kNeverGiven).fate, HandleFate::never_given);
  EXPECT_EQ(Of(0).fate, HandleFate::zero);
  EXPECT_TRUE(Of(closed).steps.empty());
}

TEST_F(HandleExplain, KeepsTheNewestOfThousandsThatWereRevoked) {
  const Handle port = MakePort();
  std::vector<Handle> made;
  for (int i = 0; i < 200; ++i) made.push_back(Weaker(port, kRightsSame));
  Call(Syscall::handle_revoke, port);
  int known = 0;
  for (const Handle handle : made) known += Of(handle).steps.empty() ? 0 : 1;
  EXPECT_EQ(known, 64);
}

TEST_F(HandleExplain, BoundsTheLengthOfThePath) {
  Handle last = MakePort();
  for (int i = 0; i < 100; ++i) last = Weaker(last, kRightsSame);
  const Explanation it = Of(last);
  EXPECT_EQ(it.steps.size(), abi::kExplainStepsMax);
  EXPECT_TRUE(it.has_more);
}

TEST_F(HandleExplain, ExplainsAFailedCall) {
  Capability port = world_->NewPort();
  Capability weak = Must(port.Duplicate(kRightSend));
  const absl::Status failed = weak.Revoke().status();
  EXPECT_EQ(ipc::ErrorOf(failed), Error::access_denied);
  const Explanation it = Must(Explain(world_->root().core(), failed));
  EXPECT_EQ(it.handle, weak.handle());
  EXPECT_EQ(it.steps.size(), 2u);
  EXPECT_EQ(ipc::ErrorOf(Explain(world_->root().core(),
                                 MakeStatus(Error::not_found, "no handle"))
                             .status()),
            Error::not_found);
}

// ---- process_explain

using ProcessExplain = Explaining;

TEST_F(ProcessExplain, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::process_explain,
             {.args = 2, .good = {.args = {root().process_id(), 1}}});
}

TEST_F(ProcessExplain, ExplainsAnothersHandle) {
  const Handle port = MakePort();
  Other other = MakeOther(port);
  const Answer answer =
      Call(Syscall::process_explain, kernel_object(),
           {.args = {other.session.process_id(), other.handle}});
  abi::ExplainHead head;
  ASSERT_TRUE(answer.Read(&head));
  EXPECT_EQ(head.fate, abi::kHandleLives);
  EXPECT_EQ(head.steps, 2u);
  EXPECT_EQ(ErrorOf(Syscall::process_explain, kernel_object(),
                    {.args = {~uint64_t{0}, 1}}),
            Error::not_found);
}

}  // namespace
}  // namespace ipc
