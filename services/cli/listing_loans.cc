// What is lent, below the regions: who holds blocks of whom, and since when.
// These are claims: over a lane of who lent them, in a topic of who holds them.
// A reliable subscriber that has not come to the oldest block of its topic's
// publisher has read none of those that are out.
#include "services/cli/listing_loans.h"

#include "services/cli/listing_builder.h"
#include "services/cli/waits.h"

namespace keyport {
namespace {

struct Blocks {
  uint64_t lender;                              // process id; 0: gone
  uint64_t holder;                              // as lender
  std::pair<const char*, uint64_t> by;          // a lane's or subscription's id
  std::pair<const char*, std::string> through;  // a port's or topic's name
  ipc::abi::BlockClaims claims;
  bool unread = false;
};

std::vector<Blocks> BlocksOfLane(const Snapshot& snapshot,
                                 const ipc::LaneEntry& lane) {
  const auto side = [&](uint64_t lender, uint64_t holder,
                        const ipc::LaneCounters& counters) {
    return Blocks{
        lender,
        holder,
        {"lane", lane.id},
        {"port", snapshot.PortName(lane.port)},
        {counters.lent_blocks, counters.lent_bytes, counters.lent_since_ns}};
  };
  return {
      side(lane.sender_process, lane.receiver_process, lane.sender_counters),
      side(lane.receiver_process, lane.sender_process, lane.receiver_counters)};
}

std::vector<Blocks> BlocksOfTopic(const Snapshot& snapshot,
                                  const ipc::TopicEntry& topic) {
  std::vector<Blocks> all;
  for (const ipc::SubscriptionEntry& one : snapshot.subscriptions) {
    if (one.topic != topic.id || one.cut != 0) continue;
    const bool reliable = (one.options & ipc::abi::kSubscribeReliable) != 0;
    const bool unread =
        reliable && one.holding.blocks == 0 && one.held <= topic.lent_from;
    all.push_back({topic.publisher_process,
                   one.process,
                   {"subscription", one.id},
                   {"topic", snapshot.TopicName(topic.id)},
                   unread ? topic.lent : one.holding,
                   unread});
  }
  return all;
}

}  // namespace

Listing ListLoans(const Snapshot& snapshot) {
  ListingBuilder list({{"LENT BY"},
                       {"HELD BY"},
                       {"THROUGH"},
                       {"BLOCKS", Align::kRight},
                       {"BYTES", Align::kRight},
                       {"OLDEST", Align::kRight}});
  bool any = false;
  const auto name = [&](uint64_t process) {
    return process == 0 ? std::string("-") : snapshot.ProcessName(process);
  };
  const auto add = [&](const Blocks& held) {
    if (held.claims.blocks == 0) return;
    any = true;
    const uint64_t since_ns = held.claims.since_ns;
    list.Add({name(held.lender), name(held.holder), held.through.second,
              Number(held.claims.blocks) + (held.unread ? " unread" : ""),
              BytesText(held.claims.bytes),
              DurationText(WaitedNs(snapshot, since_ns))},
             {{held.by.first, held.by.second},
              {"lent_by", name(held.lender)},
              {"held_by", name(held.holder)},
              {held.through.first, held.through.second},
              {"blocks", held.claims.blocks},
              {"unread", held.unread},
              {"bytes", held.claims.bytes},
              {"since_ns", SinceJson(since_ns)}});
  };
  for (const ipc::LaneEntry& lane : snapshot.lanes)
    for (const Blocks& held : BlocksOfLane(snapshot, lane)) add(held);
  for (const ipc::TopicEntry& topic : snapshot.topics)
    for (const Blocks& held : BlocksOfTopic(snapshot, topic)) add(held);
  return any ? std::move(list).Build() : Listing();
}

}  // namespace keyport
