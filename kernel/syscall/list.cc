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

abi::ThreadEntry ThreadEntryOf(const Kernel& kernel, const Session& session,
                               const abi::ThreadSlot& slot) {
  abi::ThreadEntry entry = {};
  entry.process = session.id();
  entry.state = static_cast<uint32_t>(Threads::StateOf(slot));
  entry.thread_id = slot.thread_id;
  entry.flow = slot.flow;
  entry.since_ns = slot.since_ns;
  entry.port = slot.port;
  const auto& lanes = kernel.objects(ObjectKind::lane);
  const auto found = lanes.find(slot.lane);
  // A process can only speak of its own lanes.
  if (found == lanes.end() ||
      As<Lane>(*found->second).sender().session != &session)
    return entry;
  const Lane& lane = As<Lane>(*found->second);
  entry.lane = lane.id;
  entry.port = lane.port->id;
  entry.awaited = lane.listener().process;
  return entry;
}

// The cursor: process id, then slot. A page looks at so many slots; the third
// value says that there may be more although it is empty.
Answer ThreadPage(const Kernel& kernel, uint64_t after) {
  constexpr uint32_t kLookedAt = 4'096;
  const uint64_t from = after + 1;
  Answer answer;
  uint64_t count = 0;
  uint64_t last = after;
  uint32_t looked = 0;
  const auto page = [&](uint64_t more) {
    answer.values = {count, last, more, 0};
    return std::move(answer);
  };
  const auto& processes = kernel.objects(ObjectKind::process);
  for (auto at = processes.lower_bound(from / abi::kThreadSlots);
       at != processes.end(); ++at) {
    if (++looked > kLookedAt) return page(1);
    const Session* session = As<Process>(*at->second).session;
    const Threads threads = session != nullptr ? session->threads() : Threads();
    for (uint32_t slot = 0; slot < threads.used(); ++slot, ++looked) {
      const uint64_t cursor = at->first * abi::kThreadSlots + slot;
      if (cursor < from) continue;
      if (answer.payload.size() + sizeof(abi::ThreadEntry) >
          abi::kRequestPayloadMax)
        return page(1);
      const abi::ThreadSlot read = threads.Read(slot);
      if (Threads::StateOf(read) == abi::ThreadState::none) continue;
      answer.Append(ThreadEntryOf(kernel, *session, read));
      last = cursor;
      ++count;
    }
    last = at->first * abi::kThreadSlots + abi::kThreadSlots - 1;
  }
  return page(0);
}

}  // namespace

Answer object_list(Call& call) {
  KP_ANSWER(call.Check({.args = 2}));
  const uint64_t kind = call.request.args[0];
  const uint64_t after = call.request.args[1];
  if (kind == static_cast<uint64_t>(ObjectKind::any))
    return CapabilityPage(call.kernel.tree(), after);
  if (kind == abi::kListThreads) return ThreadPage(call.kernel, after);
  if (kind > abi::kObjectKinds) return Error::invalid_args;
  const auto& map = call.kernel.objects(static_cast<ObjectKind>(kind));
  const auto page = [&](auto to_entry) { return Page(map, after, to_entry); };
  const int64_t now_ns = call.kernel.NowNs();
  switch (static_cast<ObjectKind>(kind)) {
    case ObjectKind::port:
      return page([&](Object& o) {
        return PortEntryOf(As<Port>(o), call.kernel.trace().scopes(), now_ns);
      });
    case ObjectKind::lane:
      return page([&](Object& o) { return LaneEntryOf(As<Lane>(o), now_ns); });
    case ObjectKind::region:
      return page([](Object& o) { return RegionEntryOf(As<Region>(o)); });
    case ObjectKind::process:
      return page([](Object& o) { return ProcessEntryOf(As<Process>(o)); });
    case ObjectKind::account:
      return page([](Object& o) { return AccountEntryOf(As<Account>(o)); });
    case ObjectKind::topic:
      return page([](Object& o) { return TopicEntryOf(As<Topic>(o)); });
    case ObjectKind::subscription:
      return page(
          [](Object& o) { return SubscriptionEntryOf(As<Subscription>(o)); });
    case ObjectKind::notification:
      return page(
          [](Object& o) { return NotificationEntryOf(As<Notification>(o)); });
    default:
      return Error::invalid_args;
  }
}

}  // namespace kernel::handlers
