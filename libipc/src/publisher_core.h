// PublisherCore: a topic's ring, its subscribers, and what the kernel process
// tells of them.
#pragma once

#include <deque>
#include <optional>

#include "ipc/topic.h"
#include "libipc/base/audience.h"
#include "libipc/base/topic_ring.h"
#include "pool_core.h"
#include "session_core.h"
#include "topic_arrivals.h"

namespace ipc {

class PublisherCore {
 public:
  explicit PublisherCore(Capability topic)
      : topic_(std::move(topic)), session_(topic_.session()) {
    mailbox_->ReadBy(arrivals_);
  }
  ~PublisherCore();

  absl::Status Open();
  absl::Status Publish(Bytes payload, Deadline deadline, uint32_t label);
  // publisher_blocks.cc.
  absl::Status PublishLoan(Loan& loan, Deadline deadline, uint32_t label);
  absl::StatusOr<Loan> Allocate(Pool& pool, uint64_t bytes, Deadline deadline);
  uint64_t blocks_out();

  uint64_t max_payload() const {
    return base::TopicWriter::PayloadMost(writer_.memory()->ring_bytes());
  }
  uint64_t subscribers() const { return audience_.size(); }
  const PublisherCounts& counts() const { return counts_; }

 private:
  // So many in a row that found nobody asleep, and no more fences are made.
  static constexpr uint32_t kQuiet = 64;
  // Those that were there first are waited for so long.
  static constexpr int64_t kIntroductionNs = 1'000'000'000;
  static constexpr size_t kBlocksMax = 4'096;  // that are out at a time

  using Progress = base::Audience::Progress;
  // A block that was published and is not taken back.
  struct Out {
    uint64_t position;  // of its record
    uint64_t end;
    std::shared_ptr<PoolCore> pool;
    uint64_t offset;
    uint64_t bytes;
    int64_t since_ns;
  };
  struct Attached {
    std::weak_ptr<PoolCore> pool;
    uint32_t number;
  };

  absl::Status Map(const Answer& granted);
  void AwaitIntroductions(uint64_t many);
  void LookAtNews() {
    if (session_->HasNews()) session_->Pump();
    if (arrivals_->HasAny()) TakeArrivals();
  }
  void TakeArrivals();
  void OnJoined(TopicArrivals::Arrival& joined);
  absl::Status Over() const;
  bool HasRoom(uint64_t needed) {
    if (needed <= kept_) return true;
    kept_ = audience_.LowestHead(writer_.position());
    return needed <= kept_;
  }
  absl::Status PublishRecord(Bytes payload, Deadline deadline, uint32_t label,
                             abi::TopicFlags flags);
  bool IsDone(Progress progress, uint64_t below) {
    return progress == Progress::kRead
               ? HasRoom(below)
               : audience_.FirstBelow(below, writer_.position(), progress).id ==
                     0;
  }
  // Until reliable subscribers have done what lies below, or are cut.
  absl::Status WaitUntil(Progress progress, uint64_t below, Deadline deadline);
  void SleepUntil(Progress progress, uint64_t below, int64_t until_ns);
  void CutSlow(Progress progress, uint64_t below);
  absl::StatusOr<uint32_t> Attach(const std::shared_ptr<PoolCore>& pool);
  void AddOut(Out out);
  void FreeFront();
  void ClaimLent();
  void Collect();
  enum class Whose { kAll, kReliable };
  void GiveUpBelow(uint64_t below, Whose whose);
  absl::Status FreeOldest(Deadline deadline);
  void WakeSleepers() {
    if (!unfenced_) std::atomic_thread_fence(std::memory_order_seq_cst);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // Whoever joined during this publishing may sleep already.
    LookAtNews();
    if (audience_.AnyArmed())
      Wake();
    else if (!unfenced_ && may_unfence_ && ++quiet_ >= kQuiet)
      GoUnfenced();
  }
  void Wake();
  void GoUnfenced();
  void GoFenced();

  Capability topic_;
  const std::shared_ptr<SessionCore> session_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  const std::shared_ptr<TopicArrivals> arrivals_ =
      std::make_shared<TopicArrivals>(mailbox_);
  base::TopicWriter writer_;
  base::Audience audience_;
  std::optional<int64_t> patience_ns_;  // none: nobody is cut
  // Every reliable subscriber has read up to here.
  uint64_t kept_ = base::Audience::kNobody;
  uint64_t last_ = 0;    // where the last record begins
  std::deque<Out> out_;  // the oldest first
  uint64_t out_bytes_ = 0;
  std::vector<Attached> attached_;  // for subscribers to map
  uint64_t introduced_ = 0;         // subscribers heard of, or of their end
  Error ended_ = Error::ok;         // why it is no publisher any more
  bool may_unfence_ = false;
  bool unfenced_ = false;
  uint32_t quiet_ = 0;
  PublisherCounts counts_;
};

}  // namespace ipc
