// Calls about topics.
#include <bit>

#include "kernel/syscall/call.h"
#include "kernel/syscall/entries.h"

namespace kernel::handlers {

Answer topic_create(Call& call) {
  KP_ANSWER(call.Check(
      {.options = abi::kTopicOptionsAll, .args = 2, .payload = true}));
  const auto& [ring_asked, patience_ns, unused, unused2] = call.request.args;
  if (ring_asked != 0 &&
      (ring_asked < abi::kRingBytesMin || ring_asked > abi::kRingBytesMax))
    return Answer::OutOfRange(abi::kRingBytesMin, abi::kRingBytesMax);
  if (patience_ns > abi::kTopicPatienceMaxNs)
    return Answer::OutOfRange(0, abi::kTopicPatienceMaxNs);
  const bool cuts = (call.request.options & abi::kTopicCutsSlow) != 0;
  if (!cuts && patience_ns != 0) return Error::invalid_args;
  KP_ANSWER(CheckName(call.payload));
  Account& account = call.object<Account>();
  const Charges charges = Charges::Of(AccountItem::ports);
  KP_ANSWER(Kernel::RoomIn(account, charges));
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));

  const uint32_t ring_bytes =
      ring_asked == 0 ? abi::kRingBytesDefault
                      : static_cast<uint32_t>(std::bit_ceil(ring_asked));
  Topic& topic =
      call.kernel.Add<Topic>(Topic::Making{.name = NameOf(call.payload),
                                           .options = call.request.options,
                                           .ring_bytes = ring_bytes,
                                           .patience_ns = patience_ns});
  topic.owner_process = call.session.id();
  topic.charged = &account;
  call.kernel.Charge(account, charges);
  return Answer::Of(call.PlaceNew(topic), topic.id, ring_bytes);
}

Answer topic_publish(Call& call) {
  KP_ANSWER(call.Check({}));
  return call.kernel.topics().Publish(call.session, *call.capability);
}

Answer topic_ready(Call& call) {
  KP_ANSWER(call.Check({}));
  return call.kernel.topics().Ready(*call.capability);
}

Answer topic_subscribe(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kSubscribeOptionsAll}));
  return call.kernel.topics().Subscribe(call.session, *call.capability,
                                        call.request.options);
}

Answer subscription_ready(Call& call) {
  KP_ANSWER(call.Check({}));
  return call.kernel.topics().SubscriptionReady(call.object<Subscription>());
}

Answer topic_cut(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.topics().Cut(*call.capability, call.request.args[0]);
}

Answer topic_attach(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kTopicDetach, .args = 1}));
  if ((call.request.options & abi::kTopicDetach) != 0)
    return call.kernel.topics().Detach(*call.capability, call.request.args[0]);
  Capability* region = nullptr;
  KP_ANSWER(call.FindSecond(call.request.args[0], ObjectKind::region,
                            abi::kRightRead | abi::kRightMap, &region));
  return call.kernel.topics().Attach(*call.capability, *region);
}

Answer topic_map(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kTopicMapNoMore, .args = 1}));
  if ((call.request.options & abi::kTopicMapNoMore) != 0)
    return call.kernel.topics().MapNoMore(call.object<Subscription>(),
                                          call.request.args[0]);
  return call.kernel.topics().MapAttached(
      call.session, call.object<Subscription>(), call.request.args[0]);
}

Answer topic_info(Call& call) {
  KP_ANSWER(call.Check({}));
  Answer answer;
  answer.Append(TopicEntryOf(call.object<Topic>()));
  return answer;
}

}  // namespace kernel::handlers
