// The flight recorder's writing half: a thread that has slept records its next
// messages, and what is rare, in a ring of its own that outlives the process.
// Never waits for anybody.
//
// Sleeping costs microseconds, so a few records beside it are cheap. In a busy
// stream nothing is recorded but one message now and then; the next record is
// preceded by how many were not (LaneEnd::NotePassed).
#pragma once

#include <cstdint>
#include <memory>

#include "libipc/abi/trace.h"

namespace ipc {

class SessionCore;
struct SleepingOn;
struct FlightRing;

// Messages that this thread is still to record. 0 without a ring, or hope of
// one.
inline constinit thread_local uint32_t t_flight_due = 0;
inline constexpr uint32_t kFlightMessages = 16;  // after a sleep
// In a busy stream one in so many is recorded, of those that are taken.
inline constexpr uint64_t kFlightEvery = 4'096;

inline bool IsFlightDue() { return t_flight_due != 0; }
// Nothing if this thread has no ring.
void FlightIsDueAgain();
// Before this thread answers a call that is recorded as taken, by whomever: so
// is the answer, else the call would seem unanswered. Asks for a ring if there
// is none. No lane's mutex may be held.
void AnswerIsDue(const std::shared_ptr<SessionCore>& session);

// Writes the record, its time filled in, into this thread's ring of that
// session, if it has one. A lane's mutex may be held.
void WriteFlight(const SessionCore& session, abi::TraceRecord record);

// A thread sleeps while this lives. The first time it asks for a ring.
class FlightSleep {
 public:
  FlightSleep(const std::shared_ptr<SessionCore>& session,
              const SleepingOn& what);
  FlightSleep(const FlightSleep&) = delete;
  FlightSleep& operator=(const FlightSleep&) = delete;
  ~FlightSleep();

 private:
  FlightRing* const ring_;  // null: this thread ends
  abi::TraceRecord record_ = {};
};

}  // namespace ipc
