// Topics, and below them their subscribers.
#include "services/cli/listing.h"
#include "services/cli/listing_builder.h"

namespace keyport {
namespace {

struct Losses {
  uint64_t records = 0;
  uint64_t subscribers = 0;
};

Losses LossesOf(const Snapshot& snapshot, uint64_t topic) {
  Losses losses;
  for (const ipc::SubscriptionEntry& one : snapshot.subscriptions) {
    if (one.topic != topic || one.lost == 0) continue;
    losses.records += one.lost;
    ++losses.subscribers;
  }
  return losses;
}

std::string PublisherCell(const Snapshot& snapshot,
                          const ipc::TopicEntry& topic) {
  if (topic.closed != 0) return "closed";
  return topic.publisher_process == 0
             ? "-"
             : snapshot.ProcessName(topic.publisher_process);
}

Listing ListSubscribers(const Snapshot& snapshot) {
  ListingBuilder list({{"TOPIC"},
                       {"SUBSCRIBER"},
                       {"DELIVERY"},
                       {"TAKEN", Align::kRight},
                       {"LOST", Align::kRight},
                       {"STATE"}});
  for (const ipc::SubscriptionEntry& one : snapshot.subscriptions) {
    const char* const delivery =
        (one.options & ipc::abi::kSubscribeReliable) != 0 ? "reliable"
                                                          : "lossy";
    const char* const state = one.cut != 0 ? "cut" : "open";
    list.Add({snapshot.TopicName(one.topic), snapshot.ProcessName(one.process),
              delivery, Number(one.taken), Number(one.lost), state},
             {{"subscription", one.id},
              {"topic_id", one.topic},
              {"subscriber", snapshot.ProcessName(one.process)},
              {"delivery", delivery},
              {"taken", one.taken},
              {"lost", one.lost},
              {"state", state}});
  }
  return std::move(list).Build();
}

}  // namespace

Listing ListTopics(const Snapshot& snapshot) {
  ListingBuilder list({{"ID", Align::kRight},
                       {"NAME"},
                       {"PUBLISHER"},
                       {"PUBLISHED", Align::kRight},
                       {"RELIABLE", Align::kRight},
                       {"LOSSY", Align::kRight},
                       {"CUTS", Align::kRight},
                       {"LOST", Align::kRight},
                       {"RING", Align::kRight},
                       {"OWNER"},
                       {"ACCOUNT"}});
  for (const ipc::TopicEntry& topic : snapshot.topics) {
    const Losses losses = LossesOf(snapshot, topic.id);
    const uint32_t lossy = topic.subscribers - topic.reliable;
    std::string lost = Number(losses.records);
    if (losses.records > 0) lost += " by " + Number(losses.subscribers);
    list.Add(
        {Number(topic.id), NameText(topic.name), PublisherCell(snapshot, topic),
         Number(topic.published), Number(topic.reliable), Number(lossy),
         Number(topic.cuts), lost, BytesText(topic.ring_bytes),
         snapshot.MakerName(topic.owner_process),
         snapshot.AccountName(topic.account)},
        {{"id", topic.id},
         {"topic", NameText(topic.name)},
         {"publisher", PublisherCell(snapshot, topic)},
         {"published", topic.published},
         {"published_bytes", topic.published_bytes},
         {"reliable", topic.reliable},
         {"lossy", lossy},
         {"cuts", topic.cuts},
         {"lost", losses.records},
         {"ring_bytes", topic.ring_bytes},
         {"owner", snapshot.MakerName(topic.owner_process)},
         {"account", topic.account}});
  }
  Listing listing = std::move(list).Build();
  if (snapshot.subscriptions.empty()) return listing;
  const Listing subscribers = ListSubscribers(snapshot);
  listing.text += "\n" + subscribers.text;
  listing.json += subscribers.json;
  return listing;
}

}  // namespace keyport
