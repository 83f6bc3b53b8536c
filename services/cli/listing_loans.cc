// What is lent, below the regions: who holds blocks of whom, and since when.
// These are claims of those who lent them.
#include "services/cli/listing_loans.h"

#include "services/cli/listing_builder.h"
#include "services/cli/waits.h"

namespace keyport {
namespace {

struct Side {
  uint64_t lender;
  uint64_t holder;
  const ipc::LaneCounters& counters;
};

}  // namespace

Listing ListLoans(const Snapshot& snapshot) {
  ListingBuilder list({{"LENT BY"},
                       {"HELD BY"},
                       {"PORT"},
                       {"BLOCKS", Align::kRight},
                       {"BYTES", Align::kRight},
                       {"OLDEST", Align::kRight}});
  bool any = false;
  for (const ipc::LaneEntry& lane : snapshot.lanes) {
    const Side sides[] = {
        {lane.sender_process, lane.receiver_process, lane.sender_counters},
        {lane.receiver_process, lane.sender_process, lane.receiver_counters}};
    for (const Side& side : sides) {
      if (side.counters.lent_blocks == 0) continue;
      any = true;
      const uint64_t since_ns = side.counters.lent_since_ns;
      const std::string lender = snapshot.ProcessName(side.lender);
      const std::string holder =
          side.holder == 0 ? "-" : snapshot.ProcessName(side.holder);
      list.Add({lender, holder, snapshot.PortName(lane.port),
                Number(side.counters.lent_blocks),
                BytesText(side.counters.lent_bytes),
                DurationText(WaitedNs(snapshot, since_ns))},
               {{"lane", lane.id},
                {"lent_by", lender},
                {"held_by", holder},
                {"port", snapshot.PortName(lane.port)},
                {"blocks", side.counters.lent_blocks},
                {"bytes", side.counters.lent_bytes},
                {"since_ns", SinceJson(since_ns)}});
    }
  }
  return any ? std::move(list).Build() : Listing();
}

}  // namespace keyport
