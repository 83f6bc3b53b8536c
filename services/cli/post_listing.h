// What `keyport post` prints: as text, and as one JSON object a line.
#pragma once

#include "services/cli/listing.h"
#include "services/cli/post_flights.h"
#include "services/tracer/trace_directory.h"
#include "services/tracer/trace_format.h"

namespace keyport {

struct PostTimes {
  WallClock clock;
  uint64_t now_ns = 0;  // CLOCK_MONOTONIC
};

// The last `steps_max` steps of a process, and where its threads were.
Listing ListPost(const ipc::FlightSource& source, const FlightStory& story,
                 const TraceDirectory& directory, size_t steps_max,
                 const PostTimes& times);
// Which processes there are.
Listing ListFlights(const FlightProcesses& processes, const PostTimes& times);

}  // namespace keyport
