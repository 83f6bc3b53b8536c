// ReplayScript: the requests of a recording that can be sent again, and why
// others cannot.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/tracer/recorded_messages.h"

namespace keyport {

// Which requests; "" is any.
struct ReplayChoice {
  std::string from;  // a service, or one instance
  std::string port;
};

struct ReplayRequest {
  TracedMessage recorded;
  std::string port;

  // When what it asked for was there, in the recording; for a message, which
  // asks for nothing, when it was sent.
  uint64_t ended_ns() const {
    return recorded.time_ns + recorded.total_ns.value_or(0);
  }
};

// What is not sent, by reason.
struct ReplayRefusals {
  uint64_t cut = 0;           // not all of its payload was recorded
  uint64_t capabilities = 0;  // it carried some, and these are not recorded
  uint64_t unseen = 0;        // its send was not recorded
  uint64_t unended = 0;       // a call whose outcome, or answer, was not
  uint64_t beyond = 0;        // more than are kept in memory

  uint64_t sum() const {
    return cut + capabilities + unseen + unended + beyond;
  }
};

struct ReplayScript {
  static constexpr size_t kRequestsMax = 1'000'000;
  static constexpr uint64_t kBytesMax = uint64_t{1} << 30;

  std::vector<ReplayRequest> requests;  // in the order in which they were sent
  ReplayRefusals refused;
  // Who sent how many to which port, whether they can be sent again or not.
  std::map<std::pair<std::string, std::string>, uint64_t> senders;
};

// Reads to the end. Errors: as RecordingReader; not_found: nothing was
// chosen; bad_state: the choice leaves requests to several ports, of which some
// are probably what a service sent on while it was at work on others.
absl::StatusOr<ReplayScript> ReadReplayScript(RecordingReader* reader,
                                              const ReplayChoice& choice);

// "3 whose payload was cut, ..."; "" if there are none.
std::string RefusalsText(const ReplayRefusals& refused);

}  // namespace keyport
