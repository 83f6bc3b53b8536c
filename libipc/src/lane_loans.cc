// The part of LaneEnd that lends blocks and maps what was lent.
#include <algorithm>
#include <cstring>

#include "lane_end.h"

namespace ipc {
namespace {

constexpr uint64_t kCopyPoolLeast = 4u << 20;
constexpr size_t kCopyPoolsMax = 16;
// What answers may take of a server's memory for one caller who keeps them. An
// answer of any size goes when none is out.
constexpr uint64_t kCopyBytesForCallerMax = 64u << 20;

}  // namespace

base::Result<uint32_t> LaneEnd::Attach(const std::shared_ptr<PoolCore>& pool) {
  std::lock_guard lock(attach_mutex_);
  for (const Attached& attached : attached_)
    if (attached.pool == pool) return attached.number;
  const ipc::Answer answer = session_->Call(abi::Syscall::lane_attach, handle_,
                                            {.args = {pool->region()}});
  if (answer.error() != Error::ok) return answer.error();
  const auto number = static_cast<uint32_t>(answer.value(0));
  attached_.push_back({pool, number});
  pool->AddLender(weak_from_this());
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
  record.lent = &lent;
  const Error error = Send(record, slot, deadline);
  record.lent = nullptr;
  if (error == Error::ok) {
    PoolCore::Disown(loan);
  } else {
    record.flags &= ~abi::kRecordLoan;
    record.payload = inline_payload;
  }
  return error;
}

void LaneEnd::CollectReturns() {
  if (session_->HasNews()) session_->Pump();
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  // In a receiver's ring returns stand among messages: they are taken in turn.
  if (role_ == Role::kSender && in_.valid()) PollReplies();
}

base::Result<Loan> LaneEnd::AllocateForCopy(uint64_t bytes) {
  std::vector<std::shared_ptr<PoolCore>> pools;
  {
    std::lock_guard lock(attach_mutex_);
    pools = copy_pools_;
  }
  uint64_t largest = kCopyPoolLeast / 2;
  uint64_t held = 0;
  for (const auto& pool : pools) {
    if (auto offset = pool->Allocate(bytes); offset.ok())
      return PoolCore::MakeLoan(pool, *offset, bytes);
    largest = std::max(largest, pool->bytes());
    held += pool->bytes();
  }
  if (pools.size() >= kCopyPoolsMax) return Error::should_wait;
  if (role_ == Role::kReceiver && held >= kCopyBytesForCallerMax)
    return Error::should_wait;
  const uint64_t wanted = std::max(
      {kCopyPoolLeast, 2 * largest > (64u << 20) ? 0 : 2 * largest, bytes});
  auto pool = PoolCore::Create(session_, wanted);
  if (!pool.ok()) return ErrorOf(pool.status());
  {
    std::lock_guard lock(attach_mutex_);
    copy_pools_.push_back(*pool);
  }
  if (auto offset = (*pool)->Allocate(bytes); offset.ok())
    return PoolCore::MakeLoan(*pool, *offset, bytes);
  return Error::should_wait;
}

Error LaneEnd::SendCopy(Outgoing& record, Bytes payload, CallSlot* slot,
                        Deadline deadline) {
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    if (Error why = cut(); why != Error::ok) return why;
    if (session_->over() != Error::ok) return session_->over();
    CollectReturns();
    auto loan = AllocateForCopy(payload.size());
    if (loan.ok()) {
      std::memcpy(loan->bytes().data(), payload.data(), payload.size());
      return SendLoan(record, *loan, slot, deadline);
    }
    if (loan.error() != Error::should_wait) return loan.error();
    if (deadline.ns <= base::NowNs())
      return deadline.ns == 0 ? Error::should_wait : Error::timed_out;
    // Blocks come back as records.
    FutexWaits words;
    if (!ArmRecords(ArmBy::kFutex, &words)) continue;
    session_->Sleep(seen, words, deadline.ns);
    DisarmRecords(ArmBy::kFutex);
  }
}

// `of`: the peer's incarnation that lent. Its successor may use the same
// numbers for other memory.
base::Result<std::shared_ptr<base::Mapping>> LaneEnd::MapPeer(
    uint32_t attachment, uint64_t of) {
  std::lock_guard lock(attach_mutex_);
  std::erase_if(peer_maps_,
                [&](const PeerMap& map) { return map.incarnation != of; });
  for (const PeerMap& map : peer_maps_)
    if (map.attachment == attachment) return map.mapping;
  const ipc::Answer answer =
      session_->Call(abi::Syscall::lane_map, handle_, {.args = {attachment}});
  if (answer.error() != Error::ok) return answer.error();
  {
    // News of a change stands on the ring before the answer.
    std::lock_guard again(mutex_);
    ProcessMailLocked();
    if (incarnation_ != of) return Error::peer_closed;
  }
  if (answer.descriptors.size() != 1) return Error::quota_exceeded;
  if (!base::IsMemoryOf(answer.descriptors[0].get(), answer.value(0)))
    return Error::invalid_args;
  KP_ASSIGN(base::Mapping mapping,
            base::Mapping::Map(answer.descriptors[0].get(), 0, answer.value(0),
                               base::Access::kRead));
  auto shared = std::make_shared<base::Mapping>(std::move(mapping));
  peer_maps_.push_back({of, attachment, shared});
  return shared;
}

Error LaneEnd::ResolveLoan(Message::State& state) {
  auto mapping = MapPeer(state.loan.attachment, state.incarnation);
  if (!mapping.ok()) return mapping.error();
  const uint64_t size = (*mapping)->bytes();
  if (state.loan.offset > size || state.loan.bytes > size - state.loan.offset)
    return Error::out_of_range;
  state.MakeRare().mapping = *mapping;
  state.payload = {reinterpret_cast<const std::byte*>((*mapping)->data()) +
                       state.loan.offset,
                   static_cast<size_t>(state.loan.bytes)};
  return Error::ok;
}

}  // namespace ipc
