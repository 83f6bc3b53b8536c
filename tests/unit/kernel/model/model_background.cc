// Model: what the kernel does by itself, in steps. How many steps a turn is
// its own matter, so the model looks which of what may go has gone.
#include <algorithm>

#include "tests/unit/kernel/model/living.h"
#include "tests/unit/kernel/model/model.h"

namespace model {
namespace {

template <typename Map>
std::vector<Cap*> Gone(const Living& living, const Map& map) {
  std::vector<Cap*> gone;
  for (const auto& [key, cap] : map)
    if (!living.Has(*cap)) gone.push_back(cap);
  return gone;
}

// Of what this account itself was charged with.
uint64_t OwnMessages(const kernel::Kernel& kernel, uint64_t id) {
  constexpr auto kItem = static_cast<size_t>(AccountItem::messages);
  uint64_t own = 0;
  for (const auto& [other, object] : kernel.objects(ObjectKind::account)) {
    const auto& account = kernel::As<kernel::Account>(*object);
    if (other == id) own += account.used[kItem];
    if (account.parent != nullptr && account.parent->id == id)
      own -= account.used[kItem];
  }
  return own;
}

bool Empty(const Transfer& transfer) {
  return std::all_of(transfer.items.begin(), transfer.items.end(),
                     [](const auto& item) { return item.cap == nullptr; });
}

}  // namespace

void Model::Observe(const kernel::Kernel& kernel) {
  const Living living(kernel);
  unordered_ = true;
  ObserveEndings(living);
  ObserveRevokes(living);
  ObserveEnded(living);
  SettleLanes(kernel);
  ObserveLost(living);
  ObserveDoomed(living);
  ObserveReaped(kernel);
  unordered_ = false;
}

void Model::BeginGroups() {
  for (auto& [id, session] : sessions_) session->table.BeginGroup();
}

void Model::EndGroups() {
  for (auto& [id, session] : sessions_) session->table.EndGroup();
}

// Only of more than a turn can do, and then nobody has asked for anything.
void Model::ObserveEndings(const Living& living) {
  if (Due(now_ns_) == 0) return;
  coverage_.Saw("more ended at once than a turn destroys");
  BeginGroups();
  const auto endings = endings_;
  for (const auto& [ends_ns, serial] : endings) {
    if (ends_ns > now_ns_) break;
    Cap& cap = *caps_.at(serial);
    if (!living.Has(cap)) Destroy(cap, Ending::kExpired);
  }
  EndGroups();
}

void Model::ObserveRevokes(const Living& living) {
  if (jobs_.empty()) return;
  BeginGroups();
  for (RevokeJob& job : jobs_) {
    ++job.turns;
    for (Cap* cap : Gone(living, job.doomed)) HitByRevoke(*cap);
    // Made with the badge while the revoke ran: it may have met them.
    for (Cap* cap : Gone(living, job.under))
      if (cap->badge == job.badge) HitByRevoke(*cap);
  }
  EndGroups();
  jobs_.remove_if([&](const RevokeJob& job) {
    const Session* asker = FindSession(job.session);
    return job.doomed.empty() && (asker == nullptr || !asker->alive());
  });
}

// Might something else than a revoke have destroyed it in the same turn?
bool Model::MayBeOthers(const Cap& cap) const {
  if (cap.holder != nullptr) return !cap.holder->alive();
  const Lane* lane = cap.transfer->lane;
  return lane == nullptr || pending_lanes_.count(lane->id) != 0 ||
         lane->left_over();
}

void Model::HitByRevoke(Cap& cap) {
  std::vector<RevokeJob*> by;
  for (RevokeJob& job : jobs_)
    if (job.doomed.count(cap.serial) != 0 ||
        (cap.badge == job.badge && job.under.count(cap.serial) != 0))
      by.push_back(&job);
  const bool sure = by.size() == 1 && !MayBeOthers(cap);
  for (RevokeJob* job : by) {
    auto& hit = sure ? job->hit : job->maybe_hit;
    hit[0] += 1;
    hit[1] += cap.lanes.size();
    hit[2] += cap.grants;
    hit[3] += cap.transfer != nullptr ? 1 : 0;
  }
  if (MayBeOthers(cap))
    for (Lane* lane : cap.lanes) lane->why_unsure = true;
  if (cap.transfer != nullptr) coverage_.Saw("revoked on the way");
  if (!sure) coverage_.Saw("revoked, or ended otherwise in the same turn");
  Destroy(cap, Ending::kRevoked);
}

bool Model::IsRevoke(const Session& session, uint64_t user_data) const {
  return std::any_of(jobs_.begin(), jobs_.end(), [&](const RevokeJob& job) {
    return job.session == session.id() && job.user_data == user_data;
  });
}

void Model::RevokeAnswered(Session& session, uint64_t user_data,
                           const Answer& answer) {
  const auto job = std::find_if(jobs_.begin(), jobs_.end(), [&](auto& one) {
    return one.session == session.id() && one.user_data == user_data;
  });
  if (job == jobs_.end()) throw Mismatch("a revoke answered that is not there");
  if (answer.error != Error::ok) throw Mismatch("a revoke failed");
  if (!job->doomed.empty())
    throw Mismatch("a revoke is answered, and capability " +
                   std::to_string(job->doomed.begin()->first) + " lives");
  for (size_t i = 0; i < 4; ++i)
    if (answer.values[i] < job->hit[i] ||
        answer.values[i] > job->hit[i] + job->maybe_hit[i])
      throw Mismatch(
          "the revoke's receipt says " + std::to_string(answer.values[i]) +
          " at " + std::to_string(i) + ", not " + std::to_string(job->hit[i]));
  coverage_.Answered(static_cast<uint32_t>(abi::Syscall::handle_revoke),
                     Error::ok);
  if (job->turns > 1) coverage_.Saw("revokes that took turns");
  coverage_.Saw("turns of revokes", job->turns);
  jobs_.erase(job);
}

void Model::ObserveEnded(const Living& living) {
  const std::set<uint64_t> ended = ended_;
  for (const uint64_t id : ended) {
    Session& session = *FindSession(id);
    for (Cap* cap : Gone(living, session.table.held()))
      Destroy(*cap, Ending::kDeath);
    if (!living.HasSession(id)) DropSession(session);
  }
}

void Model::DropSession(Session& session) {
  if (session.table.size() != 0)
    throw Mismatch("session " + std::to_string(session.id()) +
                   " is gone, and not its capabilities");
  if (session.table.repeats() != 0) coverage_.Saw("handles worn out");
  for (const auto& [region, count] : session.granted)
    if (count > 0) Unuse(*region);
  if (session.origin == Session::Origin::kChild)
    Refund(*session.account, One(AccountItem::processes));
  Unuse(*session.account);
  session.process->session = nullptr;
  Signal(*session.process);
  touched_objects_.insert(session.id());
  Unuse(*session.process);
  ended_.erase(session.id());
  sessions_.erase(session.id());
}

// The Receive capabilities that nobody can ever get, because they lie among
// the messages of the dead for ports that nobody can ever receive from.
std::vector<Cap*> Model::Lost() const {
  std::map<Cap*, Port*> buried;  // and the port to whose queue it belongs
  for (const auto& [id, object] : objects(ObjectKind::lane)) {
    const auto& lane = static_cast<const Lane&>(*object);
    if (!lane.left_over()) continue;
    for (const auto& [token, transfer] : lane.transfers)
      for (const Transfer::Item& item : transfer->items)
        if (item.cap != nullptr && item.kind == ObjectKind::port &&
            (item.cap->rights & abi::kRightReceive) != 0)
          buried[item.cap] = lane.port;
  }
  std::map<const Object*, uint64_t> count;
  for (const auto& [cap, port] : buried) ++count[cap->object];
  const auto reached = [&](const Port& port) {
    const auto found = count.find(&port);
    return port.receivers > (found == count.end() ? 0 : found->second);
  };
  bool again = true;
  while (again) {
    again = false;
    for (auto at = buried.begin(); at != buried.end(); ++at)
      if (reached(*at->second)) {
        --count[at->first->object];
        buried.erase(at);
        again = true;
        break;
      }
  }
  std::vector<Cap*> lost;
  for (const auto& [cap, port] : buried)
    if (!reached(As<Port>(*cap->object))) lost.push_back(cap);
  return lost;
}

void Model::ObserveLost(const Living& living) {
  for (Cap* cap : Lost()) {
    if (living.Has(*cap)) continue;
    coverage_.Saw("ports that only the dead could reach");
    Destroy(*cap, Ending::kClosed);
  }
}

void Model::ObserveDoomed(const Living& living) {
  for (const auto& transfer : doomed_)
    for (const Transfer::Item& item : transfer->items)
      if (item.cap != nullptr && !living.Has(*item.cap))
        Destroy(*item.cap, Ending::kClosed);
  if (!doomed_.empty()) RefundMessages(living.kernel());
}

// The last step for a transfer is to give back what it was charged with. Of
// several of one account it does not matter which.
void Model::RefundMessages(const kernel::Kernel& kernel) {
  std::map<const Account*, uint64_t> charged;
  for (const auto& [id, object] : objects(ObjectKind::lane))
    for (const auto& [token, transfer] : As<Lane>(*object).transfers)
      ++charged[transfer->charged];
  for (const auto& transfer : doomed_) ++charged[transfer->charged];
  for (const auto& [id, object] : objects(ObjectKind::reply))
    if (const Reply& reply = As<Reply>(*object); reply.open())
      ++charged[reply.charged];
  std::map<const Account*, uint64_t> left;
  for (const auto& [account, count] : charged)
    left[account] = OwnMessages(kernel, account->id);
  doomed_.remove_if([&](const auto& transfer) {
    Account* account = transfer->charged;
    if (!Empty(*transfer) || charged[account] <= left[account]) return false;
    --charged[account];
    Refund(*account, One(AccountItem::messages));
    return true;
  });
}

// To be done again as long as one that goes leaves another unneeded.
void Model::ObserveReaped(const kernel::Kernel& kernel) {
  while (ReapGone(kernel)) {
  }
}

bool Model::ReapGone(const kernel::Kernel& kernel) {
  std::vector<Object*> gone;
  for (auto at = unneeded_.begin(); at != unneeded_.end();) {
    Object& object = *at->second;
    const bool lives = kernel.objects(object.kind).count(object.id) != 0;
    if (!object.needed() && lives) {
      ++at;
      continue;
    }
    if (!object.needed()) gone.push_back(&object);
    at = unneeded_.erase(at);
  }
  // A lane is to be listed with its port.
  std::stable_partition(gone.begin(), gone.end(), [](const Object* object) {
    return object->kind == ObjectKind::lane;
  });
  for (Object* object : gone) Reap(*object);
  return !gone.empty();
}

void Model::Reap(Object& object) {
  Amounts amounts = {};
  switch (object.kind) {
    case ObjectKind::account:
      As<Account>(object).parent->children.erase(&As<Account>(object));
      Unuse(*As<Account>(object).parent);
      break;
    case ObjectKind::port:
      for (const auto& [id, lane] : objects(ObjectKind::lane))
        if (As<Lane>(*lane).port == &object)
          throw Mismatch("a port is gone before its lane");
      Put(&amounts, AccountItem::ports, 1);
      Refund(*As<Port>(object).charged, amounts);
      break;
    case ObjectKind::notification:
      Refund(*As<Notification>(object).charged,
             One(AccountItem::notifications));
      break;
    case ObjectKind::region:
      for (const auto& [id, session] : sessions_)
        session->granted.erase(&As<Region>(object));
      Put(&amounts, AccountItem::regions, 1);
      Put(&amounts, AccountItem::bytes, As<Region>(object).bytes);
      Refund(*As<Region>(object).charged, amounts);
      break;
    default:
      break;
  }
  touched_objects_.erase(object.id);
  objects_[object.kind].erase(object.id);
}

void Model::CheckRest() const {
  if (!jobs_.empty()) throw Mismatch("a revoke was never answered");
  if (!doomed_.empty())
    throw Mismatch("a transfer of a lane that is gone was leaked");
  if (Due(now_ns_) != 0) throw Mismatch("what has ended lives");
  if (!Lost().empty()) throw Mismatch("a lost port was not destroyed");
  if (!ended_.empty()) throw Mismatch("an ended session was not cleared away");
  if (!pending_lanes_.empty()) throw Mismatch("a lane was not settled");
  if (!unneeded_.empty())
    throw Mismatch("object " + std::to_string(unneeded_.begin()->first) +
                   " is needed by nobody and there");
}

}  // namespace model
