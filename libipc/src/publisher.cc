#include <algorithm>
#include <climits>

#include "absl/strings/str_cat.h"
#include "libipc/base/barrier.h"
#include "publisher_core.h"

namespace ipc {
namespace {

absl::Status TooLarge(uint64_t bytes, uint64_t most) {
  return MakeStatus(
      Error::out_of_range,
      absl::StrCat("a record of ", bytes, " bytes does not fit; at most ", most,
                   " do, which is half of the topic's ring"));
}

absl::Status TooSlow(base::Audience::Progress progress, Deadline deadline) {
  return MakeStatus(deadline.ns == 0 ? Error::should_wait : Error::timed_out,
                    progress == base::Audience::Progress::kRead
                        ? "a reliable subscriber has not read yet what would "
                          "be overwritten"
                        : "a reliable subscriber has not given back yet the "
                          "oldest block");
}

// What a capability that is gone was lost by.
Error WhyGone(SessionCore& session, Handle handle) {
  const Answer info = session.Call(abi::Syscall::handle_info, handle);
  const auto fate = static_cast<abi::HandleFate>(info.value(0));
  const bool revoked =
      info.error() == Error::bad_handle &&
      (fate == abi::HandleFate::revoked || fate == abi::HandleFate::expired);
  return revoked ? Error::revoked : Error::canceled;
}

}  // namespace

// Blocks that some have not done with stay as they are: nobody knows when they
// will have.
PublisherCore::~PublisherCore() {
  if (!topic_.valid()) return;
  if (writer_.memory() != nullptr) {
    LookAtNews();
    Collect();
  }
  session_->RemoveLane(topic_.handle());
}

absl::Status PublisherCore::Open() {
  SessionCore::Expect expect(*session_);
  const Answer granted =
      session_->Call(abi::Syscall::topic_publish, topic_.handle());
  if (granted.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::topic_publish, topic_.handle(),
                          granted);
  if (absl::Status status = Map(granted); !status.ok()) return status;
  session_->AddLane(topic_.handle(), mailbox_);
  const Answer ready =
      session_->Call(abi::Syscall::topic_ready, topic_.handle());
  if (ready.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::topic_ready, topic_.handle(), ready);
  AwaitIntroductions(ready.value(0));
  return absl::OkStatus();
}

absl::Status PublisherCore::Map(const Answer& granted) {
  abi::PublisherGranted more;
  if (granted.descriptors.size() != 1 || !granted.Read(&more))
    return MakeStatus(Error::peer_closed, "the kernel process sent no memory");
  auto memory = base::TopicMemory::Map(
      granted.descriptors[0].get(), static_cast<uint32_t>(granted.value(1)),
      granted.value(0), base::Access::kReadWrite);
  if (!memory.ok())
    return MakeStatus(memory.error(),
                      "Linux refused the mapping; check the limit on address "
                      "space (ulimit -v)");
  writer_ =
      base::TopicWriter(*std::move(memory), granted.value(2), granted.value(3));
  writer_.memory()->barrier().store(base::HasProcessBarriers() ? 1 : 0,
                                    std::memory_order_relaxed);
  may_unfence_ = base::HasProcessBarriers();
  if ((more.topic_options & abi::kTopicCutsSlow) != 0)
    patience_ns_ = static_cast<int64_t>(more.patience_ns);
  return absl::OkStatus();
}

// What is published first is for them too: nothing of it may be overwritten
// before they are known.
void PublisherCore::AwaitIntroductions(uint64_t many) {
  const int64_t until = base::NowNs() + kIntroductionNs;
  const auto are_known = [&] {
    return introduced_ + arrivals_->missed() >= many;
  };
  while (!are_known()) {
    const uint32_t seen = session_->epoch();
    LookAtNews();
    if (are_known() || session_->over() != Error::ok || base::NowNs() >= until)
      return;
    session_->Sleep(seen, {}, until);
  }
}

void PublisherCore::TakeArrivals() {
  using Kind = TopicArrivals::Arrival::Kind;
  for (TopicArrivals::Arrival& one : arrivals_->Take()) {
    switch (one.kind) {
      case Kind::kJoined:
        ++introduced_;
        OnJoined(one);
        break;
      case Kind::kLeft:
        if (!audience_.Remove(one.id)) ++introduced_;
        break;
      case Kind::kEnded:
        ended_ = WhyGone(*session_, topic_.handle());
        break;
    }
  }
  may_unfence_ = base::HasProcessBarriers() && audience_.AllMind();
  if (unfenced_ && !may_unfence_) GoFenced();
}

void PublisherCore::OnJoined(TopicArrivals::Arrival& joined) {
  // Without address space it goes unheard, as a lossy one would.
  if (!joined.page.valid()) return;
  const bool reliable = (joined.options & abi::kSubscribeReliable) != 0;
  const bool oldest =
      (joined.options & abi::kSubscribeOldest) != 0 || joined.waited;
  const uint64_t from = oldest ? writer_.oldest() : writer_.position();
  if (reliable) kept_ = std::min(kept_, from);
  // One that begins now may have begun before the last record.
  const uint64_t released = oldest ? from : std::min(from, last_);
  audience_.Add(
      joined.id, std::move(joined.page),
      reliable ? base::Audience::Kind::kReliable : base::Audience::Kind::kLossy,
      {from, released}, std::move(joined.bell));
}

absl::Status PublisherCore::Publish(Bytes payload, Deadline deadline,
                                    uint32_t label) {
  if (payload.size() > max_payload())
    return TooLarge(payload.size(), max_payload());
  LookAtNews();
  return PublishRecord(payload, deadline, label, abi::TopicFlags::none);
}

absl::Status PublisherCore::PublishRecord(Bytes payload, Deadline deadline,
                                          uint32_t label,
                                          abi::TopicFlags flags) {
  const uint64_t needed = writer_.OverwritesBelow(payload.size());
  if (!HasRoom(needed)) {
    absl::Status status = WaitUntil(Progress::kRead, needed, deadline);
    if (!status.ok()) return status;
  }
  if (absl::Status over = Over(); !over.ok()) return over;
  writer_.MakeRoom(needed, kept_);
  last_ = writer_.position();
  writer_.Publish(label, payload.data(), payload.size(), flags);
  ++counts_.published;
  WakeSleepers();
  return absl::OkStatus();
}

absl::Status PublisherCore::Over() const {
  if (ended_ != Error::ok)
    return MakeStatus(ended_, "the capability to publish with is gone");
  if (const Error over = session_->over(); over != Error::ok)
    return MakeStatus(over, "the session is over, or the kernel process gone");
  return absl::OkStatus();
}

absl::Status PublisherCore::WaitUntil(Progress progress, uint64_t below,
                                      Deadline deadline) {
  if (IsDone(progress, below)) return absl::OkStatus();
  ++counts_.waits;
  const int64_t cut_ns = patience_ns_.has_value()
                             ? base::NowNs() + *patience_ns_
                             : base::kNoDeadline;
  while (!IsDone(progress, below)) {
    const int64_t now = base::NowNs();
    if (now >= cut_ns) {
      CutSlow(progress, below);
      continue;
    }
    if (deadline.ns <= now) return TooSlow(progress, deadline);
    if (absl::Status over = Over(); !over.ok()) return over;
    SleepUntil(progress, below, std::min(deadline.ns, cut_ns));
  }
  return absl::OkStatus();
}

void PublisherCore::SleepUntil(Progress progress, uint64_t below,
                               int64_t until_ns) {
  const uint32_t seen = session_->epoch();
  const base::TopicMemory& own = *writer_.memory();
  // Woken with some more room than that, it does not sleep again at once.
  const bool is_read = progress == Progress::kRead;
  const uint64_t target =
      is_read ? std::min(below + own.ring_bytes() / 4, writer_.position())
              : below;
  const auto awaited = is_read ? own.room_at() : own.blocks_at();
  awaited.store(target, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (base::HasProcessBarriers()) base::FenceProcesses();
  LookAtNews();
  const base::Audience::Slow slow =
      audience_.FirstBelow(below, writer_.position(), progress);
  if (slow.id != 0) {
    const base::FutexWait word = {slow.word, slow.value};
    session_->Sleep(seen, {&word, 1}, until_ns);
    LookAtNews();
  }
  awaited.store(0, std::memory_order_relaxed);
}

void PublisherCore::CutSlow(Progress progress, uint64_t below) {
  while (true) {
    const base::Audience::Slow slow =
        audience_.FirstBelow(below, writer_.position(), progress);
    if (slow.id == 0) return;
    audience_.Remove(slow.id);
    ++counts_.cuts;
    session_->Later(abi::Syscall::topic_cut, topic_.handle(), slow.id);
  }
}

void PublisherCore::Wake() {
  quiet_ = 0;
  if (unfenced_) GoFenced();
  const base::Audience::Sleepers sleepers =
      audience_.TakeSleepers(writer_.position());
  counts_.wakes += sleepers.rung;
  if (!sleepers.on_word) return;
  ++counts_.wakes;
  base::WakeWord(writer_.memory()->tail_word(), INT_MAX);
}

// From now on who arms makes sure that what was published is seen. Until it
// can know it, fences go on: this one is the last.
void PublisherCore::GoUnfenced() {
  writer_.memory()->unfenced().store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  unfenced_ = true;
}

void PublisherCore::GoFenced() {
  writer_.memory()->unfenced().store(0, std::memory_order_release);
  unfenced_ = false;
  quiet_ = 0;
}

}  // namespace ipc
