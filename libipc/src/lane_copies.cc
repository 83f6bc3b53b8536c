// The part of LaneEnd that sends bytes of any size: inline, which is copied in
// and out again, or as a copy that is lent.
#include <limits.h>

#include <algorithm>

#include "lane_fast.h"

namespace ipc {
namespace {

constexpr uint64_t kCopyPoolLeast = 4u << 20;
constexpr size_t kCopyPoolsMax = 12;
// What answers may take of a server's memory for one caller who keeps them. An
// answer of any size goes when none is out.
constexpr uint64_t kCopyBytesForCallerMax = 64u << 20;
// From here on a copy takes about as long as the peer may have learnt to poll.
constexpr uint64_t kPreparedBytes = 256u << 10;
// What is left to copy when the peer is told to get ready: about as long as it
// takes to wake up.
constexpr uint64_t kLastBytes = 512u << 10;

}  // namespace

Error LaneEnd::SendBytes(Outgoing& record, CallSlot* slot, Deadline deadline) {
  const size_t bytes = record.payload.size();
  if (overwriting_) return Send(record, slot, deadline);
  if (bytes > inline_max_) return SendCopy(record, slot, deadline);
  if (role_ == Role::kSender && bytes >= kLentBytes) {
    if (Loan loan = WarmBlock(bytes); loan.valid()) {
      FillBlock(loan, record.payload);
      const Error error = SendLoan(record, loan, slot, deadline);
      // The lane's room for regions may be taken by the user's pools.
      if (error != Error::quota_exceeded) return error;
    }
  }
  return Send(record, slot, deadline);
}

// A block of a pool as large as the ring, so that as much may be under way as
// without it. Answers have none: what a caller does not read is in its own
// ring then, not in the server's memory.
Loan LaneEnd::WarmBlock(uint64_t bytes) {
  {
    std::lock_guard lock(attach_mutex_);
    if (!std::exchange(warm_pool_made_, true)) {
      auto pool = PoolCore::Create(session_, own_->ring_bytes());
      if (pool.ok()) (*pool)->Prefault();
      std::lock_guard again(mutex_);
      if (pool.ok()) warm_pool_ = *std::move(pool);
    }
  }
  std::shared_ptr<PoolCore> pool;
  {
    std::lock_guard lock(mutex_);
    if (!lent_.empty()) PollReplies();
    pool = warm_pool_;
  }
  if (pool == nullptr) return {};
  const auto offset = pool->Allocate(bytes);
  return offset.ok() ? PoolCore::MakeLoan(pool, *offset, bytes) : Loan();
}

void LaneEnd::FillBlock(Loan& loan, Bytes payload) {
  std::byte* const to = loan.bytes().data();
  const size_t bytes = payload.size();
  const size_t last = bytes < kPreparedBytes ? 0 : std::min(bytes, kLastBytes);
  base::CopyPayload(to, payload.data(), bytes - last, bytes);
  if (last == 0) return;
  StartPreparing();
  base::CopyPayload(to + bytes - last, payload.data() + bytes - last, last,
                    bytes);
  EndPreparing();
}

void LaneEnd::StartPreparing() {
  std::lock_guard lock(mutex_);
  if (preparers_++ > 0) return;
  base::CountWord(own_->preparing());
  WakeEarly();
}

void LaneEnd::EndPreparing() {
  std::lock_guard lock(mutex_);
  if (--preparers_ == 0) base::CountWord(own_->preparing());
}

// Waking up takes as long as copying what is left. Whether the peer is seen
// asleep here does not matter: what is published wakes it as ever.
void LaneEnd::WakeEarly() {
  constexpr uint32_t kWanted = abi::kArmRecordsFutex | abi::kArmPolls;
  if (!in_.valid()) return;
  const auto& peer = *in_.half();
  if ((peer.armed().load(std::memory_order_relaxed) & kWanted) != kWanted)
    return;
  const uint32_t here = base::ThisProcessor();
  if (here == 0 || here == peer.processor().load(std::memory_order_relaxed))
    return;
  base::Count(own_->counters().wakes);
  base::WakeWord(own_->tail_word(), INT_MAX);
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

Error LaneEnd::SendCopy(Outgoing& record, CallSlot* slot, Deadline deadline) {
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    if (Error why = cut(); why != Error::ok) return why;
    if (session_->over() != Error::ok) return session_->over();
    CollectReturns();
    auto loan = AllocateForCopy(record.payload.size());
    if (loan.ok()) {
      FillBlock(*loan, record.payload);
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

}  // namespace ipc
