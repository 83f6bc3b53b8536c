// Kernel: the core. Owns accounts, objects, capabilities and sessions, and
// the work that is done in steps between requests.
//
// One thread, no waits, no loop: whoever drives it calls Receive when a
// message came and Turn as long as it has work.
//
//   Session --table--> Capability --object--> Port, Lane, Region, ...
//      ^                   |  ^ derivation tree
//      +------holder-------+
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "kernel/cap/revoke.h"
#include "kernel/object/answer.h"
#include "kernel/object/flight_board.h"
#include "kernel/object/lanes.h"
#include "kernel/object/lingering.h"
#include "kernel/object/locks.h"
#include "kernel/object/notification.h"
#include "kernel/object/port.h"
#include "kernel/object/region.h"
#include "kernel/object/timers.h"
#include "kernel/object/topics.h"
#include "kernel/object/trace_board.h"
#include "kernel/session/session.h"

namespace kernel {

// Why a capability goes.
enum class Ending { kClosed, kMoved, kRevoked, kExpired, kDeath };
Error ErrorOf(Ending ending);
HandleFate FateOf(Ending ending);

// Whether a handle is paid for by the account of the session that has it.
enum class Charging { kHolder, kNobody };

// A random number for stamps.
uint64_t RandomKey();

class Kernel {
 public:
  static constexpr size_t kSessionsMax = 16'384;
  static constexpr size_t kPathSessionsMax = 4'096;  // of these
  // Who came by the path says Hello within this time.
  static constexpr int64_t kHelloNs = 10'000'000'000;
  // Steps of background work a turn.
  static constexpr uint32_t kStepsPerTurn = 1'024;
  // More than a revoke needs to destroy one.
  static constexpr uint32_t kStepsPerCapability = 4;

  explicit Kernel(Host* host);
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  ~Kernel();

  // ---- For whoever drives it.
  // Null at the limit of sessions and, but for a root, while memory is short.
  // The caller gives it its transport.
  Session* AddSession(Session::Origin origin);
  Session* FindSession(uint64_t id);
  void Receive(Session& session, std::span<const uint8_t> message,
               Credentials from);
  void Writable(Session& session);
  // The word that its transport waited for (Transport::WaitForWord).
  void Rang(Session& session) { MarkReady(session); }
  // The process is gone, or has hung up: what it had asked for is done first,
  // as far as it stands on its ring. A lane that it had begun to read would
  // otherwise be read from its start again.
  void HangUp(Session& session);
  // The same, asked for by a session's request: at once, but with the next
  // turn when that request is itself part of a HangUp, so that they never
  // nest.
  void CutOff(Session& session);
  void EndSession(Session& session);
  // One turn for every session with requests, then a bounded amount of other
  // work. Returns whether there is more to do at once.
  bool Turn();
  bool HasWork() const;
  // Whether what is served stands on the ring of one that has hung up.
  bool hangs_up() const { return hanging_up_; }
  // Without work: whether some sessions are worth polling, and looking at them
  // once. They may be work then.
  void EnableLingering() { lingering_.Enable(); }
  bool HasLingering() const { return !lingering_.empty(); }
  void Poll() { lingering_.Poll(); }
  // A turn is worth making in a while, though nothing happens.
  bool WaitsForRoom() const { return lanes_.starves() || topics_.starves(); }
  bool had_root() const { return had_root_; }
  uint32_t live_roots() const { return live_roots_; }

  // ---- Objects.
  template <typename T, typename... Args>
  T& Add(Args&&... args) {
    const uint64_t id = next_id_++;
    auto object = std::make_unique<T>(id, std::forward<Args>(args)...);
    T& added = *object;
    objects_[KindIndex(added.kind)].emplace_hint(
        objects_[KindIndex(added.kind)].end(), id, std::move(object));
    return added;
  }
  using ObjectMap = std::map<uint64_t, std::unique_ptr<Object>>;
  const ObjectMap& objects(ObjectKind kind) const {
    return objects_[KindIndex(kind)];
  }
  void Use(Object& object) { ++object.users; }
  void Unuse(Object& object);
  // Completes the watches of which a signal is true now.
  void Signal(Object& object);
  static abi::Signals SignalsOf(const Object& object);
  // What a watch for these signals is answered.
  static Answer SignalAnswer(const Object& object, abi::Signals signals);
  static abi::Signals SignalsOfKind(ObjectKind kind);

  // ---- Charges: RoomIn first.
  static Answer RoomIn(const Account& account, const Charges& charges);
  void Charge(Account& account, const Charges& charges);
  // On top of a charge that lasts: refunded together with it.
  void ChargeMore(Account& account, const Charges& charges);
  void Refund(Account& account, const Charges& charges);
  void SetLimits(Account& account, const abi::AccountLimits& limits);

  // ---- Capabilities.
  CapabilityTree& tree() { return tree_; }
  // Ends when its parent does, or before that.
  Capability* NewCapability(const CapabilityTree::Making& making);
  // Null for what is no handle, or has ended by now. One request has one now:
  // what it has found stays.
  Capability* Find(Session& session, Handle handle);
  void BeginRequest() { request_ns_ = 0; }
  // Room for handles in the table and the account?
  Answer RoomFor(const Session& session, uint64_t handles) const;
  // The same for handles that `payer` pays for until then.
  static Answer RoomForMoved(const Session& session, uint64_t handles,
                             Account& payer);
  // Puts it into the table. Not for a capability that another table has.
  Handle Place(Session& session, Capability& capability,
               Charging charging = Charging::kHolder);
  // The same for the next place of a transfer, which pays for it.
  void PutInto(Transfer& transfer, Capability& capability);
  // Takes it out of its table, to be given away: its uses end.
  void TakeOut(Capability& capability);
  void SetRights(Capability& capability, Rights rights);
  void Destroy(Capability& capability, Ending ending,
               const Revoker& by = Revoker());
  Answer StartRevoke(Session& session, Capability& root, uint64_t badge,
                     uint64_t user_data);
  // Destroyed bit by bit, with whatever that entails.
  void Doom(std::unique_ptr<Transfer> transfer);

  // ---- Regions.
  // The session was given memory of the region. It keeps the region, though no
  // capability is left, until it has said of each that it is gone, or is gone
  // itself.
  void NoteGrant(Session& session, Region& region);
  // Errors: not_found.
  Answer NoteUnmapped(Session& session, Region& region);
  static bool HasMemoryOf(Session& session, const Region& region);
  // Destroys what is in the region, in steps.
  Answer StartDestruction(Session& session, Region& region, uint64_t user_data);

  // ---- Waits. Charged to the session while they last.
  Answer Park(Session& session, Capability& capability,
              const abi::Request& request, const WaitFor& what);
  void EndWait(Wait& wait, Answer answer);
  // Gives what is in the notification to who waits for it.
  void ServeTakers(Notification& notification);

  // ---- Sessions.
  void MarkReady(Session& session);
  void MarkDirty(Session& session);
  void SessionBegan(Session& session);
  // It was asleep and is not any more.
  void Woke(const Session& session);
  Session* NewSession(Session::Origin origin, Account& account);
  bool SessionsFull() const { return sessions_.size() >= kSessionsMax; }

  // Has lanes that have grown looked at, by then if not before.
  void LookAtGrownBy(int64_t due_ns) {
    timers_.SetLook(std::min(timers_.look_ns(), due_ns));
  }
  // What a session was told stands on its ring when this returns, if there is
  // room.
  void Deliver(Session& session);

  Lanes& lanes() { return lanes_; }
  Topics& topics() { return topics_; }
  Locks& locks() { return locks_; }
  TraceBoard& trace() { return trace_; }
  FlightBoard& flight() { return flight_; }
  Account& root_account() { return *root_account_; }
  Host& host() { return *host_; }
  int64_t NowNs() { return host_->NowNs(); }

 private:
  static size_t KindIndex(ObjectKind kind) { return static_cast<size_t>(kind); }

  Account& AddToolAccount();
  void LookAtSoftLimits(Account& account);

  // kernel_capabilities.cc
  void EndUses(Capability& capability, Ending ending);
  // Null for nobody. What the same account pays for already stays as it is.
  void ChargeTo(Capability& capability, Account* account);
  void CountPort(Port& port, Rights before, Rights after);
  void ClosePort(Port& port);

  // kernel_destructions.cc
  struct Destruction {
    Region* region;    // used by it
    uint64_t session;  // whom to answer
    uint64_t user_data;
    uint64_t told;  // sessions up to here
    uint64_t tell_below;
  };
  void ForgetGrants(Session& session);
  static void ForgetGrants(Region& region);
  void RunDestructions();
  // Whether all sessions were told.
  bool TellOfDestruction(Destruction& one);
  void EndDestruction(const Destruction& one);

  // kernel_work.cc
  void RunTimers();
  void SetAlarm();
  void GiveNames(Session& session);
  void RunRevokes();
  void AnswerRevokes();
  void HangUpNext();
  void HangUpLater(Session& session);
  void EndBroken(Session& session);
  void ClearSessions();
  bool ClearSome(Session& session, uint32_t steps);
  void DropSession(Session& session);
  void DestroyDoomed();
  void Reap();
  void ReapObject(Object& object);
  void ServeReady();
  void FlushAndRest();

  Host* const host_;
  uint64_t next_id_ = 1;
  ObjectMap objects_[abi::kObjectKinds + 1];
  CapabilityTree tree_;
  KernelObject* kernel_object_ = nullptr;
  Account* root_account_ = nullptr;
  Account* tools_account_ = nullptr;
  Lanes lanes_;
  Topics topics_;
  Locks locks_;
  TraceBoard trace_;
  FlightBoard flight_;
  Timers timers_;
  int64_t alarm_ns_ = Timers::kNever;  // asked of the host
  bool timers_due_ = false;            // more than one turn's worth
  int64_t request_ns_ = 0;             // 0: not looked at yet

  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  bool had_root_ = false;
  uint32_t live_roots_ = 0;
  size_t path_sessions_ = 0;
  uint64_t next_wait_ = 1;

  // Work, each list done in order and in steps.
  std::vector<Session*> ready_;  // may have requests
  std::vector<Session*> dirty_;  // have something to flush, or to rest
  Lingering lingering_;
  std::deque<std::unique_ptr<RevokeJob>> revokes_;
  std::deque<std::unique_ptr<RevokeJob>> revoked_;  // done, not answered
  uint64_t next_revoke_ = 1;
  std::deque<Destruction> destructions_;  // one a region
  uint32_t revoke_debt_ = 0;       // steps owed for what was derived meanwhile
  std::deque<uint64_t> cut_off_;   // to be hung up
  bool cut_off_now_ = false;       // one in this turn already
  bool hanging_up_ = false;        // on the stack
  std::deque<Session*> clearing_;  // ended
  std::deque<std::unique_ptr<Transfer>> doomed_;
  std::deque<Object*> reap_;
};

}  // namespace kernel
