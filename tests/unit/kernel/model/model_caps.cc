// Model: how capabilities come, change and go.
#include <algorithm>
#include <utility>

#include "tests/unit/kernel/model/model.h"

namespace model {
namespace {

bool Has(Rights rights, Rights right) { return (rights & right) != 0; }

bool IsSender(Rights rights) {
  return Has(rights, abi::kRightSend) && !Has(rights, abi::kRightReceive);
}

}  // namespace

Cap* Model::Find(Session& session, uint64_t handle) {
  if (handle > ~Handle{0}) return nullptr;
  Cap* cap = session.table.Find(static_cast<Handle>(handle));
  if (cap == nullptr || cap->ends_ns == 0 || cap->ends_ns > now_ns_) return cap;
  coverage_.Saw("capabilities found to have ended");
  Destroy(*cap, Ending::kExpired);
  return nullptr;
}

Answer Model::BadHandle(const Session& session, uint64_t handle) {
  HandleFate fate = HandleFate::never_given;
  if (handle <= ~Handle{0})
    fate = session.table.FateOf(static_cast<Handle>(handle));
  return Answer::Failed(Error::bad_handle, static_cast<uint64_t>(fate));
}

Cap& Model::NewCap(const Making& making) {
  Object& object = *making.object;
  const Rights rights = making.rights;
  Cap* parent = making.parent;
  if (parent != nullptr && (rights & ~parent->rights) != 0)
    throw Mismatch("the model lets a right grow");
  auto made = std::make_unique<Cap>();
  Cap& cap = *made;
  cap.serial = next_serial_++;
  cap.object = &object;
  cap.rights = cap.rights_at_first = rights;
  cap.badge = making.badge;
  cap.band =
      parent != nullptr && parent->band != 0 ? parent->band : making.band;
  cap.made_by = making.made_by;
  cap.ends_ns = making.ends_ns;
  if (parent != nullptr && parent->ends_ns != 0 &&
      (cap.ends_ns == 0 || parent->ends_ns < cap.ends_ns))
    cap.ends_ns = parent->ends_ns;
  if (cap.ends_ns != 0) endings_.insert({cap.ends_ns, cap.serial});
  cap.trace_limits = making.trace_limits;
  if (!cap.trace_limits && parent != nullptr)
    cap.trace_limits = parent->trace_limits;
  cap.parent = parent;
  if (parent != nullptr) parent->children[cap.serial] = &cap;
  caps_[cap.serial] = std::move(made);
  touched_caps_.insert(cap.serial);
  ++object.caps;
  if (object.kind == ObjectKind::port) CountPort(As<Port>(object), 0, rights);
  // What is derived from what a revoke is destroying is destroyed too.
  for (RevokeJob& job : jobs_) {
    if (parent == nullptr) continue;
    if (job.doomed.count(parent->serial) != 0) {
      job.doomed[cap.serial] = &cap;
      coverage_.Saw("derived from what a revoke is destroying");
    }
    if (job.badge != 0 &&
        (parent->serial == job.root || job.under.count(parent->serial) != 0))
      job.under[cap.serial] = &cap;
  }
  return cap;
}

Handle Model::Place(Session& session, Cap& cap, Account* account, Handle seen) {
  Recharge(cap, account);
  cap.transfer = nullptr;
  cap.holder = &session;
  cap.handle = session.table.Insert(&cap, seen);
  touched_caps_.insert(cap.serial);
  return cap.handle;
}

// What the same account pays already is no new use.
void Model::Recharge(Cap& cap, Account* account) {
  if (cap.charged == account) return;
  if (Account* before = std::exchange(cap.charged, nullptr))
    Refund(*before, Handles(1));
  if (account != nullptr) Charge(*account, Handles(1));
  cap.charged = account;
}

void Model::TakeOut(Cap& cap) {
  EndUses(cap, Ending::kMoved);
  cap.holder->table.Remove(cap.handle, HandleFate::moved);
  cap.holder = nullptr;
  cap.handle = abi::kNoHandle;
  touched_caps_.insert(cap.serial);
}

void Model::SetRights(Cap& cap, Rights rights) {
  const Rights before = cap.rights;
  cap.rights = rights;
  touched_caps_.insert(cap.serial);
  if (cap.object->kind == ObjectKind::port)
    CountPort(As<Port>(*cap.object), before, rights);
}

void Model::EndUses(Cap& cap, Ending ending) {
  while (!cap.watches.empty())
    EndWatch(*cap.watches.begin()->second, ErrorOf(ending));
  if (cap.listening)
    EndListening(As<Port>(*cap.object), *cap.holder, ErrorOf(ending));
  for (Lane* lane : cap.lanes) LoseCap(*lane, ending);
  cap.lanes.clear();
  if (ErrorOf(ending) == Error::revoked)
    RevokeWarrants(cap);
  else if (ending != Ending::kMoved)
    LeaveWarrants(cap);
}

void Model::RevokeWarrants(Cap& cap) {
  if (cap.warrant != nullptr) cap.warrant->revoked = true;
  for (const auto& warrant : cap.left_warrants) warrant->revoked = true;
}

// To who can still revoke them.
void Model::LeaveWarrants(Cap& cap) {
  auto left = std::exchange(cap.left_warrants, {});
  if (cap.warrant != nullptr) left.push_back(std::exchange(cap.warrant, {}));
  for (const auto& warrant : left) {
    if (!jobs_.empty()) warrant->unsure = true;
    if (cap.parent != nullptr) cap.parent->left_warrants.push_back(warrant);
  }
}

void Model::LoseCap(Lane& lane, Ending ending) {
  lane.send_cap = nullptr;
  if (lane.sender_leaves == Error::ok) lane.sender_leaves = ErrorOf(ending);
  MarkLane(lane);
}

// The children are derived from what it was derived from.
void Model::Unlink(Cap& cap) {
  if (cap.parent != nullptr) cap.parent->children.erase(cap.serial);
  for (const auto& [serial, child] : cap.children) {
    child->parent = cap.parent;
    if (cap.parent != nullptr) cap.parent->children[serial] = child;
    touched_caps_.insert(serial);
  }
}

void Model::Destroy(Cap& cap, Ending ending) {
  Object& object = *cap.object;
  EndUses(cap, ending);
  Recharge(cap, nullptr);
  if (cap.holder != nullptr)
    cap.holder->table.Remove(cap.handle, FateOf(ending));
  endings_.erase({cap.ends_ns, cap.serial});
  if (cap.transfer != nullptr) cap.transfer->items[cap.index].cap = nullptr;
  if (object.kind == ObjectKind::lane)
    HandleGone(As<Lane>(object), cap, ending);
  Unlink(cap);
  for (RevokeJob& job : jobs_) {
    job.doomed.erase(cap.serial);
    job.under.erase(cap.serial);
  }
  const Rights rights = cap.rights;
  touched_caps_.erase(cap.serial);
  caps_.erase(cap.serial);
  --object.caps;
  if (object.kind == ObjectKind::reply && object.caps == 0)
    DropReply(As<Reply>(object));
  if (object.kind == ObjectKind::port) CountPort(As<Port>(object), rights, 0);
  if (!object.needed()) unneeded_[object.id] = &object;
}

// Its last capability went unused.
void Model::DropReply(Reply& reply) {
  if (!reply.open()) return;
  coverage_.Saw("replies dropped");
  PostLane(*reply.lane, End::kSender, abi::Event::call_answered,
           {reply.correlation, 0, 0, static_cast<uint64_t>(Error::dropped)});
  CloseReply(reply, abi::ReplyState::over);
}

void Model::CountPort(Port& port, Rights before, Rights after) {
  const bool had_senders = port.senders != 0;
  port.senders += IsSender(after);
  port.senders -= IsSender(before);
  port.send_caps += Has(after, abi::kRightSend);
  port.send_caps -= Has(before, abi::kRightSend);
  port.receivers += Has(after, abi::kRightReceive);
  port.receivers -= Has(before, abi::kRightReceive);
  touched_objects_.insert(port.id);
  if (port.senders != 0) port.no_senders = false;
  if (port.senders == 0 && had_senders) {
    port.no_senders = true;
    ++port.generation;
    Signal(port);
  }
  if (Has(before, abi::kRightReceive) && port.receivers == 0) ClosePort(port);
}

void Model::ClosePort(Port& port) {
  port.closed = true;
  for (const auto& [id, lane] : port.lanes) MarkLane(*lane);
  Signal(port);
}

Answer Model::StartRevoke(Session& session, Cap& root, uint64_t badge,
                          uint64_t user_data) {
  constexpr int64_t kRevokesMax = 256;
  const auto running = std::count_if(
      jobs_.begin(), jobs_.end(),
      [&](const RevokeJob& one) { return one.session == session.id(); });
  if (running >= kRevokesMax)
    return Answer::Failed(Error::quota_exceeded, kRevokesMax, kRevokesMax);
  std::erase_if(root.left_warrants, [&](const auto& warrant) {
    if (badge != 0 && warrant->badge != badge) return false;
    warrant->revoked = true;
    return true;
  });
  RevokeJob job;
  job.session = session.id();
  job.user_data = user_data;
  job.root = root.serial;
  job.badge = badge;
  const std::function<void(Cap&)> derived = [&](Cap& from) {
    for (const auto& [serial, child] : from.children) {
      job.under[serial] = child;
      if (badge == 0 || child->badge == badge) job.doomed[serial] = child;
      derived(*child);
    }
  };
  derived(root);
  if (!jobs_.empty()) coverage_.Saw("revokes at once");
  if (job.doomed.size() > 1000) coverage_.Saw("revokes of thousands");
  if (badge == 0) job.under.clear();
  jobs_.push_back(std::move(job));
  return Answer::Parked();
}

}  // namespace model
