#include "tests/unit/kernel/model/model.h"

#include <algorithm>
#include <limits>

namespace model {
namespace {

constexpr int64_t kHelloNs = 10'000'000'000;
constexpr size_t kStepsPerTurn = 1024;

}  // namespace

Error ErrorOf(Ending ending) {
  const bool revoked = ending == Ending::kRevoked || ending == Ending::kExpired;
  return revoked ? Error::revoked : Error::canceled;
}

HandleFate FateOf(Ending ending) {
  if (ending == Ending::kMoved) return HandleFate::moved;
  if (ending == Ending::kRevoked) return HandleFate::revoked;
  if (ending == Ending::kExpired) return HandleFate::expired;
  return HandleFate::closed;
}

Model::Model(Coverage* coverage) : coverage_(*coverage) {
  struct KernelObject : Object {
    explicit KernelObject(uint64_t object_id)
        : Object(ObjectKind::kernel, object_id) {}
  };
  kernel_object_ = &Add<KernelObject>();
  root_ = &Add<Account>();
  root_->name = "root";
  tools_ = &Add<Account>();
  tools_->name = "tools";
  tools_->parent = root_;
  tools_->depth = 1;
  tools_->options = abi::kAccountShared;
  tools_->limit.fill(65'536);
  Put(&tools_->limit, AccountItem::bytes, 1u << 30);
  root_->children.insert(tools_);
  // These three stay.
  Use(*kernel_object_);
  Use(*root_);
  Use(*root_);
  Use(*tools_);
}

Session& Model::NewSession(Session::Origin origin, Account& account) {
  auto session = std::make_unique<Session>();
  Session& added = *session;
  added.process = &Add<Process>();
  added.process->session = &added;
  added.account = &account;
  added.origin = origin;
  Use(*added.process);
  Use(account);
  sessions_[added.id()] = std::move(session);
  return added;
}

Session& Model::AddSession(Session::Origin origin) {
  const bool is_root = origin == Session::Origin::kRoot;
  Account* account = root_;
  if (!is_root) {
    account = &Add<Account>();
    account->name = "tool";
    account->parent = tools_;
    account->depth = 2;
    tools_->children.insert(account);
    Use(*tools_);
    hellos_.push_back(now_ns_ + kHelloNs);
  }
  Session& session = NewSession(origin, *account);
  const Rights rights = is_root ? abi::kRightsAll
                                : abi::kRightInspect | abi::kRightTraceMeta |
                                      abi::kRightTracePayload |
                                      abi::kRightTraceStall | abi::kRightWait;
  Cap& kernel = NewCap({.object = kernel_object_, .rights = rights});
  session.names.push_back(
      {"kernel", Place(session, kernel, session.account, 0)});
  if (!is_root) return session;
  Cap& held = NewCap({.object = root_, .rights = abi::kRightsAll});
  session.names.push_back(
      {"account", Place(session, held, session.account, 0)});
  return session;
}

void Model::EndSession(Session& session) {
  if (!session.alive()) return;
  session.state = Session::State::kEnded;
  session.process->state = abi::ProcessState::dead;
  session.expected.clear();
  session.late.clear();
  while (!session.watches.empty())
    EndWatch(*session.watches.begin()->second, Error::canceled);
  const std::set<uint64_t> listening = session.listening;
  for (const uint64_t port : listening)
    EndListening(As<Port>(*FindObject(ObjectKind::port, port)), session,
                 Error::peer_closed);
  ended_.insert(session.id());
}

void Model::Unuse(Object& object) {
  --object.users;
  if (!object.needed()) unneeded_[object.id] = &object;
}

// ---- Accounts.

Amounts Model::Handles(uint64_t count) {
  Amounts amounts = {};
  Put(&amounts, AccountItem::handles, count);
  return amounts;
}

void Model::Put(Amounts* amounts, AccountItem item, uint64_t amount) {
  (*amounts)[static_cast<size_t>(item)] = amount;
}

Amounts Model::One(AccountItem item) {
  Amounts amounts = {};
  Put(&amounts, item, 1);
  return amounts;
}

Answer Model::Refusal(const Account& account, const Amounts& amounts) {
  for (const Account* one = &account; one != nullptr; one = one->parent)
    for (size_t i = 0; i < amounts.size(); ++i) {
      if (amounts[i] == 0) continue;
      const uint64_t used = one->used[i];
      const uint64_t after = used + amounts[i];
      if (one->limit[i] != 0 && after > one->limit[i])
        return Answer::Failed(Error::quota_exceeded, used, one->limit[i],
                              one->id, i);
      if (one->parent == nullptr || !one->parent->shared()) continue;
      const uint64_t whole = one->parent->EffectiveLimit(i);
      if (whole == ~uint64_t{0}) continue;
      // Of n that hold some, one may hold at most 1/(n+1) of what is free or
      // its own. Who asks for the first time is one more.
      const uint64_t others = one->parent->used[i] - used;
      const uint64_t holders = one->parent->Consumers(i) + (used == 0 ? 1 : 0);
      const uint64_t share = (whole - std::min(whole, others)) / (holders + 1);
      if (after > share)
        return Answer::Failed(Error::quota_exceeded, used, share,
                              one->parent->id, i | abi::kQuotaShare);
    }
  return {};
}

Answer Model::RefusalOfMoved(const Account& account, uint64_t handles,
                             Account& payer) {
  constexpr auto kItem = static_cast<size_t>(AccountItem::handles);
  for (Account* one = &payer; one != nullptr; one = one->parent)
    one->used[kItem] -= handles;
  Answer answer = Refusal(account, Handles(handles));
  for (Account* one = &payer; one != nullptr; one = one->parent)
    one->used[kItem] += handles;
  return answer;
}

void Model::Charge(Account& account, const Amounts& amounts) {
  Use(account);
  ChargeMore(account, amounts);
}

void Model::ChargeMore(Account& account, const Amounts& amounts) {
  for (Account* one = &account; one != nullptr; one = one->parent) {
    touched_objects_.insert(one->id);
    for (size_t i = 0; i < amounts.size(); ++i) one->used[i] += amounts[i];
  }
  LookAtSoftLimits(account);
}

void Model::Refund(Account& account, const Amounts& amounts) {
  for (Account* one = &account; one != nullptr; one = one->parent) {
    touched_objects_.insert(one->id);
    for (size_t i = 0; i < amounts.size(); ++i) one->used[i] -= amounts[i];
  }
  LookAtSoftLimits(account);
  Unuse(account);
}

void Model::SetLimits(Account& account, const abi::AccountLimits& limits) {
  std::copy(std::begin(limits.limit), std::end(limits.limit),
            account.limit.begin());
  std::copy(std::begin(limits.soft), std::end(limits.soft),
            account.soft.begin());
  touched_objects_.insert(account.id);
  LookAtSoftLimits(account);
}

// From this one up: who waits is told of the first that comes to its limit
// before the next is looked at.
void Model::LookAtSoftLimits(Account& account) {
  for (Account* one = &account; one != nullptr; one = one->parent) {
    uint32_t now = 0;
    for (size_t i = 0; i < one->used.size(); ++i)
      if (one->soft[i] != 0 && one->used[i] >= one->soft[i]) now |= 1u << i;
    const bool more = (now & ~one->at_soft) != 0;
    one->at_soft = now;
    if (!more) continue;
    ++one->generation;
    coverage_.Saw("soft limits reached");
    Signal(*one);
  }
}

// ---- Time.

size_t Model::Due(int64_t now_ns) const {
  const auto end = endings_.lower_bound({now_ns + 1, 0});
  return static_cast<size_t>(std::distance(endings_.begin(), end));
}

void Model::EndDue() {
  if (Due(now_ns_) > kStepsPerTurn) return;  // in turns: ObserveEndings
  unordered_ = true;
  BeginGroups();
  while (!endings_.empty() && endings_.begin()->first <= now_ns_) {
    coverage_.Saw("capabilities that came to their end");
    Destroy(*caps_.at(endings_.begin()->second), Ending::kExpired);
  }
  EndGroups();
  unordered_ = false;
}

int64_t Model::Alarm() const {
  int64_t alarm = std::numeric_limits<int64_t>::max();
  if (!endings_.empty()) alarm = endings_.begin()->first;
  if (!hellos_.empty()) alarm = std::min(alarm, hellos_.front());
  return alarm;
}

// ---- Looking.

const Model::Objects& Model::objects(ObjectKind kind) const {
  static const Objects kNone;
  const auto found = objects_.find(kind);
  return found == objects_.end() ? kNone : found->second;
}

Session* Model::FindSession(uint64_t id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

Object* Model::FindObject(ObjectKind kind, uint64_t id) const {
  const Objects& all = objects(kind);
  const auto found = all.find(id);
  return found == all.end() ? nullptr : found->second.get();
}

bool Model::IsDoomed(const Cap& cap) const {
  for (const RevokeJob& job : jobs_)
    if (job.doomed.count(cap.serial) != 0) return true;
  return false;
}

void Model::Forget() {
  touched_caps_.clear();
  touched_objects_.clear();
}

void Model::Expect(Session* session, Event event) {
  if (session != nullptr && session->alive())
    session->expected.push_back(std::move(event));
}

}  // namespace model
