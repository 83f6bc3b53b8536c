// Topics: the regions whose blocks a publisher lends to its subscribers.
#include "kernel/object/kernel.h"

namespace kernel {

Answer Topics::Attach(Capability& topic_capability,
                      Capability& region_capability) {
  Topic& topic = As<Topic>(*topic_capability.object);
  auto& region = As<Region>(*region_capability.object);
  const Topic::Publication& publication = topic.publication;
  if (publication.capability != &topic_capability || !publication.ready() ||
      region.guarantee == abi::kGuaranteeNone ||
      region.state != abi::RegionState::whole)
    return Error::bad_state;
  if (topic.attachments.size() >= abi::kAttachedRegionsMax ||
      topic.attached == UINT32_MAX)
    return Answer::Failed(Error::quota_exceeded, topic.attachments.size(),
                          abi::kAttachedRegionsMax);
  const uint32_t number = topic.attached++;
  topic.attachments[number] = {&region, region_capability.MakeWarrant()};
  kernel_->Use(region);
  ++region.attachments;
  return Answer::Of(number);
}

Answer Topics::Detach(Capability& topic_capability, uint64_t number) {
  Topic& topic = As<Topic>(*topic_capability.object);
  const Topic::Publication& publication = topic.publication;
  if (publication.capability != &topic_capability) return Error::bad_state;
  Attachment* const found = FindAttached(topic, number);
  if (found == nullptr) return Error::not_found;
  if (found->mapped)
    for (const auto& [id, subscription] : topic.subscriptions)
      if (subscription->told == publication.number)
        TellSubscriber(*subscription, abi::Event::topic_detached,
                       Answer::Of(number));
  kernel_->lanes().Forget(*found);
  topic.attachments.erase(static_cast<uint32_t>(number));
  return {};
}

Answer Topics::MapAttached(Session& session, Subscription& subscription,
                           uint64_t number) {
  if (subscription.cut) return Error::bad_state;
  Attachment* const found = FindAttached(*subscription.topic, number);
  if (found == nullptr) return Error::not_found;
  if (found->warrant->revoked) return Error::revoked;
  Region& region = *found->region;
  KP_ASSIGN(UniqueFd memory, region.Grant(abi::kMapRead));
  found->mapped = true;
  kernel_->NoteGrant(session, region);
  return Answer::Of(region.bytes_most, region.id).With(std::move(memory));
}

Attachment* Topics::FindAttached(Topic& topic, uint64_t number) {
  if (number > UINT32_MAX) return nullptr;
  const auto found = topic.attachments.find(static_cast<uint32_t>(number));
  return found == topic.attachments.end() ? nullptr : &found->second;
}

void Topics::DropAttachments(Topic& topic) {
  for (const auto& [number, attachment] : topic.attachments)
    kernel_->lanes().Forget(attachment);
  topic.attachments.clear();
}

}  // namespace kernel
