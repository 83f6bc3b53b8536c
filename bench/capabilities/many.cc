#include "bench/capabilities/many.h"

#include "bench/common/must.h"

namespace bench {

using ipc::Answer;
using ipc::Error;
using ipc::Handle;
using ipc::Session;
using ipc::abi::Syscall;

namespace {

struct Progress {
  const std::function<void(size_t, const Answer&)>& take;
  size_t done = 0;
};

void Check(const Answer& answer) {
  if (answer.error() != Error::ok) Fail(base::ErrorText(answer.error()));
}

Handles DeriveMany(Session& session, size_t count, const OneCall& derive) {
  Handles made(count);
  CallMany(
      session, count, [&](size_t) { return derive; },
      [&](size_t i, const Answer& answer) {
        made[i] = static_cast<Handle>(answer.value(0));
        Expect(made[i] != ipc::abi::kNoHandle, "the handle made");
      });
  return made;
}

}  // namespace

void CallMany(Session& session, size_t count,
              const std::function<OneCall(size_t)>& start,
              const std::function<void(size_t, const Answer&)>& take) {
  Progress progress = {take};
  for (size_t i = 0; i < count; ++i) {
    const OneCall one = start(i);
    const uint64_t started =
        session.core()->Start(one.call, one.handle, one.arguments,
                              [to = &progress](const Answer& answer) {
                                Check(answer);
                                to->take(to->done++, answer);
                              });
    Expect(started != 0, "a session");
  }
  // Answers come in order.
  CallOne(session, {Syscall::session_info, ipc::abi::kNoHandle});
  Expect(progress.done == count, "an answer to each call");
}

Handles DuplicateMany(Session& session, Handle of, size_t count) {
  return DeriveMany(
      session, count,
      {Syscall::handle_duplicate, of, {.args = {ipc::abi::kRightsSame}}});
}

Handles MintMany(Session& session, Handle of, size_t count) {
  return DeriveMany(
      session, count,
      {Syscall::handle_mint, of, {.args = {ipc::abi::kRightsSame, 7}}});
}

void CloseMany(Session& session, std::span<const Handle> handles) {
  CallMany(
      session, handles.size(),
      [&](size_t i) {
        return OneCall{Syscall::handle_close, handles[i]};
      },
      [](size_t, const Answer&) {});
}

void InfoMany(Session& session, Handle of, uint64_t object, size_t count) {
  CallMany(
      session, count,
      [&](size_t) {
        return OneCall{Syscall::handle_info, of};
      },
      [&](size_t, const Answer& answer) {
        Expect(answer.value(2) == object, "the object's id");
      });
}

Answer CallOne(Session& session, const OneCall& one) {
  Answer answer = session.core()->Call(one.call, one.handle, one.arguments);
  Check(answer);
  return answer;
}

}  // namespace bench
