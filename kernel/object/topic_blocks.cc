// Topics: the regions whose blocks a publisher lends to its subscribers.
//
// When it is gone they stay for those who have not read what it published, and
// go with the last of these, or when another publishes.
#include <algorithm>

#include "kernel/object/kernel.h"

namespace kernel {

Answer Topics::Attach(Capability& topic_capability,
                      Capability& region_capability) {
  Topic& topic = As<Topic>(*topic_capability.object);
  const Topic::Publication& publication = topic.publication;
  if (publication.capability != &topic_capability || !publication.ready())
    return Error::bad_state;
  return topic.attachments.Add(*kernel_, region_capability);
}

Answer Topics::Detach(Capability& topic_capability, uint64_t number) {
  Topic& topic = As<Topic>(*topic_capability.object);
  if (topic.publication.capability != &topic_capability)
    return Error::bad_state;
  if (!topic.attachments.Has(number)) return Error::not_found;
  if (topic.attachments.WasMapped(number))
    for (const auto& [id, subscription] : topic.subscriptions)
      if (std::erase(subscription->mapped, static_cast<uint32_t>(number)) != 0)
        TellSubscriber(*subscription, abi::Event::topic_detached,
                       Answer::Of(number));
  topic.attachments.Remove(*kernel_, number);
  return {};
}

Answer Topics::MapAttached(Session& session, Subscription& subscription,
                           uint64_t number) {
  Topic& topic = *subscription.topic;
  if (subscription.reads == 0) return Error::bad_state;
  Answer granted = topic.attachments.Map(*kernel_, session, number);
  std::vector<uint32_t>& mapped = subscription.mapped;
  const auto attachment = static_cast<uint32_t>(number);
  if (granted.ok() &&
      std::find(mapped.begin(), mapped.end(), attachment) == mapped.end())
    mapped.push_back(attachment);
  return granted;
}

Answer Topics::MapNoMore(Subscription& subscription, uint64_t key) {
  const Topic::Publication& publication = subscription.topic->publication;
  if (subscription.reads != publication.number || publication.key != key)
    return Error::bad_state;
  StopReading(subscription);
  return {};
}

// From when it is ready to be told of a publication.
void Topics::StartReading(Subscription& subscription) {
  Topic::Publication& publication = subscription.topic->publication;
  if (subscription.cut || !publication.ready()) return;
  subscription.reads = publication.number;
  subscription.mapped.clear();
  ++publication.readers;
}

void Topics::StopReading(Subscription& subscription) {
  Topic& topic = *subscription.topic;
  const uint64_t read = std::exchange(subscription.reads, 0);
  subscription.mapped.clear();
  if (read == 0 || read != topic.publication.number) return;
  --topic.publication.readers;
  DropAttachmentsIfUnread(topic);
}

void Topics::DropAttachmentsIfUnread(Topic& topic) {
  if (!topic.publication.active() && topic.publication.readers == 0)
    topic.attachments.Clear(*kernel_);
}

}  // namespace kernel
