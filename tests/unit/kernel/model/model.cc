#include "tests/unit/kernel/model/model.h"

namespace model {
namespace {

constexpr uint64_t kNoLimit = ~uint64_t{0};

}  // namespace

Error ErrorOf(Ending ending) {
  return ending == Ending::kRevoked ? Error::revoked : Error::canceled;
}

Model::Model(Coverage* coverage) : coverage_(*coverage) {
  struct KernelObject : Object {
    explicit KernelObject(uint64_t object_id)
        : Object(ObjectKind::kernel, object_id) {}
  };
  kernel_object_ = &Add<KernelObject>();
  root_ = &Add<Account>();
  root_->name = "root";
  root_->limit.fill(kNoLimit);
  tools_ = &Add<Account>();
  tools_->name = "tools";
  tools_->parent = root_;
  tools_->depth = 1;
  tools_->limit.fill(kNoLimit);
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
  Session& session = NewSession(origin, is_root ? *root_ : *tools_);
  const Rights rights =
      is_root ? abi::kRightsAll
              : abi::kRightInspect | abi::kRightTraceMeta | abi::kRightWait;
  Cap& kernel = NewCap(*kernel_object_, rights, 0, nullptr);
  session.names.push_back(
      {"kernel", Place(session, kernel, session.account, 0)});
  if (!is_root) return session;
  Cap& account = NewCap(*root_, abi::kRightsAll, 0, nullptr);
  session.names.push_back(
      {"account", Place(session, account, session.account, 0)});
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

Answer Model::Refusal(const Account& account, const Amounts& amounts) {
  for (const Account* one = &account; one != nullptr; one = one->parent)
    for (size_t i = 0; i < amounts.size(); ++i)
      if (amounts[i] > one->limit[i] - one->used[i])
        return Answer::Failed(Error::quota_exceeded, one->used[i],
                              one->limit[i], one->id, i);
  return {};
}

void Model::Charge(Account& account, const Amounts& amounts) {
  Use(account);
  for (Account* one = &account; one != nullptr; one = one->parent) {
    touched_objects_.insert(one->id);
    for (size_t i = 0; i < amounts.size(); ++i) one->used[i] += amounts[i];
  }
}

void Model::Refund(Account& account, const Amounts& amounts) {
  for (Account* one = &account; one != nullptr; one = one->parent) {
    touched_objects_.insert(one->id);
    for (size_t i = 0; i < amounts.size(); ++i) one->used[i] -= amounts[i];
  }
  Unuse(account);
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
