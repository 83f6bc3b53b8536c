// The part of LaneEnd that lends blocks and maps what was lent.
#include <algorithm>
#include <cstring>

#include "lane_end.h"
#include "lent_memory.h"

namespace ipc {
base::Result<uint32_t> LaneEnd::Attach(const std::shared_ptr<PoolCore>& pool) {
  std::lock_guard lock(attach_mutex_);
  for (const Attached& attached : attached_)
    if (attached.IsOf(pool)) return attached.number;
  ForgetGone(&attached_);
  const ipc::Answer answer = session_->Call(abi::Syscall::lane_attach, handle_,
                                            {.args = {pool->region()}});
  if (answer.error() != Error::ok) return answer.error();
  const auto number = static_cast<uint32_t>(answer.value(0));
  attached_.push_back({pool, number});
  pool->AddLender(weak_from_this(), handle_, number);
  return number;
}

Error LaneEnd::SendLoan(Outgoing& record, Loan& loan, CallSlot* slot,
                        Deadline deadline) {
  const std::shared_ptr<PoolCore> pool = PoolCore::Of(loan);
  if (pool == nullptr) return Error::invalid_args;
  auto number = Attach(pool);
  if (!number.ok()) return number.error();
  const LentBlock lent = {
      pool, {*number, 0, PoolCore::OffsetOf(loan), loan.bytes().size()}};
  const Bytes inline_payload = record.payload;
  record.flags |= abi::kRecordLoan;
  record.payload = std::as_bytes(std::span(&lent.ref, 1));
  record.lent = {&lent, 1};
  const Error error = Send(record, slot, deadline);
  record.lent = {};
  if (error == Error::ok) {
    PoolCore::Disown(loan);
  } else {
    record.flags &= ~abi::kRecordLoan;
    record.payload = inline_payload;
  }
  return error;
}

Error LaneEnd::SendParts(Outgoing& record, std::span<Loan> parts,
                         CallSlot* slot, Deadline deadline) {
  if (parts.empty() || parts.size() > abi::kLoanPartsMax)
    return Error::invalid_args;
  const abi::LoanParts head = {static_cast<uint32_t>(parts.size()), 0};
  std::vector<LentBlock> lent;
  for (const Loan& part : parts) {
    const std::shared_ptr<PoolCore>& pool = PoolCore::Of(part);
    if (pool == nullptr) return Error::invalid_args;
    KP_ASSIGN(const uint32_t number, Attach(pool));
    lent.push_back(
        {pool, {number, 0, PoolCore::OffsetOf(part), part.bytes().size()}});
  }
  std::vector<std::byte> bytes;
  const auto put = [&bytes](Bytes more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  put(std::as_bytes(std::span(&head, 1)));
  for (const LentBlock& block : lent)
    put(std::as_bytes(std::span(&block.ref, 1)));
  put(record.payload);
  Outgoing lending = record;
  lending.flags |= abi::kRecordLoan | abi::kRecordParts;
  lending.payload = bytes;
  lending.lent = lent;
  const Error error = Send(lending, slot, deadline);
  record.correlation = lending.correlation;
  if (error == Error::ok)
    for (Loan& part : parts) PoolCore::Disown(part);
  return error;
}

void LaneEnd::CollectReturns() {
  if (session_->HasNews()) session_->Pump();
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  // In a receiver's ring returns stand among messages: they are taken in turn.
  if (role_ == Role::kSender && in_.valid()) PollReplies();
}

// `of`: the peer's incarnation that lent. Its successor may use the same
// numbers for other memory.
base::Result<std::shared_ptr<base::Mapping>> LaneEnd::MapPeer(
    uint32_t attachment, uint64_t of) {
  std::lock_guard asking(attach_mutex_);
  {
    std::lock_guard lock(mutex_);
    for (const PeerMap& map : peer_maps_)
      if (map.incarnation == of && map.attachment == attachment)
        return map.mapping;
    mapping_ = attachment;
  }
  const ipc::Answer answer =
      session_->Call(abi::Syscall::lane_map, handle_, {.args = {attachment}});
  if (answer.error() != Error::ok) return answer.error();
  KP_ASSIGN(const auto shared, MapLent(session_, answer));
  // News of a change stands on the ring before the answer.
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  if (incarnation_ != of) return Error::peer_closed;
  if (mapping_ == attachment) peer_maps_.push_back({of, attachment, shared});
  return shared;
}

// Messages that show what is mapped keep it as long as they need.
void LaneEnd::OnDetached(const ipc::Answer& event) {
  const auto number = static_cast<uint32_t>(event.value(0));
  if (mapping_ == number) mapping_.reset();
  if (known_map_.attachment == number) known_map_ = {};
  std::erase_if(peer_maps_, [number](const PeerMap& map) {
    return map.attachment == number;
  });
}

Error LaneEnd::ResolveParts(Message::State& state) {
  if (state.parts().empty()) return Error::invalid_args;
  for (Message::State::Part& part : state.rare->parts) {
    auto mapping = MapPeer(part.loan.attachment, state.incarnation);
    if (!mapping.ok()) return mapping.error();
    part.mapping = *std::move(mapping);
    if (!Within(*part.mapping, part.loan, &part.bytes))
      return Error::out_of_range;
  }
  return Error::ok;
}

Error LaneEnd::ResolveLoan(Message::State& state) {
  if (state.has_parts()) return ResolveParts(state);
  auto mapping = MapPeer(state.loan.attachment, state.incarnation);
  if (!mapping.ok()) return mapping.error();
  if (!state.Show(*mapping)) return Error::out_of_range;
  std::lock_guard lock(mutex_);
  for (const PeerMap& map : peer_maps_)
    if (map.mapping == *mapping) known_map_ = map;
  return Error::ok;
}

}  // namespace ipc
