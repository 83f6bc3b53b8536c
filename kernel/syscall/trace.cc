// Calls about tracing.
#include "kernel/syscall/call.h"
#include "libipc/base/trace_filter.h"

namespace kernel::handlers {
namespace {

Answer ReadFilter(const Call& call, abi::TraceFilter* filter) {
  if (call.payload.empty()) return {};
  if (call.payload.size() != sizeof(*filter)) return Error::invalid_args;
  std::memcpy(filter, call.payload.data(), sizeof(*filter));
  if (!base::IsValid(*filter)) return Error::invalid_args;
  if (filter->snaplen > abi::kTraceSnapMax)
    return Answer::OutOfRange(0, abi::kTraceSnapMax);
  if (filter->rate > abi::kTraceRateMax)
    return Answer::OutOfRange(0, abi::kTraceRateMax);
  return {};
}

// `port` null: everything.
Answer Begin(Call& call, Port* port) {
  KP_ANSWER(call.Check(
      {.options = abi::kTraceOptionsAll, .args = 1, .payload = true}));
  const bool payload = (call.request.options & abi::kTraceWithPayload) != 0;
  const bool lossless = (call.request.options & abi::kTraceLossless) != 0;
  const Rights needed = (payload ? abi::kRightTracePayload : 0) |
                        (lossless ? abi::kRightTraceStall : 0);
  if (const Rights missing = needed & ~call.capability->rights; missing != 0)
    return Answer::Missing(missing);
  abi::TraceFilter filter;
  KP_ANSWER(ReadFilter(call, &filter));
  if (!payload && filter.snaplen != 0) return Error::invalid_args;
  const uint64_t wait_ns = call.request.args[0];
  if (!lossless && wait_ns != 0) return Error::invalid_args;
  if (lossless && (wait_ns == 0 || wait_ns > abi::kTraceWaitMaxNs))
    return Answer::OutOfRange(1, abi::kTraceWaitMaxNs);
  if (const abi::TraceLimits* limits = call.capability->trace_limits()) {
    filter = base::CutDown(filter, *limits);
    if (filter.label_first > filter.label_last)
      return Answer::OutOfRange(limits->label_first, limits->label_last);
  }
  Answer answer = call.kernel.trace().Begin(
      call.session, *call.capability,
      {port, payload, filter, call.capability->TraceLimitsTold(), wait_ns});
  if (answer.ok()) answer.Append(filter);
  return answer;
}

}  // namespace

Answer trace_ring(Call& call) {
  KP_ANSWER(call.Check({.options = 3, .args = 2}));
  TraceBoard& trace = call.kernel.trace();
  const uint64_t ring = call.request.args[0];
  const uint64_t scope = call.request.args[1];
  const bool grants = call.request.options == abi::kTraceRingGrant;
  if (grants ? ring != 0 : scope != 0) return Error::invalid_args;
  switch (call.request.options) {
    case abi::kTraceRingGrant:
      return trace.GrantRing(call.session, scope);
    case abi::kTraceRingReady:
      return trace.ReadyRing(call.session, ring);
    case abi::kTraceRingEnd:
      return trace.EndRing(call.session, ring);
    default:
      return Error::invalid_args;
  }
}

Answer trace_port(Call& call) { return Begin(call, &call.object<Port>()); }

Answer trace_all(Call& call) { return Begin(call, nullptr); }

Answer trace_ready(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.trace().Ready(call.session, call.request.args[0]);
}

Answer trace_end(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.trace().End(call.session, call.request.args[0]);
}

// By the rights of who listens, not of a tool: a service may know who sees what
// it is sent.
Answer port_tracers(Call& call) {
  KP_ANSWER(call.Check({}));
  Answer answer;
  uint64_t count = 0;
  call.kernel.trace().scopes().ForEach(
      call.object<Port>(), [&](const Tracing& tracing) {
        if (++count > abi::kTracersShown) return;
        abi::TracerEntry entry = {};
        entry.process = tracing.session->id();
        CopyName(entry.name, tracing.session->process->name);
        entry.options = tracing.scope->payload ? abi::kTraceWithPayload : 0u;
        if (tracing.heads != nullptr) entry.options |= abi::kTraceLossless;
        entry.everything = tracing.scope->port == nullptr ? 1 : 0;
        answer.Append(entry);
      });
  answer.values[0] = count;
  return answer;
}

Answer trace_next(Call& call) {
  KP_ANSWER(call.Check({.args = 2}));
  return call.kernel.trace().Next(call.session, call.request.args[0],
                                  call.request.args[1]);
}

}  // namespace kernel::handlers
