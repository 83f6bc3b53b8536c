#include "kernel/cap/explain.h"

#include "kernel/object/kernel.h"
#include "kernel/object/reserve.h"

namespace kernel {
namespace {

std::string ProcessName(const Kernel& kernel, uint64_t id) {
  const auto& processes = kernel.objects(ObjectKind::process);
  const auto found = processes.find(id);
  return found == processes.end() ? "" : As<Process>(*found->second).name;
}

abi::ExplainStep StepOf(const Kernel& kernel, const Capability& capability) {
  abi::ExplainStep step = {};
  step.serial = capability.serial;
  step.object = capability.object->id;
  step.badge = capability.badge;
  step.ends_ns = capability.ends_ns();
  step.kind = capability.object->kind;
  step.rights = capability.rights;
  step.band = capability.band;
  step.trace_limits = capability.TraceLimitsTold();
  step.maker = capability.made_by;
  CopyName(step.maker_name, ProcessName(kernel, step.maker));
  if (const Session* holder = capability.holder(); holder != nullptr) {
    step.holder = holder->id();
    step.handle = capability.handle;
    CopyName(step.holder_name, holder->process->name);
  }
  return step;
}

const Obituary* FindObituary(const Session& session, Handle handle) {
  for (auto at = session.obituaries.rbegin(); at != session.obituaries.rend();
       ++at)
    if (at->handle == handle) return &*at;
  return nullptr;
}

}  // namespace

void Bury(Kernel& kernel, const Capability& capability, abi::HandleFate fate,
          const Revoker& by) {
  Session& session = *capability.holder();
  // While memory is short what ends must not take any.
  if (!session.alive() || !Reserve::Held()) return;
  const Capability* parent = kernel.tree().LivingParent(capability);
  if (parent == nullptr && by.root != nullptr && by.root->live())
    parent = by.root;
  session.obituaries.push_back(
      {.handle = capability.handle,
       .fate = fate,
       .by = by.process,
       .at_ns = kernel.NowNs(),
       .what = StepOf(kernel, capability),
       .parent = parent != nullptr ? parent->index : 0,
       .parent_serial = parent != nullptr ? parent->serial : 0});
  if (session.obituaries.size() > Obituary::kKept)
    session.obituaries.pop_front();
}

Answer ExplainHandle(Kernel& kernel, const Session& session, Handle handle) {
  abi::ExplainHead head = {};
  std::vector<abi::ExplainStep> steps;
  const CapabilityTree& tree = kernel.tree();
  const Capability* node = session.handles.Find(handle);
  head.fate = node != nullptr
                  ? abi::kHandleLives
                  : static_cast<uint32_t>(session.handles.FateOf(handle));
  if (const Obituary* obituary = FindObituary(session, handle);
      node == nullptr && obituary != nullptr) {
    head.fate = static_cast<uint32_t>(obituary->fate);
    head.ended_by = obituary->by;
    head.ended_ns = obituary->at_ns;
    CopyName(head.ended_by_name, ProcessName(kernel, obituary->by));
    steps.push_back(obituary->what);
    node = tree.Find(obituary->parent, obituary->parent_serial);
  }
  while (node != nullptr && steps.size() < abi::kExplainStepsMax) {
    if (node->live()) steps.push_back(StepOf(kernel, *node));
    node = tree.LivingParent(*node);
  }
  head.steps = static_cast<uint32_t>(steps.size());
  head.more = node != nullptr ? 1 : 0;
  Answer answer;
  answer.Append(head);
  for (const abi::ExplainStep& step : steps) answer.Append(step);
  return answer;
}

}  // namespace kernel
