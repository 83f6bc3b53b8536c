// The model of the calls about lanes, and of capabilities in messages.
#include <cstring>

#include "libipc/abi/lane.h"
#include "tests/unit/kernel/model/calls.h"

namespace model {
namespace {

Answer QuotaOf(uint64_t used, uint64_t limit) {
  return Answer::Failed(Error::quota_exceeded, used, limit);
}

}  // namespace

End EndOf(const Call& call) {
  return call.object<Lane>().side(End::kSender).handle == call.cap
             ? End::kSender
             : End::kListener;
}

Answer CheckItems(Model& model, Session& session, const Object& into,
                  const std::vector<abi::TransferItem>& items,
                  std::vector<Gift>* gifts) {
  Answer answer;
  std::set<Handle> seen;
  for (const abi::TransferItem& item : items) {
    Gift gift = CheckGift(model, session, item.handle, item.rights, item.mode);
    if (gift.error == Error::ok && item.reserved != 0)
      gift.error = Error::invalid_args;
    if (gift.error == Error::ok && gift.cap->object == &into &&
        (into.kind == ObjectKind::reply ||
         (gift.rights & abi::kRightReceive) != 0))
      gift.error = Error::invalid_args;
    if (gift.error == Error::ok && !seen.insert(item.handle).second)
      gift.error = Error::invalid_args;
    if (answer.ok()) answer.error = gift.error;
    answer.Append(gift.error);
    gifts->push_back(gift);
  }
  return answer;
}

Answer RoomForTransfer(const Session& session, const Lane& lane,
                       const std::vector<Gift>& gifts) {
  if (lane.transfers.size() >= abi::kStagedTransfersMax)
    return QuotaOf(lane.transfers.size(), abi::kStagedTransfersMax);
  uint64_t copies = 0;
  for (const Gift& gift : gifts) copies += gift.move ? 0 : 1;
  Amounts amounts = Model::Handles(copies);
  Model::Put(&amounts, AccountItem::messages, 1);
  return Model::Refusal(*session.account, amounts);
}

uint64_t MakeTransfer(Call& call, Lane& lane, End from,
                      const std::vector<Gift>& gifts) {
  Account& account = *call.session.account;
  auto transfer = std::make_unique<Transfer>();
  transfer->lane = &lane;
  transfer->token = ++lane.last_token;
  transfer->from = from;
  transfer->process = call.session.id();
  transfer->charged = &account;
  call.model.Touch(lane);
  call.model.Charge(account, Model::One(AccountItem::messages));
  for (const Gift& gift : gifts) {
    Cap& cap = TakeGift(call.model, call.session, gift);
    call.model.Recharge(cap, &account);
    cap.transfer = transfer.get();
    cap.index = transfer->items.size();
    transfer->items.push_back({&cap, cap.object->kind});
  }
  const uint64_t token = transfer->token;
  lane.transfers[token] = std::move(transfer);
  return token;
}

}  // namespace model

namespace model::calls {
namespace {

// Who may take it: `end` is whose transfers are looked for.
Transfer* Find(Lane& lane, uint64_t token, End end) {
  const auto found = lane.transfers.find(token);
  if (found == lane.transfers.end() || found->second->from != end)
    return nullptr;
  return found->second.get();
}

End Opposite(End end) {
  return end == End::kSender ? End::kListener : End::kSender;
}

std::unique_ptr<Transfer> TakeTransfer(Lane& lane, uint64_t token) {
  std::unique_ptr<Transfer> taken = std::move(lane.transfers[token]);
  lane.transfers.erase(token);
  return taken;
}

}  // namespace

Answer port_connect(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  Port& port = call.object<Port>();
  if (port.closed) return Error::peer_closed;
  Account& account = *call.session.account;
  if (Answer full = call.Room(1); !full.ok()) return full;
  Amounts amounts = Model::Handles(1);
  Model::Put(&amounts, AccountItem::lanes, 1);
  Model::Put(&amounts, AccountItem::bytes,
             2 * (abi::kControlBytes + uint64_t{port.ring_bytes}) +
                 (port.rendezvous() ? abi::kControlBytes : 0));
  if (Answer full = Model::Refusal(account, amounts); !full.ok()) return full;
  Model::Put(&amounts, AccountItem::handles, 0);  // the capability's own

  Lane& lane = call.model.Add<Lane>();
  call.model.Use(lane);
  call.model.Use(port);
  call.model.Charge(account, amounts);
  lane.port = &port;
  lane.badge = call.cap->badge;
  lane.band = call.cap->band;
  lane.charged = &account;
  lane.charges = amounts;
  lane.send_cap = call.cap;
  call.cap->lanes.insert(&lane);
  port.lanes[lane.id] = &lane;
  Lane::Side& sender = lane.side(End::kSender);
  sender.session = &call.session;
  sender.process = call.session.id();
  sender.handle = &call.model.NewCap(
      {.object = &lane, .rights = 0, .made_by = call.session.id()});
  ++call.session.lanes_sending;
  const Handle handle =
      call.model.Place(call.session, *sender.handle, &account, call.given());
  Answer answer =
      Answer::Of(handle, call.seen != nullptr ? call.seen->values[1] : 0,
                 port.ring_bytes, port.listeners.size());
  answer.Append(abi::LaneGranted{.lane_id = lane.id,
                                 .port_id = port.id,
                                 .port_options = port.options,
                                 .ring_bytes_max = port.ring_bytes_max,
                                 .spare = 0,
                                 .tracing = {}});
  answer.descriptors = port.rendezvous() ? 3 : 2;
  return answer;
}

Answer port_listen(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  Port& port = call.object<Port>();
  if (port.FindListener(&call.session) != nullptr) return Error::bad_state;
  if (!port.shareable() && !port.listeners.empty()) return Error::bad_state;
  if (port.listeners.size() >= abi::kListenersMax)
    return QuotaOf(port.listeners.size(), abi::kListenersMax);
  port.listeners.push_back({&call.session, call.cap, 0});
  call.cap->listening = true;
  call.session.listening.insert(port.id);
  for (const auto& [id, lane] : port.lanes)
    if (!lane->bound()) call.model.MarkLane(*lane);
  call.model.TellSenders(port);
  return Answer::Of(port.id);
}

Answer lane_ready(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  Lane& lane = call.object<Lane>();
  const End end = EndOf(call);
  if (lane.side(end).ready) return Error::bad_state;
  lane.side(end).ready = true;
  Lane::Side& sender = lane.side(End::kSender);
  if (end == End::kSender) {
    call.model.MarkLane(lane);
  } else if (sender.handle != nullptr && !lane.sender_cut) {
    call.model.Expect(sender.session, {.event = abi::Event::lane_joined,
                                       .user_data = sender.handle->handle,
                                       .values = {0, lane.taken, lane.reply_end,
                                                  call.session.id()},
                                       .descriptors = 1,
                                       .any_value = 0b0001});
  }
  return {};
}

Answer lane_close(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  call.model.Destroy(*call.cap, Ending::kClosed);
  return {};
}

Answer lane_attach(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  Cap* cap = nullptr;
  if (Answer bad = call.FindSecond(call.arg(0), ObjectKind::region,
                                   abi::kRightRead | abi::kRightMap, &cap);
      !bad.ok())
    return bad;
  Lane& lane = call.object<Lane>();
  auto& attachments = lane.side(EndOf(call)).attachments;
  Region& region = As<Region>(*cap->object);
  if (lane.cut) return Error::peer_closed;
  if (region.guarantee == abi::kGuaranteeNone) return Error::bad_state;
  if (attachments.size() >= abi::kAttachedRegionsMax)
    return QuotaOf(attachments.size(), abi::kAttachedRegionsMax);
  call.model.Use(region);
  ++region.attachments;
  const uint64_t number = lane.side(EndOf(call)).attached++;
  if (cap->warrant == nullptr)
    cap->warrant = std::make_shared<Warrant>(Warrant{cap->badge});
  attachments[number] = {&region, cap->warrant};
  return Answer::Of(number);
}

Answer lane_detach(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  Lane& lane = call.object<Lane>();
  const End end = EndOf(call);
  if (!lane.side(end).attachments.contains(call.arg(0)))
    return Error::not_found;
  if (lane.cut) return Error::peer_closed;
  call.model.Detach(lane, end, call.arg(0));
  return {};
}

Answer lane_map(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  Lane& lane = call.object<Lane>();
  auto& attachments = lane.side(Opposite(EndOf(call))).attachments;
  const auto found = attachments.find(call.arg(0));
  if (found == attachments.end()) return Error::not_found;
  Warrant& warrant = *found->second.warrant;
  if (warrant.unsure && call.seen != nullptr) {
    warrant.revoked = call.seen->error == Error::revoked;
    warrant.unsure = false;
  }
  if (warrant.revoked) return Error::revoked;
  Region& region = *found->second.region;
  found->second.mapped = true;
  ++region.grants;
  call.model.NoteGrant(call.session, region);
  Answer answer = Answer::Of(region.bytes_most, region.id);
  answer.descriptors = 1;
  return answer;
}

Answer transfer_stage(Call& call) {
  if (!call.Fits({.payload = true})) return Error::invalid_args;
  const auto& payload = call.request.payload;
  const size_t count = payload.size() / sizeof(abi::TransferItem);
  if (payload.size() % sizeof(abi::TransferItem) != 0)
    return Error::invalid_args;
  if (count == 0 || count > abi::kMessageHandlesMax)
    return Answer::Failed(Error::out_of_range, 1, abi::kMessageHandlesMax);
  std::vector<abi::TransferItem> items(count);
  std::memcpy(items.data(), payload.data(), payload.size());
  Lane& lane = call.object<Lane>();
  std::vector<Gift> gifts;
  if (Answer bad =
          CheckItems(call.model, call.session, *lane.port, items, &gifts);
      !bad.ok())
    return bad;
  if (lane.cut || lane.port->closed || lane.sender_leaves != Error::ok)
    return Error::peer_closed;
  if (Answer full = RoomForTransfer(call.session, lane, gifts); !full.ok())
    return full;
  return Answer::Of(MakeTransfer(call, lane, EndOf(call), gifts));
}

Answer transfer_redeem(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  Lane& lane = call.object<Lane>();
  const Transfer* found = Find(lane, call.arg(0), Opposite(EndOf(call)));
  if (found == nullptr) return Error::not_found;
  uint64_t living = 0;
  for (const Transfer::Item& item : found->items) living += item.cap != nullptr;
  if (Answer full =
          Model::RefusalOfMoved(*call.session.account, living, *found->charged);
      !full.ok())
    return full;
  const auto transfer = TakeTransfer(lane, call.arg(0));
  Answer answer = Answer::Of(transfer->items.size());
  for (size_t i = 0; i < transfer->items.size(); ++i) {
    const Transfer::Item& item = transfer->items[i];
    abi::RedeemedItem entry = {0, item.kind, 0, Error::revoked};
    if (item.cap != nullptr) {
      entry.handle =
          call.model.Place(call.session, *item.cap, call.session.account,
                           Shown<abi::RedeemedItem>(call, i).handle);
      entry.rights = item.cap->rights;
      entry.error = Error::ok;
    }
    answer.Append(entry);
  }
  call.model.Refund(*transfer->charged, Model::One(AccountItem::messages));
  return answer;
}

Answer transfer_cancel(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  Lane& lane = call.object<Lane>();
  const Transfer* found = Find(lane, call.arg(0), EndOf(call));
  if (found == nullptr || found->process != call.session.id())
    return Error::not_found;
  const auto transfer = TakeTransfer(lane, call.arg(0));
  Answer answer = Answer::Of(transfer->items.size());
  for (size_t i = 0; i < transfer->items.size(); ++i) {
    Cap* cap = transfer->items[i].cap;
    Handle handle = abi::kNoHandle;
    if (cap != nullptr)
      handle = call.model.Place(call.session, *cap, call.session.account,
                                Shown<Handle>(call, i));
    answer.Append(handle);
  }
  call.model.Refund(*transfer->charged, Model::One(AccountItem::messages));
  return answer;
}

}  // namespace model::calls
