// `keyport ps --threads`: a row a thread.
#include "services/cli/listing.h"
#include "services/cli/listing_builder.h"
#include "services/cli/waits.h"

namespace keyport {
namespace {

void AddThread(const Snapshot& snapshot, const ipc::ThreadEntry& thread,
               ListingBuilder* list) {
  const Activity activity = ActivityOf(thread);
  const bool sleeps = activity != Activity::kRunning;
  const uint64_t waited_ns = WaitedNs(snapshot, thread.since_ns);
  const std::string process = snapshot.ProcessName(thread.process);
  const std::string port = snapshot.PortName(thread.port);
  const std::string awaited = snapshot.ProcessName(thread.awaited);
  const bool blocked = IsBlocked(activity);
  const bool timed = sleeps && thread.since_ns != 0;
  list->Add({process, Number(thread.thread_id), ActivityName(activity),
             sleeps ? port : "-", blocked ? awaited : "-",
             timed ? DurationText(waited_ns) : "-"},
            {{"service", process},
             {"process", thread.process},
             {"thread", thread.thread_id},
             {"state", ActivityName(activity)},
             {"port", sleeps ? Json(port) : Json(nullptr)},
             {"port_id", sleeps ? Json(thread.port) : Json(nullptr)},
             {"lane", blocked ? Json(thread.lane) : Json(nullptr)},
             {"waits_for", blocked ? Json(awaited) : Json(nullptr)},
             {"since_ns", SinceJson(sleeps ? thread.since_ns : 0)},
             {"waited_ns", timed ? Json(waited_ns) : Json(nullptr)}});
}

}  // namespace

Listing ListThreads(const Snapshot& snapshot) {
  ListingBuilder list({{"SERVICE"},
                       {"THREAD", Align::kRight},
                       {"STATE"},
                       {"PORT"},
                       {"WAITS FOR"},
                       {"WAITED", Align::kRight}});
  for (const ipc::ThreadEntry& thread : snapshot.threads)
    AddThread(snapshot, thread, &list);
  return std::move(list).Build();
}

}  // namespace keyport
