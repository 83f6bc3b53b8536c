#include "tests/unit/kernel/model/generator.h"

#include <algorithm>

namespace model {

Generator::Generator(const Profile& profile, Model* model, Random* random)
    : profile_(profile), model_(model), random_(*random) {
  const Profile& p = profile_;
  lines_ = {
      {p.derive * 4, &Generator::Duplicate},
      {p.derive * 2, &Generator::Mint},
      {p.lose, &Generator::Replace},
      {p.lose * 4, &Generator::Close},
      {p.revoke, &Generator::Revoke},
      {12, &Generator::Info},
      {1, &Generator::SessionInfo},
      {p.make * 2, &Generator::CreatePort},
      {p.lanes, &Generator::Connect},
      {p.lanes * 2, &Generator::Listen},
      {p.lanes * 2, &Generator::Ready},
      {p.lanes, &Generator::CloseLane},
      {p.lanes / 2, &Generator::Attach},
      {p.lanes / 2, &Generator::MapAttached},
      {p.lanes / 4, &Generator::Detach},
      {8, &Generator::WatchObject},
      {2, &Generator::CancelWait},
      {p.transfers * 3, &Generator::Stage},
      {p.transfers * 3, &Generator::Redeem},
      {p.transfers, &Generator::Cancel},
      {p.make, &Generator::CreateRegion},
      {2, &Generator::SealRegion},
      {4, &Generator::MapRegion},
      {4, &Generator::RegionInfo},
      {2, &Generator::RegionState},
      {3, &Generator::RegionUnmapped},
      {2, &Generator::GrowRegion},
      {p.make, &Generator::CreateProcess},
      {2, &Generator::ProcessInfo},
      {p.make, &Generator::CreateAccount},
      {p.make, &Generator::LimitAccount},
      {4, &Generator::AccountInfo},
      {1, &Generator::List},
      {1, &Generator::Times},
      {p.notes, &Generator::CreateNotification},
      {p.replies * 2, &Generator::CreateReply},
      {p.replies * 2, &Generator::SendReply},
      {p.replies, &Generator::CancelReply},
      {p.replies / 2, &Generator::ReplyInfo},
      {p.notes * 3, &Generator::SignalNotification},
      {p.notes * 3, &Generator::WaitForNotification},
  };
  for (const Line& line : lines_) weights_ += line.weight;
}

Request Generator::Next(Session& session) {
  if (profile_.wears && session.origin == Session::Origin::kChild &&
      session.table.size() != 0)
    return Wear(session);
  Request request;
  if (!model_->jobs().empty() && random_.OneIn(20)) {
    request = Revoke(session);
  } else if (model_->caps().size() > profile_.caps && random_.OneIn(3)) {
    request = random_.OneIn(15) ? RevokeMuch(session) : Close(session);
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
  if (!model_->jobs().empty() && random_.OneIn(3))
    if (const Handle doomed = Doomed(session); doomed != 0) return doomed;
  const auto& held = session.table.held();
  if (held.empty()) return static_cast<Handle>(random_.Next());
  const Handle key =
      static_cast<Handle>(random_.Below(uint64_t{held.rbegin()->first} + 1));
  return From(held, key, random_.Below(4))->first;
}

Handle Generator::Doomed(Session& session) {
  const auto& doomed = model_->jobs().front().doomed;
  if (doomed.empty()) return 0;
  auto at = doomed.lower_bound(random_.Below(doomed.rbegin()->first + 1));
  for (int tries = 0; tries < 8 && at != doomed.end(); ++tries, ++at)
    if (at->second->holder == &session) return at->second->handle;
  return 0;
}

Handle Generator::Revoking(Session& session) {
  const auto found = model_->caps().find(model_->jobs().front().root);
  if (found == model_->caps().end()) return 0;
  for (const Cap* cap = found->second.get(); cap != nullptr; cap = cap->parent)
    if (cap->holder == &session && random_.OneIn(2)) return cap->handle;
  return 0;
}

Handle Generator::Source(Session& session) {
  if (random_.OneIn(4))
    return With(session, ObjectKind::any, abi::kRightDuplicate);
  Handle& favourite = favourites_[session.id()];
  const Cap* cap = session.table.Find(favourite);
  if (cap == nullptr || (cap->rights & abi::kRightDuplicate) == 0 ||
      random_.OneIn(2000)) {
    favourite =
        random_.OneIn(2) ? Old(session) : Rich(session, abi::kRightDuplicate);
  } else if (random_.OneIn(10) && !cap->children.empty()) {
    const Cap& newest = *cap->children.rbegin()->second;
    if (newest.holder == &session) favourite = newest.handle;
  } else if (random_.OneIn(20)) {
    favourite = Above(session, favourite);
  }
  return favourite;
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

Handle Generator::Rich(Session& session, Rights rights) {
  Handle best = abi::kNoHandle;
  size_t most = 0;
  for (int tries = 0; tries < 6; ++tries) {
    const Handle handle = With(session, ObjectKind::any, rights);
    const Cap* cap = session.table.Find(handle);
    const size_t children = cap == nullptr ? 0 : cap->children.size();
    if (best == abi::kNoHandle || children > most) best = handle;
    most = std::max(most, children);
  }
  return best;
}

Handle Generator::Old(Session& session) {
  if (session.table.size() == 0) return abi::kNoHandle;
  return From(session.table.held(), Handle{0}, random_.Below(4))->first;
}

Handle Generator::Above(Session& session, Handle handle) {
  const Cap* cap = session.table.Find(handle);
  for (; cap != nullptr; cap = cap->parent) {
    if (cap->holder == &session) handle = cap->handle;
    if (random_.OneIn(6)) break;
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
  if (random_.OneIn(40)) return random_.Below(abi::kRightsAll + 1);
  if (random_.OneIn(200)) return random_.Next();
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

Handle Generator::LaneWith(Session& session, bool own) {
  Handle handle = abi::kNoHandle;
  for (int tries = 0; tries < 8; ++tries) {
    handle = Of(session, ObjectKind::lane);
    if (!Tokens(session, handle, own).empty()) break;
  }
  return handle;
}

std::vector<uint64_t> Generator::Tokens(const Session& session, Handle handle,
                                        bool own) const {
  std::vector<uint64_t> tokens;
  const Cap* cap = session.table.Find(handle);
  if (cap == nullptr || cap->object->kind != ObjectKind::lane) return tokens;
  const auto& lane = static_cast<const Lane&>(*cap->object);
  const bool sender = lane.side(End::kSender).handle == cap;
  for (const auto& [token, transfer] : lane.transfers)
    if ((transfer->from == End::kSender) == (sender == own))
      tokens.push_back(token);
  return tokens;
}

Handle Generator::OpenLane(Session& session) {
  Handle handle = abi::kNoHandle;
  for (int tries = 0; tries < 6; ++tries) {
    handle = Of(session, ObjectKind::lane);
    const Cap* cap = session.table.Find(handle);
    if (cap == nullptr || cap->object->kind != ObjectKind::lane ||
        !static_cast<const Lane&>(*cap->object).cut)
      break;
  }
  return handle;
}

uint64_t Generator::SomeToken(Session& session, Handle handle, bool own) {
  const std::vector<uint64_t> tokens = Tokens(session, handle, own);
  if (tokens.empty() || random_.OneIn(20)) return random_.Below(8);
  return tokens[random_.Below(tokens.size())];
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

}  // namespace model
