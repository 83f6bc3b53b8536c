// WaitSet: waits on ports, topics, object events and descriptors together.
#pragma once

#include <cstdint>
#include <memory>

#include "ipc/capability.h"
#include "ipc/receiver.h"
#include "ipc/topic.h"

namespace ipc {

class WaitSetCore;
class Session;

// One ready member.
struct Ready {
  uint64_t key = 0;
  Signals signals = 0;      // of a watched object, else 0
  uint64_t count = 0;       // of a timer: how often it was due
  Error error = Error::ok;  // of a watch that ended: canceled, revoked
};

// Level-triggered: a member is reported as long as it is ready; ready members
// take turns. One may be reported although nothing is there: what it told of
// was just taken, or the kernel process told a receiver's session something.
// Thread: any; members may be added and removed while another thread waits.
class WaitSet {
 public:
  // Errors: quota_exceeded when Linux has no descriptors left.
  static absl::StatusOr<WaitSet> Create(const Session& session);
  WaitSet(WaitSet&&) noexcept;
  WaitSet& operator=(WaitSet&&) noexcept;
  ~WaitSet();

  // Keys name members; one that is taken gives already_exists.
  // The receiver must stay until it is removed.
  absl::Status Add(uint64_t key, Receiver& receiver);
  // Ready when Next may have something: a record, or the end. Reported until
  // Next answers should_wait. The subscriber must stay until it is removed.
  // Errors: already_exists; bad_state (it was not made with
  // SubscriberWait::kAmongOthers).
  absl::Status Add(uint64_t key, Subscriber& subscriber);
  // Ready when the object has one of the signals: of a notification
  // kSignalNotified, which holds until it is taken. Rights: Wait.
  absl::Status Add(uint64_t key, const Capability& object, Signals signals);
  // Ready when the time has come, and again every `period` if that is not zero.
  // Reported once for what was due; `count` says how often.
  // Errors: already_exists; invalid_args (no end, a negative period);
  // quota_exceeded.
  absl::Status AddTimer(uint64_t key, Deadline first,
                        absl::Duration period = absl::ZeroDuration());
  // Ready when the descriptor is readable or hangs up. Not owned.
  absl::Status AddDescriptor(uint64_t key, int fd);
  // Errors: not_found.
  absl::Status Remove(uint64_t key);

  // Errors: timed_out; should_wait (deadline Immediately); canceled (the
  // session ended).
  absl::StatusOr<Ready> Wait(Deadline deadline = Deadline::Never());
  // Makes one Wait, running or the next, return canceled. Thread: any.
  void Interrupt();
  // Readable while a member is ready: wait sets nest in foreign loops.
  int descriptor() const;

 private:
  explicit WaitSet(std::unique_ptr<WaitSetCore> core);
  std::unique_ptr<WaitSetCore> core_;
};

}  // namespace ipc
