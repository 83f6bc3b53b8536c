#include "tests/unit/kernel/model/coverage.h"

#include <cinttypes>
#include <cstdio>

#include "libipc/base/result.h"
#include "tests/unit/kernel/model/calls.h"
#include "tests/unit/kernel/model/log.h"

namespace model {
namespace {

// In a run of the usual length each of these happens often.
constexpr const char* kSituations[] = {
    "revokes that took turns",
    "revokes at once",
    "derived from what a revoke is destroying",
    "revoked on the way",
    "transfers of lanes that are gone",
    "ended with requests undone",
    "hung up with requests",
    "ended with a full table",
    "handles worn out",
    "messages of the dead given to a listener",
    "ports that only the dead could reach",
    "revokes of thousands",
    "watches answered by a signal",
    "watches ended",
    "lanes bound again",
    "minted with a band",
    "minted with an end",
    "minted with trace limits",
    "capabilities that came to their end",
    "capabilities found to have ended",
    "more ended at once than a turn destroys",
    "soft limits reached",
    "shares used up",
    "taken by who had waited",
    "replies dropped",
    "replies whose caller went",
    "replies with capabilities",
};

}  // namespace

void Coverage::Print() const {
  for (const auto& [key, count] : answers_)
    std::printf("%10" PRIu64 "  %s %s\n", count, CallName(key.first),
                base::ErrorName(key.second));
  for (const auto& [what, count] : saw_)
    std::printf("%10" PRIu64 "  %s\n", count, what.c_str());
}

bool Coverage::Complete() const {
  bool complete = true;
  for (uint32_t call = 1; call < kCallsMax; ++call) {
    if (FindCall(call) == nullptr || answers_.count({call, Error::ok}) != 0)
      continue;
    std::printf("%s never succeeded\n", CallName(call));
    complete = false;
  }
  for (const char* situation : kSituations) {
    if (saw_.count(situation) != 0) continue;
    std::printf("never: %s\n", situation);
    complete = false;
  }
  return complete;
}

}  // namespace model
