// Kernel: what happens to objects and holders when capabilities come, change
// and go.
#include "kernel/object/kernel.h"
#include "kernel/object/reply.h"

namespace kernel {
namespace {

bool IsSender(Rights rights) {
  return (rights & abi::kRightSend) != 0 && (rights & abi::kRightReceive) == 0;
}

uint32_t Has(Rights rights, Rights right) {
  return (rights & right) != 0 ? 1 : 0;
}

}  // namespace

Capability* Kernel::NewCapability(const CapabilityTree::Making& making) {
  Object& object = *making.object;
  ++object.capabilities;
  if (object.kind == ObjectKind::port)
    CountPort(As<Port>(object), 0, making.rights);
  if (object.kind == ObjectKind::topic)
    topics_.CountPublishers(As<Topic>(object), 0, making.rights);
  // What is derived while revokes run may be theirs too: they keep ahead.
  if (making.parent != nullptr && !revokes_.empty())
    revoke_debt_ += kStepsPerCapability;
  Capability* made = tree_.Make(making);
  int64_t ends_ns = making.parent != nullptr ? making.parent->ends_ns() : 0;
  if (making.ends_ns != 0 && (ends_ns == 0 || making.ends_ns < ends_ns))
    ends_ns = making.ends_ns;
  if (ends_ns != 0) {
    made->Use().ends_ns = ends_ns;
    timers_.AddEnding(*made);
  }
  const abi::TraceLimits* limits = making.trace_limits;
  if (limits == nullptr && making.parent != nullptr)
    limits = making.parent->trace_limits();
  if (limits != nullptr)
    made->Use().trace_limits = std::make_unique<abi::TraceLimits>(*limits);
  return made;
}

Capability* Kernel::Find(Session& session, Handle handle) {
  Capability* capability = session.handles.Find(handle);
  if (capability == nullptr || capability->ends_ns() == 0) return capability;
  if (request_ns_ == 0) request_ns_ = NowNs();
  if (capability->ends_ns() > request_ns_) return capability;
  Destroy(*capability, Ending::kExpired);
  return nullptr;
}

Answer Kernel::RoomFor(const Session& session, uint64_t handles) const {
  if (!session.handles.HasRoom(handles))
    return Answer::OverQuota({session.handles.size(), abi::kHandleSlotsMax,
                              session.account->id, AccountItem::handles});
  return RoomIn(*session.account, Charges::Handles(handles));
}

Answer Kernel::RoomForMoved(const Session& session, uint64_t handles,
                            Account& payer) {
  if (!session.handles.HasRoom(handles))
    return Answer::OverQuota({session.handles.size(), abi::kHandleSlotsMax,
                              session.account->id, AccountItem::handles});
  // What is paid for already in an account of both is not wanted again.
  const Charges charges = Charges::Handles(handles);
  payer.Release(charges);
  Answer answer = RoomIn(*session.account, charges);
  payer.Charge(charges);
  return answer;
}

Handle Kernel::Place(Session& session, Capability& capability,
                     Charging charging) {
  ChargeTo(capability,
           charging == Charging::kHolder ? session.account : nullptr);
  capability.PutInto(session, session.handles.Insert(capability));
  return capability.handle;
}

void Kernel::PutInto(Transfer& transfer, Capability& capability) {
  ChargeTo(capability, transfer.charged);
  capability.PutInto(transfer, static_cast<uint32_t>(transfer.items.size()));
  transfer.items.push_back({&capability, capability.object->kind});
}

namespace {

Account* PayerOf(const Capability& capability) {
  if (!capability.charged) return nullptr;
  if (capability.holder() != nullptr) return capability.holder()->account;
  if (capability.transfer() != nullptr) return capability.transfer()->charged;
  return capability.payer;
}

}  // namespace

void Kernel::ChargeTo(Capability& capability, Account* account) {
  Account* before = PayerOf(capability);
  if (before == account) return;
  if (before != nullptr) Refund(*before, Charges::Handles(1));
  if (account != nullptr) Charge(*account, Charges::Handles(1));
  capability.charged = account != nullptr;
}

void Kernel::TakeOut(Capability& capability) {
  EndUses(capability, Ending::kMoved);
  Account* payer = PayerOf(capability);
  capability.holder()->handles.Remove(capability.handle, HandleFate::moved);
  capability.PutNowhere(payer);
  trace_.Fact(abi::TraceKind::capability_moved, capability.object->id, 0);
}

void Kernel::SetRights(Capability& capability, Rights rights) {
  const Rights before = capability.rights;
  capability.rights = static_cast<uint16_t>(rights);
  if (capability.object->kind == ObjectKind::port)
    CountPort(As<Port>(*capability.object), before, rights);
  if (capability.object->kind == ObjectKind::topic)
    topics_.CountPublishers(As<Topic>(*capability.object), before, rights);
}

void Kernel::EndUses(Capability& capability, Ending ending) {
  CapabilityUse* use = capability.use.get();
  if (use == nullptr) return;
  while (!use->waits.empty()) EndWait(*use->waits.back(), ErrorOf(ending));
  if (use->listening)
    lanes_.EndListening(As<Port>(*capability.object), *capability.holder(),
                        ErrorOf(ending));
  for (Lane* lane : use->lanes) lanes_.LoseCapability(*lane, ending);
  use->lanes.clear();
  if (use->publishing) topics_.EndPublishing(capability);
  for (Subscription* one : use->subscriptions)
    topics_.LoseCapability(*one, ending);
  use->subscriptions.clear();
  while (!use->locks.empty()) locks_.End(*use->locks.back());
  while (!use->tracings.empty())
    trace_.LoseCapability(*use->tracings.back(), ending);
  if (ErrorOf(ending) == Error::revoked)
    capability.RevokeWarrants();
  else if (ending != Ending::kMoved)
    tree_.LeaveWarrants(capability);
  if (use->grants == 0 && use->ends_ns == 0 && use->trace_limits == nullptr &&
      use->warrant == nullptr && use->left_warrants.empty())
    capability.use.reset();
}

void Kernel::Destroy(Capability& capability, Ending ending, const Revoker& by) {
  Object& object = *capability.object;
  EndUses(capability, ending);
  ChargeTo(capability, nullptr);
  if (ErrorOf(ending) == Error::revoked && capability.holder() != nullptr)
    Bury(*this, capability, FateOf(ending), by);
  if (Session* holder = capability.holder(); holder != nullptr)
    holder->handles.Remove(capability.handle, FateOf(ending));
  if (Transfer* transfer = capability.transfer(); transfer != nullptr)
    transfer->items[capability.transfer_index].capability = nullptr;
  if (object.kind == ObjectKind::lane)
    lanes_.HandleGone(As<Lane>(object), capability, ending);
  if (object.kind == ObjectKind::subscription)
    topics_.HandleGone(As<Subscription>(object));
  if (capability.ends_ns() != 0) timers_.RemoveEnding(capability);
  if (ErrorOf(ending) == Error::revoked)
    trace_.Fact(abi::TraceKind::capability_revoked, object.id, 0);
  const Rights rights = capability.rights;
  tree_.Kill(&capability);
  Use(object);
  --object.capabilities;
  if (object.kind == ObjectKind::port) CountPort(As<Port>(object), rights, 0);
  if (object.kind == ObjectKind::topic)
    topics_.CountPublishers(As<Topic>(object), rights, 0);
  if (object.kind == ObjectKind::region) As<Region>(object).DropIfUnused();
  if (object.kind == ObjectKind::reply && object.capabilities == 0)
    DropReply(*this, As<Reply>(object));
  Unuse(object);
}

void Kernel::CountPort(Port& port, Rights before, Rights after) {
  const bool had_senders = port.senders != 0;
  port.senders += IsSender(after) ? 1u : 0u;
  port.senders -= IsSender(before) ? 1u : 0u;
  port.send_capabilities += Has(after, abi::kRightSend);
  port.send_capabilities -= Has(before, abi::kRightSend);
  port.receivers += Has(after, abi::kRightReceive);
  port.receivers -= Has(before, abi::kRightReceive);
  if (port.senders != 0) {
    port.no_senders = false;
  } else if (had_senders) {
    port.no_senders = true;
    ++port.no_senders_generation;
    Signal(port);
  }
  if (Has(before, abi::kRightReceive) == 0) return;
  lanes_.MayBeLost();
  if (port.receivers == 0) ClosePort(port);
}

void Kernel::ClosePort(Port& port) {
  port.closed = true;
  for (auto& [id, lane] : port.lanes) lanes_.Enqueue(*lane);
  Signal(port);
}

Answer Kernel::StartRevoke(Session& session, Capability& root, uint64_t badge,
                           uint64_t user_data) {
  if (session.revokes >= Session::kRevokesMax)
    return Answer::Failed(Error::quota_exceeded, session.revokes,
                          Session::kRevokesMax);
  ++session.revokes;
  root.RevokeLeftWarrants(badge);
  auto job = std::make_unique<RevokeJob>(&tree_, &root, badge);
  job->session = session.id();
  job->user_data = user_data;
  job->number = next_revoke_++;
  revokes_.push_back(std::move(job));
  return Answer::Parked();
}

void Kernel::Doom(std::unique_ptr<Transfer> transfer) {
  doomed_.push_back(std::move(transfer));
}

}  // namespace kernel
