#include "ipc/explain.h"

#include "absl/strings/str_cat.h"
#include "libipc/base/names.h"
#include "session_core.h"

namespace ipc {
namespace {

template <size_t kSize>
std::string NameOf(const char (&name)[kSize]) {
  return std::string(name, strnlen(name, kSize));
}

Explanation::Step StepOf(const abi::ExplainStep& wire) {
  Explanation::Step step;
  step.serial = wire.serial;
  step.object_id = wire.object;
  step.kind = wire.kind;
  step.rights = wire.rights;
  step.badge = wire.badge;
  if (wire.ends_ns != 0) step.end.ns = wire.ends_ns;
  if (wire.trace_limits.any()) step.trace_limits = wire.trace_limits;
  step.holder = wire.holder;
  step.holder_name = NameOf(wire.holder_name);
  step.handle = wire.handle;
  step.maker = wire.maker;
  step.maker_name = NameOf(wire.maker_name);
  return step;
}

Explanation ExplanationOf(Handle handle, const Answer& answer) {
  Explanation explanation;
  explanation.handle = handle;
  abi::ExplainHead head;
  if (!answer.Read(&head)) return explanation;
  explanation.is_open = head.fate == abi::kHandleLives;
  if (!explanation.is_open)
    explanation.fate = static_cast<HandleFate>(head.fate);
  explanation.ended_by = head.ended_by;
  explanation.ended_by_name = NameOf(head.ended_by_name);
  explanation.ended_ns = head.ended_ns;
  explanation.has_more = head.more != 0;
  abi::ExplainStep step;
  for (uint32_t i = 0;
       i < head.steps && answer.Read(&step, sizeof(head) + i * sizeof(step));
       ++i)
    explanation.steps.push_back(StepOf(step));
  return explanation;
}

std::string Who(const std::string& name, uint64_t process) {
  if (process == 0) return "the kernel process";
  return name.empty() ? absl::StrCat("process ", process, " (gone)")
                      : absl::StrCat(name, " (process ", process, ")");
}

std::string WhatText(const Explanation::Step& step) {
  std::string text =
      absl::StrCat(base::KindName(step.kind), " ", step.object_id, " with ",
                   base::RightsText(step.rights));
  if (step.badge != 0) absl::StrAppend(&text, ", badge ", step.badge);
  if (step.end.ns != base::kNoDeadline)
    absl::StrAppend(&text, ", until ", step.end.ns, " ns");
  if (step.trace_limits)
    absl::StrAppend(
        &text, ", traces at most: ", base::TraceLimitsText(*step.trace_limits));
  return text;
}

}  // namespace

std::string Explanation::Text() const {
  std::string text = absl::StrCat("handle ", handle);
  if (!is_open) {
    absl::StrAppend(&text, " ", base::FateText(fate));
    if (ended_by != 0)
      absl::StrAppend(&text, " by ", Who(ended_by_name, ended_by));
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    absl::StrAppend(
        &text, i == 0 ? (is_open ? " is " : "; it was ") : "\n  derived from ",
        WhatText(step), ", ");
    if (i > 0)
      absl::StrAppend(&text,
                      step.holder != 0
                          ? "held by " + Who(step.holder_name, step.holder)
                          : std::string("in flight"),
                      ", ");
    absl::StrAppend(&text, "made by ", Who(step.maker_name, step.maker));
  }
  if (has_more) absl::StrAppend(&text, "\n  and more above");
  return text + "\n";
}

absl::StatusOr<Explanation> Explain(const std::shared_ptr<SessionCore>& session,
                                    Handle handle) {
  const Answer answer = session->Call(abi::Syscall::handle_explain,
                                      abi::kNoHandle, {.args = {handle}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::handle_explain, handle, answer);
  return ExplanationOf(handle, answer);
}

absl::StatusOr<Explanation> Explain(const std::shared_ptr<SessionCore>& session,
                                    const absl::Status& failed) {
  const std::optional<Handle> handle = HandleOf(failed);
  if (!handle.has_value())
    return MakeStatus(Error::not_found,
                      "this status speaks of no handle: it did not come from "
                      "a call on one");
  return Explain(session, *handle);
}

absl::StatusOr<Explanation> Explain(const Capability& kernel,
                                    uint64_t process_id, Handle handle) {
  if (!kernel.valid())
    return MakeStatus(Error::bad_handle, "the kernel's Capability is empty");
  const Answer answer =
      kernel.session()->Call(abi::Syscall::process_explain, kernel.handle(),
                             {.args = {process_id, handle}});
  if (answer.error() == Error::not_found)
    return MakeStatus(Error::not_found,
                      absl::StrCat("there is no process ", process_id));
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::process_explain, kernel.handle(),
                          answer);
  return ExplanationOf(handle, answer);
}

}  // namespace ipc
