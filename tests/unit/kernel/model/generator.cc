#include "tests/unit/kernel/model/generator.h"

#include <algorithm>
#include <cstring>

namespace model {
namespace {

using abi::Syscall;

// Never more than this, whatever is asked: each costs descriptors.
constexpr size_t kLanesMax = 40;
constexpr size_t kRegionsMax = 150;
constexpr size_t kPortsMax = 200;
constexpr size_t kAccountsMax = 150;
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

template <typename Container, typename Key>
auto From(const Container& container, Key key, uint64_t further) {
  auto at = container.lower_bound(key);
  for (uint64_t i = 0; i <= further; ++i) {
    if (at == container.end()) at = container.begin();
    if (i < further) ++at;
  }
  return at == container.end() ? container.begin() : at;
}

}  // namespace

Generator::Generator(const Profile& profile, Model* model, Random* random)
    : profile_(profile), model_(model), random_(*random) {
  const Profile& p = profile_;
  lines_ = {
      {p.derive * 4, &Generator::Duplicate},
      {p.derive * 2, &Generator::Mint},
      {p.lose * 4, &Generator::Close},
      {p.revoke, &Generator::Revoke},
      {12, &Generator::Info},
      {1, &Generator::SessionInfo},
      {p.make * 2, &Generator::CreatePort},
      {p.lanes, &Generator::Connect},
      {p.lanes * 2, &Generator::Listen},
      {p.lanes * 2, &Generator::Ready},
      {p.lanes, &Generator::CloseLane},
      {p.transfers * 3, &Generator::Stage},
      {p.transfers * 3, &Generator::Redeem},
      {p.transfers, &Generator::Cancel},
      {p.make, &Generator::CreateRegion},
      {2, &Generator::SealRegion},
      {4, &Generator::MapRegion},
      {4, &Generator::RegionInfo},
      {p.make, &Generator::CreateProcess},
      {2, &Generator::ProcessInfo},
      {p.make, &Generator::CreateAccount},
      {4, &Generator::AccountInfo},
      {1, &Generator::List},
  };
  for (const Line& line : lines_) weights_ += line.weight;
}

Request Generator::Next(Session& session) {
  Request request;
  if (model_->caps().size() > profile_.caps && random_.OneIn(3)) {
    request = random_.OneIn(20) ? Revoke(session) : Close(session);
  } else {
    uint64_t at = random_.Below(weights_);
    size_t line = 0;
    while (at >= lines_[line].weight) at -= lines_[line++].weight;
    request = (this->*lines_[line].function)(session);
  }
  if (random_.Below(100) < profile_.errors) Spoil(session, &request);
  return request;
}

// ---- What to ask with.

Handle Generator::Any(Session& session) {
  const auto& held = session.table.held();
  if (held.empty()) return static_cast<Handle>(random_.Next());
  const Handle key =
      static_cast<Handle>(random_.Below(uint64_t{held.rbegin()->first} + 1));
  return From(held, key, random_.Below(4))->first;
}

Handle Generator::Of(Session& session, ObjectKind kind) {
  const auto& held = session.table.held_of(kind);
  if (held.empty()) return Any(session);
  const Handle key =
      static_cast<Handle>(random_.Below(uint64_t{*held.rbegin()} + 1));
  return *From(held, key, random_.Below(4));
}

Handle Generator::With(Session& session, ObjectKind kind, Rights rights) {
  Handle handle = abi::kNoHandle;
  for (int tries = 0; tries < 4; ++tries) {
    handle = kind == ObjectKind::any ? Any(session) : Of(session, kind);
    const Cap* cap = session.table.Find(handle);
    if (cap != nullptr && (rights & ~cap->rights) == 0) break;
  }
  return handle;
}

Handle Generator::Wrong(Session& session) {
  switch (random_.Below(5)) {
    case 0:
      return abi::kNoHandle;
    case 1:
      return static_cast<Handle>(random_.Next());
    case 2:  // another generation of one held
      return Any(session) + ((1 + random_.Below(4)) << abi::kHandleSlotBits);
    case 3:  // one before
      return Any(session) - (1u << abi::kHandleSlotBits);
    default:
      return Any(session);
  }
}

uint64_t Generator::SomeRights(const Session& session, Handle handle) {
  const Cap* cap = session.table.Find(handle);
  const Rights held = cap != nullptr ? cap->rights : abi::kRightsAll;
  if (!random_.OneIn(3)) return abi::kRightsSame;
  if (random_.OneIn(12)) return random_.Below(abi::kRightsAll + 1);
  if (random_.OneIn(100)) return random_.Next();
  Rights rights = held;
  for (uint64_t drop = random_.Below(4); drop > 0; --drop)
    rights &= ~(1u << random_.Below(14));
  return rights;
}

abi::TransferItem Generator::SomeItem(Session& session) {
  abi::TransferItem item = {};
  item.mode = random_.OneIn(3) ? abi::kTransferDuplicate : abi::kTransferMove;
  item.handle =
      With(session, random_.OneIn(2) ? ObjectKind::any : ObjectKind::port,
           item.mode == abi::kTransferMove ? abi::kRightTransfer
                                           : abi::kRightDuplicate);
  item.rights = static_cast<Rights>(SomeRights(session, item.handle));
  if (!random_.OneIn(200)) return item;
  switch (random_.Below(3)) {
    case 0:
      item.handle = Wrong(session);
      break;
    case 1:
      item.mode = static_cast<uint32_t>(random_.Below(4));
      break;
    default:
      item.reserved = 1;
  }
  return item;
}

uint64_t Generator::SomeToken(Session& session, Handle handle, bool own) {
  const Cap* cap = session.table.Find(handle);
  if (cap == nullptr || cap->object->kind != ObjectKind::lane ||
      random_.OneIn(20))
    return random_.Below(8);
  const auto& lane = static_cast<const Lane&>(*cap->object);
  const bool sender = lane.side(End::kSender).handle == cap;
  std::vector<uint64_t> tokens;
  for (const auto& [token, transfer] : lane.transfers)
    if ((transfer->from == End::kSender) == (sender == own))
      tokens.push_back(token);
  return tokens.empty() ? lane.last_token
                        : tokens[random_.Below(tokens.size())];
}

// What is wrong in one way only.
void Generator::Spoil(Session& session, Request* request) {
  abi::Request& head = request->head;
  switch (random_.Below(10)) {
    case 0:
      head.options ^= 1u << random_.Below(32);
      break;
    case 1:
      head.reserved = 1u << random_.Below(32);
      break;
    case 2:
      head.reserved2 = uint64_t{1} << random_.Below(64);
      break;
    case 3:
      head.args[random_.Below(4)] ^= uint64_t{1} << random_.Below(64);
      break;
    case 4:
      request->payload.push_back(static_cast<uint8_t>(random_.Below(3)));
      break;
    case 5:
      if (!request->payload.empty())
        request->payload.resize(random_.Below(request->payload.size()));
      break;
    case 6:
      if (!request->payload.empty())
        request->payload[random_.Below(request->payload.size())] ^=
            1u << random_.Below(8);
      break;
    case 7:
      head.number = static_cast<uint32_t>(
          random_.OneIn(2) ? 0 : 1000 + random_.Below(1u << 31));
      break;
    default:
      head.handle = Wrong(session);
  }
}

// ---- Any handle.

Request Generator::Duplicate(Session& session) {
  const Handle handle = With(session, ObjectKind::any, abi::kRightDuplicate);
  return Make(Syscall::handle_duplicate, handle, SomeRights(session, handle));
}

Request Generator::Mint(Session& session) {
  const Handle handle = With(session, ObjectKind::any, abi::kRightDuplicate);
  return Make(Syscall::handle_mint, handle, SomeRights(session, handle),
              random_.OneIn(40) ? 0 : 1 + random_.Below(4));
}

Request Generator::Close(Session& session) {
  return Make(Syscall::handle_close, Any(session));
}

Request Generator::Revoke(Session& session) {
  Request request = Make(Syscall::handle_revoke,
                         With(session, ObjectKind::any, abi::kRightManage));
  if (random_.OneIn(3)) {
    request.head.options = abi::kRevokeBadge;
    request.head.args[0] = 1 + random_.Below(4);
  }
  return request;
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
  request.head.options = static_cast<uint32_t>(random_.Below(4));
  request.payload.assign(random_.Below(random_.OneIn(50) ? 60 : 20), 'p');
  return request;
}

Request Generator::CreateRegion(Session& session) {
  if (Count(ObjectKind::region) > kRegionsMax) return Close(session);
  return Make(Syscall::region_create,
              With(session, ObjectKind::account, abi::kRightManage),
              random_.OneIn(30) ? random_.Next() : random_.Below(20'000));
}

Request Generator::SealRegion(Session& session) {
  Request request = Make(Syscall::region_seal, Of(session, ObjectKind::region));
  request.head.options = static_cast<uint32_t>(random_.Below(2));
  return request;
}

Request Generator::MapRegion(Session& session) {
  Request request = Make(Syscall::region_map, Of(session, ObjectKind::region));
  request.head.options = static_cast<uint32_t>(random_.Below(2));
  return request;
}

Request Generator::RegionInfo(Session& session) {
  return Make(Syscall::region_info, Of(session, ObjectKind::region));
}

Request Generator::CreateProcess(Session& session) {
  if (model_->sessions().size() > kSessionsMax) return Close(session);
  Request request = Make(Syscall::process_create,
                         With(session, ObjectKind::account, abi::kRightManage));
  abi::ProcessCreate head = {};
  head.name[0] = 'c';
  head.count = static_cast<uint32_t>(random_.OneIn(20) ? random_.Below(130)
                                                       : random_.Below(6));
  Append(&request.payload, head);
  for (uint32_t i = 0; i < head.count; ++i) {
    const abi::TransferItem gift = SomeItem(session);
    abi::InitialItem item = {{}, gift.handle, gift.rights, gift.mode, 0};
    item.name[0] = static_cast<char>('a' + i % 26);
    item.name[1] = static_cast<char>('a' + i / 26);
    // A newcomer without an account could not do much.
    if (i == 0 && !random_.OneIn(4)) {
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
  return Make(Syscall::process_info, Of(session, ObjectKind::process));
}

Request Generator::CreateAccount(Session& session) {
  if (Count(ObjectKind::account) > kAccountsMax) return Close(session);
  Request request = Make(Syscall::account_create,
                         With(session, ObjectKind::account, abi::kRightManage));
  abi::AccountLimits limits = {};
  if (random_.OneIn(2)) limits.limit[0] = 1 + random_.Below(200);
  if (random_.OneIn(2)) limits.limit[1] = 1 + random_.Below(8);
  if (random_.OneIn(3)) limits.limit[2] = 1 + random_.Below(4);
  if (random_.OneIn(3)) limits.limit[3] = 1 + random_.Below(8);
  if (random_.OneIn(3)) limits.limit[4] = 1 + random_.Below(100'000);
  Append(&request.payload, limits);
  request.payload.resize(sizeof(limits) + random_.Below(10), 'a');
  return request;
}

Request Generator::AccountInfo(Session& session) {
  return Make(Syscall::account_info, Of(session, ObjectKind::account));
}

Request Generator::List(Session& session) {
  static constexpr ObjectKind kKinds[] = {
      ObjectKind::any,     ObjectKind::any,     ObjectKind::any,
      ObjectKind::port,    ObjectKind::lane,    ObjectKind::region,
      ObjectKind::process, ObjectKind::account, ObjectKind::none};
  const ObjectKind kind = kKinds[random_.Below(std::size(kKinds))];
  const uint64_t newest =
      model_->caps().empty() ? 1 : model_->caps().rbegin()->first;
  return Make(Syscall::object_list, Of(session, ObjectKind::kernel),
              static_cast<uint64_t>(kind), random_.Below(newest + 2));
}

// ---- Lanes.

Request Generator::Connect(Session& session) {
  if (Count(ObjectKind::lane) > kLanesMax) return CloseLane(session);
  return Make(Syscall::port_connect,
              With(session, ObjectKind::port, abi::kRightSend));
}

Request Generator::Listen(Session& session) {
  return Make(Syscall::port_listen,
              With(session, ObjectKind::port, abi::kRightReceive));
}

Request Generator::Ready(Session& session) {
  return Make(Syscall::lane_ready, Of(session, ObjectKind::lane));
}

Request Generator::CloseLane(Session& session) {
  return Make(Syscall::lane_close, Of(session, ObjectKind::lane));
}

Request Generator::Stage(Session& session) {
  Request request =
      Make(Syscall::transfer_stage, Of(session, ObjectKind::lane));
  uint64_t count = 1 + random_.Below(4);
  if (random_.OneIn(12)) count = random_.Below(66);
  for (; count > 0; --count) Append(&request.payload, SomeItem(session));
  return request;
}

Request Generator::Redeem(Session& session) {
  const Handle lane = Of(session, ObjectKind::lane);
  return Make(Syscall::transfer_redeem, lane, SomeToken(session, lane, false));
}

Request Generator::Cancel(Session& session) {
  const Handle lane = Of(session, ObjectKind::lane);
  return Make(Syscall::transfer_cancel, lane, SomeToken(session, lane, true));
}

}  // namespace model
