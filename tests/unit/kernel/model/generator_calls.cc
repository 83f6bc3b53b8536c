// Generator: a request of each call.
#include <cstring>

#include "tests/unit/kernel/model/generator.h"

namespace model {
namespace {

using abi::Syscall;

// Never more than this, whatever is asked: each costs descriptors.
constexpr size_t kLanesMax = 40;
constexpr size_t kRegionsMax = 150;
constexpr size_t kPortsMax = 200;
constexpr size_t kAccountsMax = 150;
constexpr size_t kNotificationsMax = 100;
constexpr size_t kRepliesMax = 60;
constexpr size_t kSessionsMax = 12;

Request Make(Syscall call, Handle handle, uint64_t first = 0,
             uint64_t second = 0) {
  Request request;
  request.head.number = static_cast<uint32_t>(call);
  request.head.handle = handle;
  request.head.args[0] = first;
  request.head.args[1] = second;
  return request;
}

template <typename T>
void Append(std::vector<uint8_t>* payload, const T& value) {
  const auto* first = reinterpret_cast<const uint8_t*>(&value);
  payload->insert(payload->end(), first, first + sizeof(value));
}

}  // namespace

// ---- Any handle.

// Duplicates and closes: as soon as no slot is free, always the same one.
Request Generator::Wear(Session& session) {
  const Handle source = session.table.held().begin()->first;
  const Cap& cap = *session.table.Find(source);
  if (session.table.has_free() || cap.children.empty())
    return Make(Syscall::handle_duplicate, source, abi::kRightsSame);
  const Cap& newest = *cap.children.rbegin()->second;
  return Make(Syscall::handle_close,
              newest.holder == &session ? newest.handle : source);
}

Request Generator::Duplicate(Session& session) {
  const Handle handle = Source(session);
  return Make(Syscall::handle_duplicate, handle, SomeRights(session, handle));
}

Request Generator::Mint(Session& session) {
  Handle handle = abi::kNoHandle;
  for (int tries = 0; tries < 6; ++tries) {
    handle = random_.OneIn(2)
                 ? Source(session)
                 : With(session, ObjectKind::any, abi::kRightDuplicate);
    const Cap* cap = session.table.Find(handle);
    if (cap != nullptr && cap->badge == 0) break;
  }
  Request request =
      Make(Syscall::handle_mint, handle, SomeRights(session, handle),
           random_.OneIn(40) ? 0 : 1 + random_.Below(4));
  if (random_.OneIn(8)) request.head.args[3] = random_.Below(abi::kBands + 1);
  if (random_.OneIn(6))
    Append(
        &request.payload,
        abi::TraceLimits{
            .snaplen_max =
                static_cast<uint32_t>(random_.Below(abi::kTraceSnapMax + 99)),
            .label_first = static_cast<uint32_t>(random_.Below(9)),
            .label_last = static_cast<uint32_t>(8 + random_.Below(9)),
            .rate_max = static_cast<uint32_t>(
                random_.OneIn(3) ? 0 : random_.Below(abi::kTraceRateMax + 9))});
  if (random_.Below(100) >= profile_.ends) return request;
  const auto now = static_cast<uint64_t>(model_->now_ns());
  request.head.args[2] = now + 1 + random_.Below(profile_.ends_within);
  if (random_.OneIn(20)) request.head.args[2] = now - random_.Below(3);
  if (random_.OneIn(50)) request.head.args[2] = random_.Next();
  if (random_.OneIn(2)) request.head.args[1] = 0;
  return request;
}

// Not what others are to be derived from, mostly.
Request Generator::Replace(Session& session) {
  Handle handle = Any(session);
  if (handle == favourites_[session.id()]) handle = Any(session);
  return Make(Syscall::handle_replace, handle, SomeRights(session, handle));
}

Request Generator::Close(Session& session) {
  const Handle handle = Any(session);
  // Trees are to grow.
  const Cap* cap = session.table.Find(handle);
  if (cap != nullptr && cap->children.size() > 10 && !random_.OneIn(10))
    return Make(Syscall::handle_close, Any(session));
  return Make(Syscall::handle_close, handle);
}

Request Generator::Revoke(Session& session) {
  Handle handle = With(session, ObjectKind::any, abi::kRightManage);
  if (random_.OneIn(2)) handle = Above(session, handle);
  if (random_.OneIn(12)) handle = Old(session);
  if (!model_->jobs().empty() && random_.OneIn(2))
    if (const Handle again = Revoking(session); again != 0) handle = again;
  Request request = Make(Syscall::handle_revoke, handle);
  if (random_.OneIn(3)) {
    request.head.options = abi::kRevokeBadge;
    request.head.args[0] = 1 + random_.Below(4);
  }
  return request;
}

// What its favourite was first derived from.
Request Generator::RevokeMuch(Session& session) {
  Handle handle = favourites_[session.id()];
  for (const Cap* cap = session.table.Find(handle); cap != nullptr;
       cap = cap->parent)
    if (cap->holder == &session) handle = cap->handle;
  return Make(Syscall::handle_revoke, handle);
}

Request Generator::Info(Session& session) {
  return Make(Syscall::handle_info, Any(session));
}

Request Generator::SessionInfo(Session&) {
  return Make(Syscall::session_info, abi::kNoHandle);
}

// ---- Objects.

Request Generator::CreatePort(Session& session) {
  if (Count(ObjectKind::port) > kPortsMax) return Close(session);
  Request request = Make(Syscall::port_create,
                         With(session, ObjectKind::account, abi::kRightManage),
                         random_.OneIn(20) ? random_.Below(1u << 26) : 4096);
  request.head.options = static_cast<uint32_t>(random_.Below(5));
  if (random_.OneIn(8)) request.head.options = abi::kPortOverwriting;
  if (random_.OneIn(40)) request.head.options = 5 + random_.Below(11);
  if (random_.OneIn(8)) request.head.options |= abi::kPortSecret;
  if (random_.OneIn(8)) request.head.options |= abi::kPortNewFlows;
  request.payload.assign(random_.Below(random_.OneIn(50) ? 60 : 20), 'p');
  return request;
}

Request Generator::CreateRegion(Session& session) {
  if (Count(ObjectKind::region) > kRegionsMax) return Close(session);
  Request request =
      Make(Syscall::region_create,
           With(session, ObjectKind::account, abi::kRightManage),
           random_.OneIn(30) ? random_.Next() : random_.Below(20'000));
  if (random_.OneIn(2)) return request;
  request.head.options =
      abi::kRegionGrowable | (random_.OneIn(4) ? abi::kRegionErasable : 0u);
  request.head.args[1] = random_.OneIn(30) ? random_.Next() : 40'000;
  return request;
}

Request Generator::SealRegion(Session& session) {
  if (Lacks(session, ObjectKind::region)) return CreateRegion(session);
  Request request = Make(Syscall::region_seal, Of(session, ObjectKind::region));
  request.head.options = static_cast<uint32_t>(random_.Below(2));
  return request;
}

Request Generator::MapRegion(Session& session) {
  if (Lacks(session, ObjectKind::region)) return CreateRegion(session);
  Request request = Make(Syscall::region_map, Of(session, ObjectKind::region));
  request.head.options = static_cast<uint32_t>(random_.Below(2));
  if (random_.OneIn(3)) request.head.args[0] = 4096 * random_.Below(4);
  if (random_.OneIn(3)) request.head.args[1] = random_.Below(12'000);
  return request;
}

Request Generator::RegionState(Session& session) {
  if (session.granted.empty()) return MapRegion(session);
  return Make(Syscall::region_state, abi::kNoHandle, RegionGranted(session));
}

Request Generator::RegionUnmapped(Session& session) {
  if (session.granted.empty()) return MapRegion(session);
  return Make(Syscall::region_unmapped, abi::kNoHandle, RegionGranted(session));
}

uint64_t Generator::RegionGranted(Session& session) {
  if (random_.OneIn(8)) return random_.Below(500);
  const auto skip = static_cast<long>(random_.Below(session.granted.size()));
  return std::next(session.granted.begin(), skip)->first->id;
}

Request Generator::GrowRegion(Session& session) {
  if (Lacks(session, ObjectKind::region)) return CreateRegion(session);
  Request request = Make(Syscall::region_grow,
                         With(session, ObjectKind::region, abi::kRightManage),
                         random_.Below(42'000));
  if (random_.OneIn(6)) request.head.options = abi::kRegionGrowNoMore;
  return request;
}

Request Generator::RegionInfo(Session& session) {
  if (Lacks(session, ObjectKind::region)) return CreateRegion(session);
  return Make(Syscall::region_info, Of(session, ObjectKind::region));
}

Request Generator::CreateProcess(Session& session) {
  if (model_->sessions().size() > kSessionsMax) return Close(session);
  Request request = Make(Syscall::process_create,
                         With(session, ObjectKind::account, abi::kRightManage));
  abi::ProcessCreate head = {};
  head.name[0] = 'c';
  head.count = static_cast<uint32_t>(1 + random_.Below(6));
  if (random_.OneIn(20)) head.count = static_cast<uint32_t>(random_.Below(130));
  Append(&request.payload, head);
  for (uint32_t i = 0; i < head.count; ++i) {
    const abi::TransferItem gift = SomeItem(session);
    abi::InitialItem item = {{}, gift.handle, gift.rights, gift.mode, 0};
    item.name[0] = static_cast<char>('a' + i % 26);
    item.name[1] = static_cast<char>('a' + i / 26);
    // A newcomer without an account could not do much.
    if (i == 0 && !random_.OneIn(8)) {
      item.handle = With(session, ObjectKind::account,
                         abi::kRightDuplicate | abi::kRightManage);
      item.mode = abi::kTransferDuplicate;
      item.rights = abi::kRightsSame;
    }
    Append(&request.payload, item);
  }
  return request;
}

Request Generator::ProcessInfo(Session& session) {
  if (Lacks(session, ObjectKind::process)) return CreateProcess(session);
  return Make(Syscall::process_info, Of(session, ObjectKind::process));
}

abi::AccountLimits Generator::SomeLimits() {
  static constexpr uint64_t kAround[abi::kAccountItems] = {
      200, 8, 4, 8, 100'000, 6, 4, 4, 3};
  abi::AccountLimits limits = {};
  for (size_t i = 0; i < abi::kAccountItems; ++i) {
    if (random_.OneIn(3)) limits.limit[i] = 1 + random_.Below(kAround[i]);
    if (random_.OneIn(3)) limits.soft[i] = 1 + random_.Below(kAround[i]);
  }
  return limits;
}

Request Generator::CreateAccount(Session& session) {
  if (Count(ObjectKind::account) > kAccountsMax) return Close(session);
  Request request = Make(Syscall::account_create,
                         With(session, ObjectKind::account, abi::kRightManage));
  const abi::AccountLimits limits = SomeLimits();
  if (random_.OneIn(3)) request.head.options = abi::kAccountShared;
  Append(&request.payload, limits);
  request.payload.resize(sizeof(limits) + random_.Below(10), 'a');
  return request;
}

Request Generator::LimitAccount(Session& session) {
  Request request = Make(Syscall::account_limit,
                         With(session, ObjectKind::account, abi::kRightManage),
                         Of(session, ObjectKind::account));
  Append(&request.payload, SomeLimits());
  return request;
}

Request Generator::AccountInfo(Session& session) {
  return Make(Syscall::account_info, Of(session, ObjectKind::account));
}

Request Generator::List(Session& session) {
  static constexpr ObjectKind kKinds[] = {
      ObjectKind::any,         ObjectKind::any,     ObjectKind::any,
      ObjectKind::port,        ObjectKind::lane,    ObjectKind::region,
      ObjectKind::process,     ObjectKind::account, ObjectKind::none,
      ObjectKind::notification};
  const ObjectKind kind = kKinds[random_.Below(std::size(kKinds))];
  const uint64_t newest =
      model_->caps().empty() ? 1 : model_->caps().rbegin()->first;
  const uint64_t end = kind == ObjectKind::any ? 5000 : newest + 2;
  return Make(Syscall::object_list, Of(session, ObjectKind::kernel),
              static_cast<uint64_t>(kind),
              random_.OneIn(4) ? 0 : random_.Below(end));
}

Request Generator::Times(Session& session) {
  const Model::Objects& ports = model_->objects(ObjectKind::port);
  uint64_t port = random_.Below(50);
  if (!ports.empty() && !random_.OneIn(4))
    port =
        std::next(ports.begin(), static_cast<long>(random_.Below(ports.size())))
            ->first;
  return Make(Syscall::port_times, Of(session, ObjectKind::kernel), port,
              random_.OneIn(2) ? 0 : random_.Below(port + 50));
}

// ---- Notifications.

uint64_t Generator::SomeWord() {
  return random_.OneIn(50) ? random_.Next() : random_.Below(16);
}

Request Generator::CreateNotification(Session& session) {
  if (Count(ObjectKind::notification) > kNotificationsMax)
    return Close(session);
  Request request = Make(Syscall::notification_create,
                         With(session, ObjectKind::account, abi::kRightManage),
                         random_.OneIn(3) ? SomeWord() : 0);
  request.head.options = static_cast<uint32_t>(random_.Below(3));
  if (random_.OneIn(50)) request.head.options = 3;
  return request;
}

Request Generator::SignalNotification(Session& session) {
  if (Lacks(session, ObjectKind::notification))
    return CreateNotification(session);
  return Make(Syscall::notification_signal,
              With(session, ObjectKind::notification, abi::kRightSignal),
              SomeWord());
}

// Mostly what suits its kind.
Request Generator::WaitForNotification(Session& session) {
  if (Lacks(session, ObjectKind::notification))
    return CreateNotification(session);
  Request request =
      Make(Syscall::notification_wait,
           With(session, ObjectKind::notification, abi::kRightWait));
  if (random_.OneIn(3)) request.head.options = abi::kTakeNow;
  const Cap* cap = session.table.Find(request.head.handle);
  if (cap == nullptr || cap->object->kind != ObjectKind::notification)
    return request;
  const auto type = static_cast<const Notification&>(*cap->object).type;
  const bool suits = !random_.OneIn(20);
  if ((type == abi::NotificationKind::bits) == suits && random_.OneIn(2))
    request.head.args[0] = SomeWord();
  if ((type == abi::NotificationKind::counter) == suits && random_.OneIn(2))
    request.head.options |= abi::kTakeOne;
  return request;
}

// ---- Lanes.

Request Generator::Connect(Session& session) {
  if (Count(ObjectKind::lane) > kLanesMax) return CloseLane(session);
  if (Lacks(session, ObjectKind::port)) return CreatePort(session);
  return Make(Syscall::port_connect,
              With(session, ObjectKind::port, abi::kRightSend));
}

Request Generator::Listen(Session& session) {
  if (Lacks(session, ObjectKind::port)) return CreatePort(session);
  return Make(Syscall::port_listen,
              With(session, ObjectKind::port, abi::kRightReceive));
}

Request Generator::Ready(Session& session) {
  if (Lacks(session, ObjectKind::lane)) return Connect(session);
  Handle handle = abi::kNoHandle;
  for (int tries = 0; tries < 6; ++tries) {
    handle = Of(session, ObjectKind::lane);
    const Cap* cap = session.table.Find(handle);
    if (cap == nullptr || cap->object->kind != ObjectKind::lane) break;
    const auto& lane = static_cast<const Lane&>(*cap->object);
    const bool sends = lane.side(End::kSender).handle == cap;
    if (!lane.side(sends ? End::kSender : End::kListener).ready) break;
  }
  return Make(Syscall::lane_ready, handle);
}

Request Generator::CloseLane(Session& session) {
  return Make(Syscall::lane_close, Of(session, ObjectKind::lane));
}

Request Generator::Attach(Session& session) {
  if (Lacks(session, ObjectKind::lane)) return Connect(session);
  if (Lacks(session, ObjectKind::region)) return CreateRegion(session);
  return Make(Syscall::lane_attach, OpenLane(session),
              random_.OneIn(20) ? random_.Next()
                                : With(session, ObjectKind::region,
                                       abi::kRightRead | abi::kRightMap));
}

Request Generator::MapAttached(Session& session) {
  return WithAttachment(session, Syscall::lane_map);
}

Request Generator::Detach(Session& session) {
  return WithAttachment(session, Syscall::lane_detach);
}

// Of the peer to map it, of this end to detach it.
Request Generator::WithAttachment(Session& session, Syscall call) {
  if (Lacks(session, ObjectKind::lane)) return Connect(session);
  Handle handle = abi::kNoHandle;
  uint64_t number = 0;
  for (int tries = 0; tries < 8 && number == 0; ++tries) {
    handle = Of(session, ObjectKind::lane);
    const Cap* cap = session.table.Find(handle);
    if (cap == nullptr || cap->object->kind != ObjectKind::lane) break;
    const auto& lane = static_cast<const Lane&>(*cap->object);
    const bool sends = lane.side(End::kSender).handle == cap;
    const bool of_sender = sends == (call == Syscall::lane_detach);
    const auto& side = lane.side(of_sender ? End::kSender : End::kListener);
    number = side.attachments.empty() || random_.OneIn(8)
                 ? random_.Below(side.attached + 1)
                 : side.attachments.rbegin()->first;
  }
  return Make(call, handle, number);
}

Request Generator::WatchObject(Session& session) {
  if (random_.OneIn(2)) return WatchAccount(session);
  if (random_.OneIn(4) && !Lacks(session, ObjectKind::reply))
    return Make(Syscall::object_watch, Of(session, ObjectKind::reply),
                abi::kSignalPeerClosed);
  if (random_.OneIn(4) && !Lacks(session, ObjectKind::notification))
    return Make(Syscall::object_watch,
                With(session, ObjectKind::notification, abi::kRightWait),
                abi::kSignalNotified);
  const ObjectKind kind =
      random_.OneIn(4) ? ObjectKind::process : ObjectKind::port;
  if (Lacks(session, kind))
    return kind == ObjectKind::port ? CreatePort(session)
                                    : CreateProcess(session);
  uint64_t signals = kind == ObjectKind::port ? 1 + random_.Below(3) : 4;
  if (random_.OneIn(20)) signals = random_.Below(20);
  return Make(Syscall::object_watch, With(session, kind, abi::kRightWait),
              signals);
}

// One that does not signal yet, and may.
Request Generator::WatchAccount(Session& session) {
  Handle handle = abi::kNoHandle;
  for (int tries = 0; tries < 8; ++tries) {
    handle = With(session, ObjectKind::account, abi::kRightWait);
    const Cap* cap = session.table.Find(handle);
    if (cap == nullptr || cap->object->kind != ObjectKind::account) break;
    const auto& account = static_cast<const Account&>(*cap->object);
    if (account.at_soft == 0 && account.soft != Amounts{}) break;
  }
  return Make(Syscall::object_watch, handle, abi::kSignalQuota);
}

Request Generator::CancelWait(Session& session) {
  uint64_t user_data = random_.Below(1000);
  if (!session.watches.empty() && !random_.OneIn(10))
    user_data =
        From(session.watches, random_.Below(1u << 20), random_.Below(3))->first;
  return Make(Syscall::wait_cancel, abi::kNoHandle, user_data);
}

Handle Generator::LaneAt(Session& session, End end) {
  Handle handle = abi::kNoHandle;
  for (int tries = 0; tries < 6; ++tries) {
    handle = Of(session, ObjectKind::lane);
    const Cap* cap = session.table.Find(handle);
    if (cap == nullptr || cap->object->kind != ObjectKind::lane) break;
    if (static_cast<const Lane&>(*cap->object).side(end).handle == cap) break;
  }
  return handle;
}

Request Generator::CreateReply(Session& session) {
  if (Lacks(session, ObjectKind::lane)) return Listen(session);
  if (Count(ObjectKind::reply) > kRepliesMax) return SendReply(session);
  Request request =
      Make(Syscall::reply_create, LaneAt(session, End::kListener),
           random_.Below(8) | random_.Below(3) << 32, random_.Below(100));
  request.head.args[2] = random_.Below(2) * random_.Next();
  return request;
}

Request Generator::SendReply(Session& session) {
  if (Lacks(session, ObjectKind::reply)) return CreateReply(session);
  Request request = Make(Syscall::reply_send, Of(session, ObjectKind::reply));
  uint64_t count = random_.OneIn(3) ? 1 + random_.Below(3) : 0;
  if (random_.OneIn(50)) count = random_.Below(70);
  for (uint64_t i = 0; i < count; ++i)
    Append(&request.payload, SomeItem(session));
  request.head.args[0] = random_.OneIn(50) ? random_.Below(70) : count;
  if (count != 0 && random_.OneIn(4))
    request.head.options = abi::kReplyInRegion;
  request.payload.resize(request.payload.size() + random_.Below(20), 'r');
  return request;
}

// One that is open, if there is one.
Request Generator::CancelReply(Session& session) {
  if (Lacks(session, ObjectKind::lane)) return Connect(session);
  Handle handle = abi::kNoHandle;
  uint64_t correlation = random_.OneIn(20) ? random_.Next() : random_.Below(8);
  for (int tries = 0; tries < 6; ++tries) {
    handle = LaneAt(session, End::kSender);
    const Cap* cap = session.table.Find(handle);
    if (cap == nullptr || cap->object->kind != ObjectKind::lane) break;
    const auto& replies = static_cast<const Lane&>(*cap->object).replies;
    if (replies.empty()) continue;
    if (!random_.OneIn(10)) correlation = replies.begin()->first;
    break;
  }
  return Make(Syscall::reply_cancel, handle, correlation);
}

Request Generator::ReplyInfo(Session& session) {
  if (Lacks(session, ObjectKind::reply)) return CreateReply(session);
  return Make(Syscall::reply_info, Of(session, ObjectKind::reply));
}

Request Generator::Stage(Session& session) {
  if (Lacks(session, ObjectKind::lane)) return Connect(session);
  const Handle handle = OpenLane(session);
  const Cap* cap = session.table.Find(handle);
  const Object* port = nullptr;
  if (cap != nullptr && cap->object->kind == ObjectKind::lane)
    port = static_cast<const Lane&>(*cap->object).port;
  Request request = Make(Syscall::transfer_stage, handle);
  uint64_t count = 1 + random_.Below(4);
  if (random_.OneIn(12)) count = random_.Below(66);
  std::set<Handle> used;
  for (; count > 0; --count) {
    const abi::TransferItem item = SomeItem(session);
    const Cap* given = session.table.Find(item.handle);
    const bool bad =
        used.count(item.handle) != 0 || given == nullptr ||
        given->rights == 0 ||
        (given->object == port && (given->rights & abi::kRightReceive) != 0);
    if (bad && !random_.OneIn(50)) continue;
    used.insert(item.handle);
    Append(&request.payload, item);
  }
  return request;
}

Request Generator::Redeem(Session& session) {
  if (Lacks(session, ObjectKind::lane)) return Connect(session);
  const Handle lane = LaneWith(session, false);
  if (Tokens(session, lane, false).empty() && !random_.OneIn(10))
    return Stage(session);
  return Make(Syscall::transfer_redeem, lane, SomeToken(session, lane, false));
}

Request Generator::Cancel(Session& session) {
  if (Lacks(session, ObjectKind::lane)) return Connect(session);
  const Handle lane = LaneWith(session, true);
  return Make(Syscall::transfer_cancel, lane, SomeToken(session, lane, true));
}

}  // namespace model
