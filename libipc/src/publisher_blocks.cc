// The part of PublisherCore that lends blocks (ADR 26).
//
// A block is out from its record's publishing until every subscriber has done
// with it. Those that are lossy are asked no more once they were overtaken: by
// the ring, or because the room is needed. `blocks_from` says below which
// position blocks are taken back, before they are.
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "libipc/base/clock.h"
#include "publisher_core.h"

namespace ipc {

absl::Status PublisherCore::PublishLoan(Loan& loan, Deadline deadline,
                                        uint32_t label) {
  if (!loan.valid())
    return MakeStatus(Error::invalid_args,
                      "the block is empty: it was sent already, or never "
                      "allocated");
  auto number = Attach(PoolCore::Of(loan));
  if (!number.ok()) return number.status();
  LookAtNews();
  Collect();
  while (out_.size() >= kBlocksMax)
    if (absl::Status status = FreeOldest(deadline); !status.ok()) return status;
  const abi::TopicBlock block = {*number, 0, PoolCore::OffsetOf(loan),
                                 loan.bytes().size()};
  const uint64_t position = writer_.position();
  absl::Status status = PublishRecord(std::as_bytes(std::span(&block, 1)),
                                      deadline, label, abi::TopicFlags::block);
  if (!status.ok()) return status;
  AddOut({position, writer_.position(), PoolCore::Disown(loan), block.offset,
          block.bytes, base::CoarseNowNs()});
  return status;
}

void PublisherCore::AddOut(Out out) {
  out_bytes_ += out.bytes;
  out_.push_back(std::move(out));
  ClaimLent();
}

void PublisherCore::FreeFront() {
  const Out& front = out_.front();
  front.pool->Free(front.offset);
  out_bytes_ -= front.bytes;
  out_.pop_front();
}

// For tools, which see by it who has not let go of the oldest.
void PublisherCore::ClaimLent() {
  const base::TopicMemory& own = *writer_.memory();
  const bool any = !out_.empty();
  base::Claim(own.lent(),
              {out_.size(), out_bytes_,
               any ? static_cast<uint64_t>(out_.front().since_ns) : 0});
  base::SetCount(own.lent_from(),
                 any ? out_.front().position : writer_.position());
}

absl::StatusOr<Loan> PublisherCore::Allocate(Pool& pool, uint64_t bytes,
                                             Deadline deadline) {
  LookAtNews();
  Collect();
  while (!out_.empty()) {
    auto loan = pool.Allocate(bytes, Deadline::Immediately());
    if (ErrorOf(loan.status()) != Error::should_wait) return loan;
    if (absl::Status status = FreeOldest(deadline); !status.ok()) return status;
  }
  return pool.Allocate(bytes, deadline);
}

uint64_t PublisherCore::blocks_out() {
  LookAtNews();
  Collect();
  return out_.size();
}

// What everybody has done with. Without subscribers blocks stay for those who
// may come, as records do.
void PublisherCore::Collect() {
  if (out_.empty()) return;
  GiveUpBelow(audience_.LowestHeld(writer_.position(), writer_.oldest()),
              Whose::kAll);
}

void PublisherCore::GiveUpBelow(uint64_t below, Whose whose) {
  if (out_.empty() || out_.front().position >= below) return;
  const base::TopicMemory& own = *writer_.memory();
  own.blocks_from().store(
      std::max(own.blocks_from().load(std::memory_order_relaxed), below),
      std::memory_order_release);
  // Who came just now may have begun before: it is heard of here. What another
  // thread has read of the news and not handed on yet leaves it for later.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  LookAtNews();
  if (session_->HasUnrouted() || arrivals_->HasAny()) return;
  const uint64_t oldest =
      whose == Whose::kAll ? writer_.oldest() : writer_.position();
  below = std::min(below, audience_.LowestHeld(writer_.position(), oldest));
  while (!out_.empty() && out_.front().position < below) FreeFront();
  ClaimLent();
}

// Waits for those who are reliable, as for room; nobody else holds it.
absl::Status PublisherCore::FreeOldest(Deadline deadline) {
  const Out& front = out_.front();
  const uint64_t position = front.position;
  const uint64_t end = front.end;
  while (!out_.empty() && out_.front().position == position) {
    absl::Status status = WaitUntil(Progress::kReleased, end, deadline);
    if (!status.ok()) return status;
    if (absl::Status over = Over(); !over.ok()) return over;
    GiveUpBelow(end, Whose::kReliable);
    if (out_.empty() || out_.front().position != position) break;
    if (deadline.ns <= base::NowNs())
      return MakeStatus(
          deadline.ns == 0 ? Error::should_wait : Error::timed_out,
          "another thread of this process has news of "
          "subscribers in hand; try again");
    std::this_thread::yield();
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> PublisherCore::Attach(
    const std::shared_ptr<PoolCore>& pool) {
  for (const Attached& attached : attached_)
    if (!attached.pool.owner_before(pool) && !pool.owner_before(attached.pool))
      return attached.number;
  std::erase_if(attached_, [this](const Attached& old) {
    if (!old.pool.expired()) return false;
    (void)session_->Call(abi::Syscall::topic_attach, topic_.handle(),
                         {.options = abi::kTopicDetach, .args = {old.number}});
    return true;
  });
  const Answer answer = session_->Call(
      abi::Syscall::topic_attach, topic_.handle(), {.args = {pool->region()}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::topic_attach, topic_.handle(), answer);
  const auto number = static_cast<uint32_t>(answer.value(0));
  attached_.push_back({pool, number});
  return number;
}

}  // namespace ipc
