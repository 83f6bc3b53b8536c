#include <climits>

#include "libipc/base/barrier.h"
#include "subscriber_core.h"

namespace ipc {
namespace {

absl::Status Failure(Error error, Deadline deadline) {
  switch (error) {
    case Error::should_wait:
      return MakeStatus(deadline.ns == 0 ? error : Error::timed_out,
                        "nothing was published in time");
    case Error::policy_denied:
      return MakeStatus(error,
                        "this subscriber was too slow for the topic and was "
                        "cut; it may subscribe anew");
    case Error::bad_state:
      return MakeStatus(Error::peer_closed, "the publisher broke the format");
    case Error::peer_closed:
      return MakeStatus(error, "nobody can publish to this topic any more");
    default:
      return MakeStatus(error, "the subscription is over");
  }
}

uint32_t AbiOptions(const SubscriberOptions& options) {
  uint32_t bits = 0;
  if (options.delivery == Delivery::kReliable) bits |= abi::kSubscribeReliable;
  if (options.beginning == Beginning::kOldest) bits |= abi::kSubscribeOldest;
  if (options.wait == SubscriberWait::kAmongOthers) bits |= abi::kSubscribeBell;
  return bits;
}

}  // namespace

SubscriberCore::~SubscriberCore() {
  holds_->Close();
  if (subscription_.valid()) session_->RemoveLane(subscription_.handle());
}

absl::Status SubscriberCore::Open() {
  SessionCore::Expect expect(*session_);
  if (options_.wait == SubscriberWait::kAmongOthers) {
    descriptor_ = SubscriberDescriptor::Create(session_, *mailbox_);
    if (descriptor_ == nullptr)
      return MakeStatus(Error::quota_exceeded,
                        "no descriptors are left for a subscriber that waits "
                        "among others; raise the limit (ulimit -n)");
  }
  const Answer granted =
      session_->Call(abi::Syscall::topic_subscribe, topic_.handle(),
                     {.options = AbiOptions(options_)});
  if (granted.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::topic_subscribe, topic_.handle(),
                          granted);
  subscription_ = Capability(session_, static_cast<Handle>(granted.value(0)));
  if (granted.descriptors.size() != 1)
    return MakeStatus(Error::peer_closed, "the kernel process sent no memory");
  auto page = base::SubscriberMemory::Map(
      granted.descriptors[0].get(), static_cast<uint32_t>(granted.value(2)),
      base::Access::kReadWrite);
  if (!page.ok())
    return MakeStatus(page.error(),
                      "Linux refused the mapping; check the limit on address "
                      "space (ulimit -v)");
  page_ = *std::move(page);
  page_.barrier().store(base::HasProcessBarriers() ? 1 : 0,
                        std::memory_order_relaxed);
  session_->AddLane(subscription_.handle(), mailbox_);
  const Answer ready =
      session_->Call(abi::Syscall::subscription_ready, subscription_.handle());
  if (ready.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::subscription_ready,
                          subscription_.handle(), ready);
  // From here on nothing is missed.
  LookAtNews();
  return absl::OkStatus();
}

void SubscriberCore::ProcessMail() {
  for (Answer& event : mailbox_->Take()) {
    switch (
        static_cast<abi::Event>(event.completion.number & ~abi::kEventFlag)) {
      case abi::Event::publisher_joined:
        OnPublisherJoined(event);
        break;
      case abi::Event::publisher_left:
        if (!parts_.empty())
          parts_.back().end = {event.value(0), event.value(1)};
        break;
      case abi::Event::topic_detached:
        std::erase_if(mapped_, [&event](const Mapped& mapped) {
          return mapped.attachment == event.value(0);
        });
        break;
      case abi::Event::subscription_cut:
        cut_ = static_cast<Error>(event.value(0));
        break;
      default:
        break;
    }
  }
}

void SubscriberCore::OnPublisherJoined(Answer& event) {
  if (event.descriptors.empty()) return;
  const auto ring_bytes = static_cast<uint32_t>(event.value(1));
  auto memory = base::TopicMemory::Map(event.descriptors[0].get(), ring_bytes,
                                       event.value(0), base::Access::kRead);
  if (!memory.ok()) {
    cut_ = memory.error();
    return;
  }
  payload_.resize(base::TopicWriter::PayloadMost(ring_bytes) + abi::kLineBytes);
  Part part;
  if (expected_ != 0 || (event.value(1) & abi::kSubscriberWaited) != 0) {
    part.reader =
        base::TopicReader(*std::move(memory), event.value(2), event.value(3));
    if (expected_ == 0) expected_ = event.value(3);
  } else {
    part.reader = base::TopicReader(*std::move(memory),
                                    options_.beginning == Beginning::kOldest
                                        ? base::TopicReader::From::kOldest
                                        : base::TopicReader::From::kLatest);
    expected_ = part.reader.sequence();
  }
  if (parts_.empty()) BeginAt(part.reader);
  if (descriptor_ != nullptr && event.completion.descriptor_count > 1) {
    // Linux drops those for which a process has no room: it would never wake.
    if (event.descriptors.size() > 1)
      part.bell = std::move(event.descriptors[1]);
    if (!descriptor_->Watch(part.bell)) {
      cut_ = Error::quota_exceeded;
      return;
    }
  }
  parts_.push_back(std::move(part));
  broken_ = false;
}

Error SubscriberCore::Try(TopicMessage* message) {
  LookAtNews();
  if (cut_ != Error::ok && cut_ != Error::peer_closed) return cut_;
  for (int tries = 0; !parts_.empty() && tries < kTries; ++tries) {
    const Step step = TryPart(parts_.front(), message);
    if (step == Step::kTaken) return Error::ok;
    if (step == Step::kNothing) return Error::should_wait;
  }
  if (!parts_.empty()) return Error::should_wait;
  if (broken_) return Error::bad_state;
  return cut_ != Error::ok ? cut_ : Error::should_wait;
}

SubscriberCore::Step SubscriberCore::TryPart(Part& part,
                                             TopicMessage* message) {
  using State = base::TopicReader::State;
  if (part.end.has_value() && part.reader.position() >= part.end->position)
    return FinishPart();
  const uint64_t before = part.reader.position();
  abi::TopicHeader header;
  switch (part.reader.Take(&header, payload_.data())) {
    case State::kRecord:
      TellHead(before, part.reader);
      if (header.flags != 0) return TakeBlock(part, before, message, header);
      *message = Taken(header);
      return Step::kTaken;
    case State::kOverrun:
      return Overrun(part);
    case State::kEmpty:
      // What its publisher is said to have published is not there.
      if (part.end.has_value()) return FinishPart();
      return Step::kNothing;
    case State::kMalformed:
      break;
  }
  return Break();
}

SubscriberCore::Step SubscriberCore::Overrun(Part& part) {
  // A reliable one that has not begun yet begins anew: its publisher knew
  // nothing of it then.
  if (options_.delivery == Delivery::kReliable && counts_.taken == 0) {
    part.reader = base::TopicReader(part.reader.memory(),
                                    base::TopicReader::From::kOldest);
    expected_ = part.reader.sequence();
    return part.reader.has_start() ? Step::kAgain : Break();
  }
  if (!part.reader.SkipToOldest()) return Break();
  holds_->Pass(part.reader.position());
  return Step::kAgain;
}

void SubscriberCore::DropPart() {
  if (descriptor_ != nullptr) descriptor_->Forget(parts_.front().bell);
  const auto theirs = parts_.front().reader.memory();
  parts_.pop_front();
  mapped_.clear();
  MapNoMore(*theirs);
}

SubscriberCore::Step SubscriberCore::Break() {
  DropPart();
  broken_ = parts_.empty();
  return Step::kAgain;
}

SubscriberCore::Step SubscriberCore::FinishPart() {
  DropPart();
  if (!parts_.empty()) BeginAt(parts_.front().reader);
  return Step::kAgain;
}

// Counted over all publishers: what one overwrote, and what it took along.
TopicMessage SubscriberCore::Taken(const abi::TopicHeader& header) {
  uint64_t lost = 0;
  if (header.sequence > expected_) lost = header.sequence - expected_;
  expected_ = header.sequence + 1;
  counts_.lost += lost;
  ++counts_.taken;
  base::Count(page_.taken());
  if (lost != 0) base::Count(page_.lost(), lost);
  return {.payload = {reinterpret_cast<const std::byte*>(payload_.data()),
                      header.payload_bytes},
          .sequence = header.sequence,
          .lost = lost,
          .label = header.label};
}

void SubscriberCore::TellHead(uint64_t before,
                              const base::TopicReader& reader) {
  if (options_.delivery != Delivery::kReliable) return;
  page_.head().store(reader.position(), std::memory_order_release);
  const base::TopicMemory& theirs = *reader.memory();
  // A publisher that makes the barrier for all spares the fence.
  if (!base::HasProcessBarriers() ||
      theirs.barrier().load(std::memory_order_relaxed) == 0)
    std::atomic_thread_fence(std::memory_order_seq_cst);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const uint64_t room_at = theirs.room_at().load(std::memory_order_relaxed);
  if (before < room_at && room_at <= reader.position())
    base::WakeWord(page_.head_word(), INT_MAX);
}

bool SubscriberCore::LooksReady() const {
  return session_->HasNews() || mailbox_->HasMail() ||
         session_->over() != Error::ok ||
         (!parts_.empty() && parts_.front().reader.Ready());
}

absl::StatusOr<TopicMessage> SubscriberCore::Next(Deadline deadline) {
  TopicMessage message;
  for (bool late = deadline.ns == 0;;) {
    const Error error = Try(&message);
    if (error != Error::should_wait) Stir();
    if (error == Error::ok) return message;
    if (error != Error::should_wait) return Failure(error, deadline);
    if (const Error over = session_->over(); over != Error::ok)
      return MakeStatus(over,
                        "the session is over, or the kernel process gone");
    if (late) {
      if (descriptor_ != nullptr) Rest();
      return Failure(error, deadline);
    }
    const bool ready = polling_.Spin([this] { return LooksReady(); });
    // What is there wins over a deadline that has passed, and is looked for
    // once: a publisher may say for ever that there is something.
    late = deadline.ns <= base::NowNs();
    if (!ready && !late) Sleep(deadline);
  }
}

// False: there is something to do after all. Else whatever comes makes the
// descriptor readable.
bool SubscriberCore::Rest() {
  base::FutexWait unused;
  descriptor_->Collect();
  if (!Arm(abi::kArmRecordsBell, &unused)) {
    descriptor_->Show();
    return false;
  }
  descriptor_->Hide();
  return true;
}

// There is something, and perhaps more: nobody need ring for it.
void SubscriberCore::Stir() {
  if (descriptor_ == nullptr || descriptor_->is_shown()) return;
  descriptor_->Show();
  page_.armed().store(0, std::memory_order_relaxed);
}

void SubscriberCore::Sleep(Deadline deadline) {
  if (descriptor_ != nullptr) {
    if (!Rest()) return;
    ++counts_.sleeps;
    descriptor_->Wait(deadline.ns);
    return;
  }
  const uint32_t seen = session_->epoch();
  base::FutexWait word;
  if (!Arm(abi::kArmRecordsFutex, &word)) return;
  ++counts_.sleeps;
  if (parts_.empty())
    session_->Sleep(seen, {}, deadline.ns);
  else
    session_->Sleep(seen, {&word, 1}, deadline.ns);
  page_.armed().store(0, std::memory_order_relaxed);
}

// False: there is something to do after all.
bool SubscriberCore::Arm(abi::ArmBits by, base::FutexWait* word) {
  if (parts_.empty()) return !LooksReady();
  const base::TopicMemory& theirs = *parts_.front().reader.memory();
  // The value slept on is older than the arming: see base::Woken.
  *word = {theirs.tail_word(), base::ValueOf(theirs.tail_word())};
  page_.armed().store(++arm_generation_ * abi::kArmGeneration | by,
                      std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // Either what was published is seen here, or the publisher, who made a fence
  // after setting it, sees that this one is armed.
  if (theirs.unfenced().load(std::memory_order_acquire) != 0)
    base::FenceProcesses();
  if (!LooksReady()) return true;
  page_.armed().store(0, std::memory_order_relaxed);
  return false;
}

}  // namespace ipc
