#include "tests/unit/kernel/model/compare.h"

#include <sstream>

#include "kernel/object/reply.h"
#include "kernel/syscall/entries.h"
#include "tests/unit/kernel/model/entries.h"
#include "tests/unit/kernel/model/living.h"

namespace model {
namespace {

constexpr ObjectKind kKinds[] = {
#define KEYPORT_OBJECT_KIND(name, number) ObjectKind::name,
#include "libipc/abi/object_kinds.def"
#undef KEYPORT_OBJECT_KIND
};

template <typename A, typename B>
void Same(const char* what, uint64_t id, const A& kernels, const B& models) {
  if (static_cast<uint64_t>(kernels) == static_cast<uint64_t>(models)) return;
  std::ostringstream text;
  text << what << " of " << id << ": the kernel has " << uint64_t(kernels)
       << ", the model " << uint64_t(models);
  throw Mismatch(text.str());
}

// Who pays for a capability.
const kernel::Account* ChargedFor(const kernel::Capability& capability) {
  if (!capability.charged) return nullptr;
  return capability.holder() != nullptr ? capability.holder()->account
                                        : capability.transfer()->charged;
}

void CompareCap(const Model& all, const Cap& cap, const Living& living,
                const kernel::Capability& kernels) {
  const abi::CapabilityEntry entry =
      kernel::CapabilityEntryOf(living.tree(), kernels);
  const abi::CapabilityEntry model = EntryOf(cap);
  Same("the holder", cap.serial, entry.process, model.process);
  Same("the handle", cap.serial, entry.handle, model.handle);
  Same("the object", cap.serial, entry.object, model.object);
  Same("the rights", cap.serial, entry.rights, model.rights);
  Same("the badge", cap.serial, entry.badge, model.badge);
  Same("the band", cap.serial, entry.band, model.band);
  if (entry.parent != 0 || !all.IsDoomed(cap))
    Same("the parent", cap.serial, entry.parent, model.parent);
  Same("the place in flight", cap.serial, kernels.transfer() != nullptr,
       cap.transfer != nullptr);
  Same("the grants", cap.serial, kernels.grants(), cap.grants);
  Same("the maker", cap.serial, entry.made_by, model.made_by);
  Same("the end", cap.serial, entry.ends_ns, model.ends_ns);
  Same("the trace limits", cap.serial, entry.trace_limits == model.trace_limits,
       true);
  const kernel::Account* charged = ChargedFor(kernels);
  Same("the account charged", cap.serial, charged ? charged->id : 0,
       cap.charged != nullptr ? cap.charged->id : 0);
}

void CompareAccount(const Account& account, const kernel::Account& kernels) {
  for (size_t i = 0; i < account.used.size(); ++i) {
    Same("what is used", account.id, kernels.used[i], account.used[i]);
    Same("the limit", account.id, kernels.limit[i], account.limit[i]);
    Same("the soft limit", account.id, kernels.soft[i], account.soft[i]);
    Same("those that use some", account.id, kernels.consumers[i],
         account.Consumers(i));
  }
  Same("the items at their soft limits", account.id, kernels.at_soft_limit(),
       account.at_soft);
  Same("how often one came there", account.id, kernels.soft_generation(),
       account.generation);
}

void ComparePort(const Port& port, const kernel::Port& kernels) {
  Same("senders", port.id, kernels.senders, port.senders);
  Same("Send capabilities", port.id, kernels.send_capabilities, port.send_caps);
  Same("receivers", port.id, kernels.receivers, port.receivers);
  Same("no_senders", port.id, kernels.no_senders, port.no_senders);
  Same("its generation", port.id, kernels.no_senders_generation,
       port.generation);
  Same("closed", port.id, kernels.closed, port.closed);
  Same("lanes", port.id, kernels.lanes.size(), port.lanes.size());
  Same("listeners", port.id, kernels.listeners.size(), port.listeners.size());
  for (size_t i = 0; i < port.listeners.size(); ++i)
    Same("a listener's lanes", port.id, kernels.listeners[i].lanes,
         port.listeners[i].lanes);
}

void CompareTransfer(const Transfer& transfer, const kernel::Transfer& other) {
  Same("items", transfer.token, other.items.size(), transfer.items.size());
  for (size_t i = 0; i < transfer.items.size(); ++i) {
    const Cap* cap = transfer.items[i].cap;
    const kernel::Capability* kernels = other.items[i].capability;
    Same("an item's serial", transfer.token, kernels ? kernels->serial : 0,
         cap != nullptr ? cap->serial : 0);
  }
}

void CompareLane(const Lane& lane, const kernel::Lane& kernels) {
  Same("sender", lane.id, kernels.sender().process,
       lane.side(End::kSender).process);
  Same("listener", lane.id, kernels.listener().process,
       lane.side(End::kListener).process);
  Same("cut", lane.id, kernels.cut, lane.cut);
  Same("cut by the sender", lane.id, kernels.sender_cut, lane.sender_cut);
  Same("replies", lane.id, kernels.replies.size(), lane.replies.size());
  Same("transfers", lane.id, kernels.transfers.size(), lane.transfers.size());
  for (const auto& [token, transfer] : lane.transfers) {
    const auto found = kernels.transfers.find(token);
    if (found == kernels.transfers.end())
      throw Mismatch("transfer " + std::to_string(token) + " is lost");
    CompareTransfer(*transfer, *found->second);
  }
}

void CompareNotification(const Notification& notification,
                         const kernel::Notification& kernels) {
  Same("the word", notification.id, kernels.value, notification.value);
  Same("what can be taken", notification.id, kernels.Has(~uint64_t{0}),
       notification.Has(~uint64_t{0}));
  Same("takers", notification.id, kernels.takers.size(),
       notification.takers.size());
}

void CompareReply(const Reply& reply, const kernel::Reply& kernels) {
  Same("the state", reply.id, kernels.state, reply.state);
  Same("the lane", reply.id, kernels.lane != nullptr ? kernels.lane->id : 0,
       reply.lane != nullptr ? reply.lane->id : 0);
}

void CompareObject(const Object& object, const kernel::Kernel& kernel) {
  const auto& all = kernel.objects(object.kind);
  const auto found = all.find(object.id);
  if (found == all.end())
    throw Mismatch("object " + std::to_string(object.id) + " is lost");
  kernel::Object& kernels = *found->second;
  Same("capabilities", object.id, kernels.capabilities, object.caps);
  switch (object.kind) {
    case ObjectKind::account:
      return CompareAccount(static_cast<const Account&>(object),
                            kernel::As<kernel::Account>(kernels));
    case ObjectKind::port:
      return ComparePort(static_cast<const Port&>(object),
                         kernel::As<kernel::Port>(kernels));
    case ObjectKind::lane:
      return CompareLane(static_cast<const Lane&>(object),
                         kernel::As<kernel::Lane>(kernels));
    case ObjectKind::notification:
      return CompareNotification(static_cast<const Notification&>(object),
                                 kernel::As<kernel::Notification>(kernels));
    case ObjectKind::reply:
      return CompareReply(static_cast<const Reply&>(object),
                          kernel::As<kernel::Reply>(kernels));
    default:
      return;
  }
}

void CompareCapBySerial(const Model& model, const Living& living,
                        uint64_t serial) {
  const Cap& cap = *model.caps().at(serial);
  const kernel::Capability* found = living.Find(cap);
  if (found == nullptr)
    throw Mismatch("capability " + std::to_string(serial) + " is lost");
  CompareCap(model, cap, living, *found);
}

void CompareSizes(const Model& model, const Living& living) {
  const kernel::Kernel& kernel = living.kernel();
  if (living.tree().living() > model.caps().size())
    for (const auto& [serial, kernels] : living.all())
      if (model.caps().count(serial) == 0)
        throw Mismatch("capability " + std::to_string(serial) +
                       " should be gone");
  Same("the number of capabilities", 0, living.tree().living(),
       model.caps().size());
  for (const ObjectKind kind : kKinds)
    Same("the number of objects of kind", static_cast<uint64_t>(kind),
         kernel.objects(kind).size(), model.objects(kind).size());
}

const Object* FindObject(const Model& model, uint64_t id) {
  for (const ObjectKind kind : kKinds)
    if (const Object* found = model.FindObject(kind, id)) return found;
  return nullptr;
}

// ---- The model with itself.

struct Sums {
  std::map<const Account*, Amounts> used;
  std::map<const Object*, uint64_t> caps;
  std::map<const Port*, uint64_t> senders, send_caps, receivers;

  void Add(const Account* account, const Amounts& amounts) {
    for (; account != nullptr; account = account->parent)
      for (size_t i = 0; i < amounts.size(); ++i)
        used[account][i] += amounts[i];
  }
};

void AddCap(const Cap& cap, Sums* sums) {
  if ((cap.holder == nullptr) == (cap.transfer == nullptr))
    throw Mismatch("a capability is not in exactly one place");
  if (cap.holder != nullptr && cap.holder->table.Find(cap.handle) != &cap)
    throw Mismatch("a capability is not where it says");
  if (cap.transfer != nullptr && cap.transfer->items[cap.index].cap != &cap)
    throw Mismatch("a capability in flight is not where it says");
  if (cap.parent != nullptr &&
      ((cap.rights & ~cap.parent->rights_at_first) != 0 ||
       cap.object != cap.parent->object ||
       (cap.parent->badge != 0 &&
        (cap.badge != cap.parent->badge || cap.band != cap.parent->band))))
    throw Mismatch("a capability is more than what it was derived from");
  if (cap.charged != nullptr) sums->Add(cap.charged, Model::Handles(1));
  ++sums->caps[cap.object];
  if (cap.object->kind != ObjectKind::port) return;
  const auto* port = static_cast<const Port*>(cap.object);
  const bool send = (cap.rights & abi::kRightSend) != 0;
  const bool receive = (cap.rights & abi::kRightReceive) != 0;
  sums->senders[port] += send && !receive;
  sums->send_caps[port] += send;
  sums->receivers[port] += receive;
}

void AddObject(const Object& object, Sums* sums) {
  Amounts amounts = {};
  if (object.kind == ObjectKind::port) {
    Model::Put(&amounts, AccountItem::ports, 1);
    sums->Add(static_cast<const Port&>(object).charged, amounts);
  } else if (object.kind == ObjectKind::reply) {
    const auto& reply = static_cast<const Reply&>(object);
    if (reply.open())
      sums->Add(reply.charged, Model::One(AccountItem::messages));
  } else if (object.kind == ObjectKind::notification) {
    sums->Add(static_cast<const Notification&>(object).charged,
              Model::One(AccountItem::notifications));
  } else if (object.kind == ObjectKind::region) {
    const auto& region = static_cast<const Region&>(object);
    Model::Put(&amounts, AccountItem::regions, 1);
    Model::Put(&amounts, AccountItem::bytes, region.bytes);
    sums->Add(region.charged, amounts);
  } else if (object.kind == ObjectKind::lane) {
    const auto& lane = static_cast<const Lane&>(object);
    if (!lane.retired) sums->Add(lane.charged, lane.charges);
    for (const auto& [token, transfer] : lane.transfers)
      sums->Add(transfer->charged, Model::One(AccountItem::messages));
  }
}

void CheckSums(const Model& model, Sums& sums) {
  for (const ObjectKind kind : kKinds)
    for (const auto& [id, object] : model.objects(kind))
      Same("capabilities counted", id, sums.caps[object.get()], object->caps);
  for (const auto& [id, object] : model.objects(ObjectKind::account)) {
    const auto& account = static_cast<const Account&>(*object);
    for (size_t i = 0; i < account.used.size(); ++i)
      Same("the sum charged", id, sums.used[&account][i], account.used[i]);
  }
  for (const auto& [id, object] : model.objects(ObjectKind::port)) {
    const auto& port = static_cast<const Port&>(*object);
    Same("senders counted", id, sums.senders[&port], port.senders);
    Same("Send capabilities counted", id, sums.send_caps[&port],
         port.send_caps);
    Same("receivers counted", id, sums.receivers[&port], port.receivers);
    Same("closed", id, port.closed, sums.receivers[&port] == 0);
  }
}

void CompareTable(const Session& session, kernel::Kernel& kernel) {
  const kernel::Session* kernels = kernel.FindSession(session.id());
  if (kernels == nullptr)
    throw Mismatch("session " + std::to_string(session.id()) + " is lost");
  Same("handles", session.id(), kernels->handles.size(), session.table.size());
  Same("slots", session.id(), kernels->handles.slots(), session.table.slots());
  for (const auto& [handle, cap] : session.table.held()) {
    const kernel::Capability* found = kernels->handles.Find(handle);
    Same("what a handle names", handle, found ? found->serial : 0, cap->serial);
  }
}

}  // namespace

void CompareTouched(const Model& model, const kernel::Kernel& kernel) {
  const Living living(kernel);
  CompareSizes(model, living);
  for (const uint64_t serial : model.touched_caps())
    CompareCapBySerial(model, living, serial);
  for (const uint64_t id : model.touched_objects())
    if (const Object* object = FindObject(model, id))
      CompareObject(*object, kernel);
}

void CompareAll(const Model& model, const kernel::Kernel& kernel) {
  const Living living(kernel);
  CompareSizes(model, living);
  Same("capabilities in a walk", 0, living.all().size(), model.caps().size());
  Sums sums;
  for (const auto& [serial, cap] : model.caps()) {
    CompareCapBySerial(model, living, serial);
    AddCap(*cap, &sums);
  }
  for (const ObjectKind kind : kKinds)
    for (const auto& [id, object] : model.objects(kind)) {
      CompareObject(*object, kernel);
      AddObject(*object, &sums);
    }
  for (const auto& transfer : model.doomed())
    sums.Add(transfer->charged, Model::One(AccountItem::messages));
  for (const auto& [id, session] : model.sessions()) {
    const auto watches = session->watches.size();
    for (size_t i = 0; i < watches; ++i)
      sums.Add(session->account, Model::One(AccountItem::watches));
    if (session->origin == Session::Origin::kChild)
      sums.Add(session->account, Model::One(AccountItem::processes));
  }
  CheckSums(model, sums);
  for (const auto& [id, session] : model.sessions())
    CompareTable(*session, const_cast<kernel::Kernel&>(kernel));
}

}  // namespace model
