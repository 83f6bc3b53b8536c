// Session: the kernel's record of one connected process: its socket, its call
// ring, its handle table, and everything that ends with it.
//
// States: waiting_hello -> waiting_ready -> serving -> ended. A session that
// ended is cleared away in steps by the kernel.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "kernel/cap/explain.h"
#include "kernel/cap/handle_table.h"
#include "kernel/object/process.h"
#include "kernel/session/outbox.h"
#include "kernel/session/patience.h"
#include "kernel/session/spare.h"
#include "kernel/session/threads.h"
#include "libipc/base/woken.h"

namespace kernel {

class Kernel;
class Port;
class Region;
struct LockMember;
struct TraceOwner;
struct Tracing;

class Session {
 public:
  enum class Origin {
    kRoot,   // inherited by the kernel process: holds everything
    kPath,   // came by the socket path: may look
    kChild,  // made by process_create
  };
  enum class State { kWaitingHello, kWaitingReady, kServing, kEnded };

  // Requests served a turn, and watches parked.
  static constexpr uint32_t kRequestsPerTurn = 64;
  static constexpr uint32_t kWaitsMax = 4096;
  static constexpr uint32_t kRevokesMax = 256;  // under way
  // A client with more bytes of completions unread gets no answers of calls.
  static constexpr uint64_t kReplyBacklogMax = 1 << 20;
  // Nor does one with more events unread get calls whose reply is moved.
  static constexpr size_t kReplyEventsMax = 4096;
  // The ring holds no more than these.
  static constexpr uint32_t kRequestsOnRing =
      abi::kCallRingBytes / abi::RecordBytes(sizeof(abi::Request));

  Session(Kernel* owner, const CapabilityTree* tree, Process* record,
          Account* budget, Origin came_by)
      : kernel(owner),
        process(record),
        account(budget),
        origin(came_by),
        handles(tree) {}

  uint64_t id() const { return process->id; }
  bool alive() const { return state != State::kEnded; }

  // A message came on the socket. Returns whether the session goes on.
  bool Receive(std::span<const uint8_t> message, Credentials from);
  // Takes and answers requests. Returns whether the session goes on;
  // `more` tells whether more may be there.
  bool Serve(bool* more);
  // Takes what is on the ring, though nobody will read the answers.
  void ServeRest();
  // Publishes completions and wakes the client. As Serve.
  bool Flush();
  // Why Flush or Serve failed: nobody is there any more.
  bool gone() const { return gone_; }
  // Sleeps on the request ring. Returns false when there is work after all.
  // The protocol is tests/model/rest_sleep.pml.
  bool Rest();
  void Awake();
  bool HasRequests() const { return reader_.Ready(); }
  // Worth polling: it was served in this turn, waits for nothing here, and
  // runs on another processor than this one, as far as it says.
  bool CanLinger(uint32_t processor) const;
  // As far as it says.
  bool RunsOn(uint32_t processor) const;
  bool served() const { return state == State::kServing; }
  // Something that it was told may still wake it up.
  bool HasUnread() const;
  Threads threads() const { return Threads(requests_.get()); }
  // Contents that it may have mapped are about to go.
  void TellRegionDestroyed();
  size_t backlog_events() const { return outbox_.size(); }
  uint64_t backlog_bytes() const { return outbox_.payload_bytes(); }

  void Complete(uint32_t number, uint64_t user_data, Answer answer);
  void Post(abi::Event event, uint64_t user_data, Answer values);

  // Constant after construction.
  Kernel* const kernel;
  Process* const process;
  Account* const account;
  const Origin origin;

  State state = State::kWaitingHello;
  std::unique_ptr<Transport> transport;
  HandleTable handles;
  struct Name {
    std::string name;
    Handle handle;
  };
  std::vector<Name> names;  // what it was started with
  // As the client is told: of one that is gone only the name.
  std::vector<abi::NamedCapability> NamesHeld() const;
  std::deque<Obituary> obituaries;  // of what was taken from it

  std::multimap<uint64_t, std::unique_ptr<Wait>> waits;  // by user_data
  absl::flat_hash_set<Port*> listening;
  absl::flat_hash_set<Region*> granted;  // that it was ever given memory of
  absl::flat_hash_set<LockMember*> locks;
  uint32_t revokes = 0;
  Spare spare;
  uint32_t lanes_sending = 0;
  uint32_t lanes_receiving = 0;

  // Tracing: what it writes, and what it reads.
  std::shared_ptr<TraceOwner> trace_owner;
  uint32_t trace_rings = 0;
  std::map<uint64_t, std::unique_ptr<Tracing>> tracings;  // by id

  // The kernel's: its lists of sessions, and clearing away.
  Patience patience;
  bool lingers = false;
  int64_t lingers_until_ns = 0;
  bool in_ready = false;
  bool in_dirty = false;
  bool in_cut_off = false;
  uint32_t clear_slot = 0;

 private:
  bool TakeHello(std::span<const uint8_t> message, Credentials from);
  bool Refuse(Error why);
  bool Grant();
  std::vector<uint8_t> WelcomeWith(uint64_t completion_key) const;
  bool Begin();
  bool ServeOne(const abi::RecordHeader& header);
  void TellProcessor();
  void WakeClient(bool published, bool consumed);

  UniqueFd request_memory_;  // until it is mapped and sealed
  uint64_t request_key_ = 0;
  std::shared_ptr<base::Half> requests_;     // written by the client
  std::shared_ptr<base::Half> completions_;  // written here
  base::RingReader reader_;
  base::RingWriter writer_;
  Outbox outbox_;
  bool ring_full_ = false;
  bool gone_ = false;
  bool served_now_ = false;  // something, since it last rested
  uint32_t arm_generation_ = 0;
  base::Woken woken_;  // the client's arming that was woken already
};

}  // namespace kernel
