// Kernel: what happens to objects and holders when capabilities come, change
// and go.
#include "kernel/object/kernel.h"

namespace kernel {
namespace {

bool IsSender(Rights rights) {
  return (rights & abi::kRightSend) != 0 && (rights & abi::kRightReceive) == 0;
}

uint32_t Has(Rights rights, Rights right) {
  return (rights & right) != 0 ? 1 : 0;
}

}  // namespace

Capability* Kernel::NewCapability(Object& object, Rights rights, uint64_t badge,
                                  Capability* parent) {
  Capability* capability = tree_.Make(&object, rights, badge, parent);
  ++object.capabilities;
  if (object.kind == ObjectKind::port) CountPort(As<Port>(object), 0, rights);
  return capability;
}

Answer Kernel::RoomFor(const Session& session, uint64_t handles) const {
  if (!session.handles.HasRoom(handles))
    return Answer::OverQuota({session.handles.size(), abi::kHandleSlotsMax,
                              session.account->id, AccountItem::handles});
  if (const auto refusal = session.account->Refusal(Charges::Handles(handles)))
    return Answer::OverQuota(*refusal);
  return {};
}

Handle Kernel::Place(Session& session, Capability& capability,
                     Account* account) {
  if (account != nullptr) Recharge(capability, *account);
  capability.transfer = nullptr;
  capability.holder = &session;
  capability.handle = session.handles.Insert(&capability);
  return capability.handle;
}

void Kernel::Recharge(Capability& capability, Account& account) {
  if (capability.charged == &account) return;
  Charge(account, Charges::Handles(1));
  if (capability.charged != nullptr)
    Refund(*capability.charged, Charges::Handles(1));
  capability.charged = &account;
}

void Kernel::TakeOut(Capability& capability) {
  EndUses(capability, Ending::kMoved);
  capability.holder->handles.Remove(capability.handle);
  capability.holder = nullptr;
  capability.handle = abi::kNoHandle;
  trace_.Fact(abi::TraceKind::capability_moved, capability.object->id, 0);
}

void Kernel::SetRights(Capability& capability, Rights rights) {
  const Rights before = capability.rights;
  capability.rights = rights;
  if (capability.object->kind == ObjectKind::port)
    CountPort(As<Port>(*capability.object), before, rights);
}

void Kernel::EndUses(Capability& capability, Ending ending) {
  CapabilityUse* use = capability.use.get();
  if (use == nullptr) return;
  while (!use->waits.empty()) EndWait(*use->waits.back(), ErrorOf(ending));
  if (use->listening)
    lanes_.EndListening(As<Port>(*capability.object), *capability.holder,
                        ErrorOf(ending));
  for (Lane* lane : use->lanes) lanes_.LoseCapability(*lane, ending);
  capability.use.reset();
}

void Kernel::Destroy(Capability& capability, Ending ending) {
  Object& object = *capability.object;
  EndUses(capability, ending);
  if (capability.holder != nullptr)
    capability.holder->handles.Remove(capability.handle);
  if (capability.transfer != nullptr)
    capability.transfer->items[capability.transfer_index].capability = nullptr;
  if (capability.charged != nullptr)
    Refund(*capability.charged, Charges::Handles(1));
  if (object.kind == ObjectKind::lane)
    lanes_.HandleGone(As<Lane>(object), capability, ending);
  if (ending == Ending::kRevoked)
    trace_.Fact(abi::TraceKind::capability_revoked, object.id, 0);
  const Rights rights = capability.rights;
  tree_.Kill(&capability);
  Use(object);
  --object.capabilities;
  if (object.kind == ObjectKind::port) CountPort(As<Port>(object), rights, 0);
  if (object.kind == ObjectKind::region && object.capabilities == 0 &&
      As<Region>(object).attachments == 0)
    As<Region>(object).memory.Reset();
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

void Kernel::StartRevoke(Session& session, Capability& root, uint64_t badge,
                         uint64_t user_data) {
  auto job = std::make_unique<RevokeJob>(&tree_, &root, badge);
  job->session = session.id();
  job->user_data = user_data;
  revokes_.push_back(std::move(job));
}

void Kernel::Doom(std::unique_ptr<Transfer> transfer) {
  doomed_.push_back(std::move(transfer));
}

}  // namespace kernel
