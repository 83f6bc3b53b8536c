// Generator: random requests of a session, most of them sensible, some wrong
// in one way. To add a call, write its function and put it into the list.
#pragma once

#include "tests/unit/kernel/model/model.h"
#include "tests/unit/kernel/model/random.h"

namespace model {

// One near a key, and so many further.
template <typename Container, typename Key>
auto From(const Container& container, Key key, uint64_t further) {
  auto at = container.lower_bound(key);
  for (uint64_t i = 0; i <= further; ++i) {
    if (at == container.end()) at = container.begin();
    if (i < further) ++at;
  }
  return at == container.end() ? container.begin() : at;
}

// What an episode is about.
struct Profile {
  const char* name;
  size_t caps;          // about so many
  uint64_t batch;       // requests a turn, at most
  uint64_t end_every;   // requests between deaths
  uint64_t rest_every;  // turns between rests
  uint64_t handles;     // limit of an account; 0: none
  size_t players;       // at most
  bool wears;           // the third player wears out a slot of its table
  // Weights of what is asked, besides looking.
  uint32_t derive, lose, revoke, make, lanes, transfers, notes, replies, errors;
  uint32_t ends;         // of 100 minted ones, have an end
  uint64_t ends_within;  // nanoseconds; a request takes 20, about
};

class Generator {
 public:
  Generator(const Profile& profile, Model* model, Random* random);
  Request Next(Session& session);

 private:
  using Function = Request (Generator::*)(Session&);
  struct Line {
    uint32_t weight;
    Function function;
  };
  Request Wear(Session& session);
  Request Duplicate(Session& session);
  Request Mint(Session& session);
  Request Replace(Session& session);
  Request Close(Session& session);
  Request Revoke(Session& session);
  Request RevokeMuch(Session& session);
  Request Info(Session& session);
  Request SessionInfo(Session& session);
  Request CreatePort(Session& session);
  Request Connect(Session& session);
  Request Listen(Session& session);
  Request Ready(Session& session);
  Request CloseLane(Session& session);
  Request Attach(Session& session);
  Request MapAttached(Session& session);
  Request Detach(Session& session);
  Request WithAttachment(Session& session, abi::Syscall call);
  Request WatchObject(Session& session);
  Request WatchAccount(Session& session);
  Request CancelWait(Session& session);
  Request Stage(Session& session);
  Request Redeem(Session& session);
  Request Cancel(Session& session);
  Request CreateRegion(Session& session);
  Request SealRegion(Session& session);
  Request MapRegion(Session& session);
  Request RegionInfo(Session& session);
  Request RegionState(Session& session);
  Request RegionUnmapped(Session& session);
  uint64_t RegionGranted(Session& session);
  Request GrowRegion(Session& session);
  Request CreateProcess(Session& session);
  Request ProcessInfo(Session& session);
  Request CreateAccount(Session& session);
  Request LimitAccount(Session& session);
  Request AccountInfo(Session& session);
  Request List(Session& session);
  Request Times(Session& session);
  Request CreateNotification(Session& session);
  Request SignalNotification(Session& session);
  Request WaitForNotification(Session& session);
  uint64_t SomeWord();
  Request CreateReply(Session& session);
  Request SendReply(Session& session);
  Request CancelReply(Session& session);
  Request ReplyInfo(Session& session);
  // A lane's handle at this end.
  Handle LaneAt(Session& session, End end);

  void Spoil(Session& session, Request* request);
  // Holds none of this kind; mostly it had better make one first.
  bool Lacks(Session& session, ObjectKind kind) {
    return session.table.held_of(kind).empty() && !random_.OneIn(8);
  }
  Handle Any(Session& session);
  // What a revoke is about to destroy, or 0.
  Handle Doomed(Session& session);
  // The root of a revoke that runs, or what it was derived from, or 0.
  Handle Revoking(Session& session);
  // To derive from: one that has much derived from it already, the newest, or
  // any.
  Handle Source(Session& session);
  Handle Of(Session& session, ObjectKind kind);
  // One whose capability has these rights, if that is soon found.
  Handle With(Session& session, ObjectKind kind, Rights rights);
  // One from which much was derived.
  Handle Rich(Session& session, Rights rights);
  // One of the first.
  Handle Old(Session& session);
  // What it was derived from, some steps up.
  Handle Above(Session& session, Handle handle);
  Handle Wrong(Session& session);
  uint64_t SomeRights(const Session& session, Handle handle);
  abi::AccountLimits SomeLimits();
  abi::TransferItem SomeItem(Session& session);
  // Of transfers that this end may take back (own), or take.
  std::vector<uint64_t> Tokens(const Session& session, Handle lane,
                               bool own) const;
  Handle LaneWith(Session& session, bool own);
  // Of a lane that is not cut, if there is one.
  Handle OpenLane(Session& session);
  uint64_t SomeToken(Session& session, Handle lane, bool own);
  size_t Count(ObjectKind kind) const { return model_->objects(kind).size(); }

  const Profile profile_;
  Model* const model_;
  Random& random_;
  std::vector<Line> lines_;
  uint64_t weights_ = 0;
  std::map<uint64_t, Handle> favourites_;  // by session
};

}  // namespace model
