// What a replay found: answers that differ from the recorded ones, and times
// beside the recorded ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/decode/payload_schemas.h"
#include "services/replay/replay_player.h"

namespace keyport {

// In what a replayed outcome differs from the recorded one, as words; nothing
// if it does not. Of an answer of which only a part was recorded that part, and
// the size, count. A message has no outcome but its sending.
std::optional<std::string> DifferenceOf(const TracedMessage& recorded,
                                        const ReplayOutcome& replayed);

struct ReplaySums {
  uint64_t sent = 0;
  uint64_t equal = 0;
  uint64_t differ = 0;
  uint64_t in_part = 0;  // of those equal: the recorded answer was cut
  uint64_t unsent = 0;   // the replay ended before
};

struct ReplayReport {
  ReplaySums sums;
  std::string text;
  std::string json;  // one object a line
};
// At most `differences_max` differences are listed; all are counted. Where a
// schema tells of the port, both answers are listed as it reads them.
ReplayReport MakeReplayReport(const ReplayScript& script,
                              const std::vector<ReplayOutcome>& outcomes,
                              const PayloadSchemas& schemas,
                              uint64_t differences_max);

}  // namespace keyport
