// Model: what the kernel ought to do, as plainly as it can be said.
//
// It does each request in the order in which the kernel serves them and tells
// the exact answer. Where the contract leaves the kernel a choice (how far a
// revoke has come, which of several free slots), it looks at what the kernel
// did (`seen`, Observe) and checks that this was allowed.
#pragma once

#include <functional>
#include <list>
#include <optional>

#include "tests/unit/kernel/model/coverage.h"
#include "tests/unit/kernel/model/state.h"

namespace kernel {
class Kernel;
}

namespace model {

class Living;

class Model {
 public:
  explicit Model(Coverage* coverage);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // ---- What the driver does to the kernel.
  Session& AddSession(Session::Origin origin);
  // One request; `seen` is the kernel's answer, null if nobody got it.
  Answer Do(Session& session, const Request& request, const Answer* seen);
  void EndSession(Session& session);
  void SetTime(int64_t now_ns) { now_ns_ = now_ns; }
  // Destroys what has ended by now, as the kernel does before the requests.
  void EndDue();
  size_t Due(int64_t now_ns) const;
  // Follows what the kernel did by itself after the requests of a turn.
  void Observe(const kernel::Kernel& kernel);
  bool IsRevoke(const Session& session, uint64_t user_data) const;
  // The kernel answered a revoke.
  void RevokeAnswered(Session& session, uint64_t user_data,
                      const Answer& answer);
  // Throws unless all work is done; the kernel says that it is.
  void CheckRest() const;

  // ---- Objects and capabilities; for the calls.
  template <typename T>
  T& Add() {
    auto object = std::make_unique<T>(next_id_++);
    T& added = *object;
    objects_[added.kind][added.id] = std::move(object);
    touched_objects_.insert(added.id);
    return added;
  }
  struct Making {
    Object* object;
    Rights rights;
    uint64_t badge = 0;
    uint8_t band = 0;
    Cap* parent = nullptr;
    uint64_t made_by = 0;
    int64_t ends_ns = 0;
    std::optional<abi::TraceLimits> trace_limits = {};
  };
  Cap& NewCap(const Making& making);
  // Null for what is no handle, or has ended by now.
  Cap* Find(Session& session, uint64_t handle);
  // Find's null as an answer.
  static Answer BadHandle(const Session& session, uint64_t handle);
  void Destroy(Cap& cap, Ending ending);
  // Takes it out of its table, to be given away.
  void TakeOut(Cap& cap);
  void SetRights(Cap& cap, Rights rights);
  // Charged to `account`, if to any.
  Handle Place(Session& session, Cap& cap, Account* account, Handle seen);
  void Recharge(Cap& cap, Account* account);
  Session& NewSession(Session::Origin origin, Account& account);
  Answer StartRevoke(Session& session, Cap& root, uint64_t badge,
                     uint64_t user_data);
  void Touch(const Object& object) { touched_objects_.insert(object.id); }
  void Use(Object& object) { ++object.users; }
  void NoteGrant(Session& session, Region& region) {
    const auto [at, first] = session.granted.try_emplace(&region, 0);
    if (first) ++region.sessions;
    if (at->second++ == 0) Use(region);
  }
  void Unuse(Object& object);

  // ---- Accounts.
  static Amounts Handles(uint64_t count);
  static Amounts One(AccountItem item);
  static void Put(Amounts* amounts, AccountItem item, uint64_t amount);
  // quota_exceeded, or ok.
  static Answer Refusal(const Account& account, const Amounts& amounts);
  // The same for handles that `payer` pays for until then.
  static Answer RefusalOfMoved(const Account& account, uint64_t handles,
                               Account& payer);
  void SetLimits(Account& account, const abi::AccountLimits& limits);
  void Charge(Account& account, const Amounts& amounts);
  // For what is charged already, and grows.
  void ChargeMore(Account& account, const Amounts& amounts);
  void Refund(Account& account, const Amounts& amounts);

  // ---- Watches.
  static abi::Signals SignalsOfKind(ObjectKind kind);
  static abi::Signals SignalsOf(const Object& object);
  static Answer SignalAnswer(const Object& object, abi::Signals signals);
  // Parks it, or tells why not.
  Answer Park(Session& session, Cap& cap, const Watch& watch);
  void EndWatch(Watch& watch, Answer answer, bool fewer_items = false);
  // Gives what is there to who waits longest for some of it.
  void ServeTakers(Notification& notification);
  // A watch that had waited is answered.
  void LateAnswered(Session& session, uint64_t user_data, const Answer& answer);

  // ---- Replies.
  // It is open no longer.
  void CloseReply(Reply& reply, abi::ReplyState state);
  // The lane's caller is gone.
  void EndReplies(Lane& lane);

  // ---- Ports and lanes.
  void EndListening(Port& port, Session& session, Error why);
  void TellSenders(Port& port);
  void Detach(Lane& lane, End end, uint64_t number);
  void MarkLane(Lane& lane) { pending_lanes_.insert(lane.id); }
  void Expect(Session* session, Event event);
  void PostLane(const Lane& lane, End end, abi::Event event,
                std::array<uint64_t, 4> values,
                std::vector<uint8_t> payload = {});

  Coverage& coverage() const { return coverage_; }
  int64_t now_ns() const { return now_ns_; }
  // When the kernel is to be called at the latest.
  int64_t Alarm() const;

  // ---- What there is.
  using Caps = std::map<uint64_t, std::unique_ptr<Cap>>;
  using Objects = std::map<uint64_t, std::unique_ptr<Object>>;
  using Sessions = std::map<uint64_t, std::unique_ptr<Session>>;
  const Caps& caps() const { return caps_; }
  const Objects& objects(ObjectKind kind) const;
  const Sessions& sessions() const { return sessions_; }
  Session* FindSession(uint64_t id) const;
  Object* FindObject(ObjectKind kind, uint64_t id) const;
  const std::list<RevokeJob>& jobs() const { return jobs_; }
  // Of lanes that are gone.
  const std::list<std::unique_ptr<Transfer>>& doomed() const { return doomed_; }
  // About to be destroyed by a revoke. What it was derived from is then the
  // kernel's matter.
  bool IsDoomed(const Cap& cap) const;
  // Changed since the last Forget.
  const std::set<uint64_t>& touched_caps() const { return touched_caps_; }
  const std::set<uint64_t>& touched_objects() const { return touched_objects_; }
  void Forget();

 private:
  // model_caps.cc
  void CountPort(Port& port, Rights before, Rights after);
  void ClosePort(Port& port);
  void DropReply(Reply& reply);
  void Signal(Object& object);
  void EndUses(Cap& cap, Ending ending);
  static void RevokeWarrants(Cap& cap);
  void LeaveWarrants(Cap& cap);
  void LoseCap(Lane& lane, Ending ending);
  void HandleGone(Lane& lane, const Cap& handle, Ending ending);
  void Unlink(Cap& cap);
  void LookAtSoftLimits(Account& account);

  // model_lanes.cc
  static bool Listened(const Lane& lane);
  void Unbind(Lane& lane);
  void DropAttachments(Lane& lane, End end);
  void PostOrphaned(const Lane& lane);
  void CutBySender(Lane& lane, Error why);
  void CutByListener(Lane& lane, Error why);
  void SettleLanes(const kernel::Kernel& kernel);
  void BindLanes(const kernel::Kernel& kernel, const std::vector<Lane*>& lanes);
  static void CheckChoice(const Lane& lane, const Port::Listener& chosen);
  void Bind(Lane& lane, Session& session, Port::Listener& listener,
            Handle handle);
  void RetireIfOver(Lane& lane);

  // model_background.cc
  // What is done in between frees handles in an order that is not known.
  void BeginGroups();
  void EndGroups();
  void ObserveRevokes(const Living& living);
  void HitByRevoke(Cap& cap);
  bool MayBeOthers(const Cap& cap) const;
  void ObserveEnded(const Living& living);
  void DropSession(Session& session);
  std::vector<Cap*> Lost() const;
  void ObserveLost(const Living& living);
  void ObserveEndings(const Living& living);
  void ObserveDoomed(const Living& living);
  void RefundMessages(const kernel::Kernel& kernel);
  void ObserveReaped(const kernel::Kernel& kernel);
  bool ReapGone(const kernel::Kernel& kernel);
  void Reap(Object& object);

  Coverage& coverage_;
  uint64_t next_id_ = 1;
  uint64_t next_serial_ = 1;
  Caps caps_;
  std::map<ObjectKind, Objects> objects_;
  Sessions sessions_;
  Object* kernel_object_ = nullptr;
  Account* root_ = nullptr;
  Account* tools_ = nullptr;

  // Work that the kernel does when it likes.
  std::list<RevokeJob> jobs_;
  std::list<std::unique_ptr<Transfer>> doomed_;
  std::set<uint64_t> ended_;                        // sessions
  std::set<std::pair<int64_t, uint64_t>> endings_;  // serials, by time
  std::vector<int64_t> hellos_;  // when sessions by the path are to have begun
  int64_t now_ns_ = 0;
  std::set<uint64_t> pending_lanes_;  // to be settled
  std::map<uint64_t, Object*> unneeded_;
  uint64_t next_watch_ = 1;
  bool unordered_ = false;  // what happens now, happens in some order

  std::set<uint64_t> touched_caps_;
  std::set<uint64_t> touched_objects_;
};

Error ErrorOf(Ending ending);
HandleFate FateOf(Ending ending);

}  // namespace model
