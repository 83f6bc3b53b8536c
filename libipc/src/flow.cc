#include "ipc/flow.h"

#include "flow_ids.h"
#include "ipc/session.h"

namespace ipc {

Flow Flow::Current() { return t_flow.flow; }

Flow Flow::Of(const Message& message) { return ThreadFlow::Of(message); }

Flow Flow::Begin(const Session& session) {
  return WithId(NewFlow(*session.core()));
}

Flow Flow::Leave() { return std::exchange(t_flow, {}).flow; }

FlowScope::FlowScope(const Flow& flow)
    : thread_(&t_flow), before_(t_flow.flow), message_(t_flow.message) {
  t_flow = {flow, nullptr};
}

FlowScope::~FlowScope() {
  if (thread_ != &t_flow) return;
  t_flow = {before_, static_cast<const Message::State*>(message_)};
}

}  // namespace ipc
