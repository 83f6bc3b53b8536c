// object_list: pages of everything, for tools.
#include "kernel/syscall/call.h"
#include "kernel/syscall/entries.h"

namespace kernel::handlers {
namespace {

// Appends entries of what has an id above `after`, as many as fit.
template <typename Map, typename ToEntry>
Answer Page(const Map& map, uint64_t after, ToEntry&& to_entry) {
  Answer answer;
  uint64_t count = 0;
  uint64_t last = after;
  for (auto at = map.upper_bound(after); at != map.end(); ++at) {
    const auto entry = to_entry(*at->second);
    if (answer.payload.size() + sizeof(entry) > abi::kRequestPayloadMax) break;
    answer.Append(entry);
    last = at->first;
    ++count;
  }
  answer.values = {count, last, 0, 0};
  return answer;
}

// In the order of storage: `after` is the cursor that the last page gave.
Answer CapabilityPage(const CapabilityTree& tree, uint64_t after) {
  if (after > ~Capability::Index{0}) return Answer::Of(0, after);
  Answer answer;
  uint64_t count = 0;
  auto last = static_cast<Capability::Index>(after);
  while (answer.payload.size() + sizeof(abi::CapabilityEntry) <=
         abi::kRequestPayloadMax) {
    const Capability* next = tree.LivingAfter(last);
    if (next == nullptr) break;
    answer.Append(CapabilityEntryOf(tree, *next));
    last = next->index;
    ++count;
  }
  answer.values = {count, last, 0, 0};
  return answer;
}

}  // namespace

Answer object_list(Call& call) {
  KP_ANSWER(call.Check({.args = 2}));
  const uint64_t kind = call.request.args[0];
  const uint64_t after = call.request.args[1];
  if (kind == static_cast<uint64_t>(ObjectKind::any))
    return CapabilityPage(call.kernel.tree(), after);
  if (kind > abi::kObjectKinds) return Error::invalid_args;
  const auto& map = call.kernel.objects(static_cast<ObjectKind>(kind));
  const auto page = [&](auto to_entry) { return Page(map, after, to_entry); };
  switch (static_cast<ObjectKind>(kind)) {
    case ObjectKind::port:
      return page([](Object& o) { return PortEntryOf(As<Port>(o)); });
    case ObjectKind::lane:
      return page([](Object& o) { return LaneEntryOf(As<Lane>(o)); });
    case ObjectKind::region:
      return page([](Object& o) { return RegionEntryOf(As<Region>(o)); });
    case ObjectKind::process:
      return page([](Object& o) { return ProcessEntryOf(As<Process>(o)); });
    case ObjectKind::account:
      return page([](Object& o) { return AccountEntryOf(As<Account>(o)); });
    case ObjectKind::notification:
      return page(
          [](Object& o) { return NotificationEntryOf(As<Notification>(o)); });
    default:
      return Error::invalid_args;
  }
}

}  // namespace kernel::handlers
