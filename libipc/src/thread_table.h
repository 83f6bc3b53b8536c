// ThreadTable: says in the session's request half what this thread sleeps on,
// on the slow path only (libipc/abi/threads.h).
#pragma once

#include <memory>

#include "flight_recorder.h"
#include "libipc/abi/threads.h"
#include "session_core.h"

namespace ipc {

// What a thread is about to sleep on.
struct SleepingOn {
  abi::ThreadState state;
  uint64_t lane = 0;
  uint64_t position = 0;
  uint64_t flow = 0;
  uint64_t port = 0;       // receiving
  uint64_t lane_port = 0;  // the lane's: for the flight recorder only
};

// Says it while it lives. Without a free slot it only counts.
class ThreadSleeps {
 public:
  ThreadSleeps(const std::shared_ptr<SessionCore>& session,
               const SleepingOn& what);
  ThreadSleeps(const ThreadSleeps&) = delete;
  ThreadSleeps& operator=(const ThreadSleeps&) = delete;
  ~ThreadSleeps();

  // This thread's slot; kThreadSlots if it has none.
  uint32_t slot() const { return slot_; }

 private:
  abi::ThreadTable* const table_;
  uint32_t slot_;
  const FlightSleep flight_;
};

// What this thread is known to receive from.
struct KnownReceiver {
  uint64_t session = 0;  // its serial
  uint64_t port = 0;
};
inline constinit thread_local KnownReceiver t_known_receiver;

// Makes this thread known as one that receives from the port, and so may answer
// others' calls. Cheap when it is already.
void MakeReceiverKnown(const std::shared_ptr<SessionCore>& session,
                       uint64_t port);
inline void KnowReceiver(const std::shared_ptr<SessionCore>& session,
                         uint64_t port) {
  if (t_known_receiver.port != port ||
      t_known_receiver.session != session->serial())
    MakeReceiverKnown(session, port);
}

}  // namespace ipc
