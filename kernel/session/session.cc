#include "kernel/session/session.h"

#include <climits>
#include <utility>

#include "kernel/object/kernel.h"
#include "kernel/object/reserve.h"
#include "kernel/syscall/dispatch.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/futex.h"

namespace kernel {
namespace {

// While memory is short an answer goes out before the next is made.
uint32_t RequestsNow() {
  return Reserve::Held() ? Session::kRequestsPerTurn : 1;
}

}  // namespace

bool Session::ServeOne(const abi::RecordHeader& header) {
  if (header.payload_bytes < sizeof(abi::Request) ||
      header.payload_bytes > sizeof(abi::Request) + abi::kRequestPayloadMax)
    return false;
  // Copied once; only the copy is looked at.
  struct {
    abi::Request request;
    uint8_t payload[abi::kRequestPayloadMax];
  } copy;
  std::memcpy(&copy, reader_.Payload(), header.payload_bytes);
  const size_t payload_bytes = header.payload_bytes - sizeof(abi::Request);
  reader_.Consume(header, completions_.get());
  ++process->requests;
  Answer answer =
      Dispatch(*kernel, *this, copy.request,
               std::span<const uint8_t>(copy.payload, payload_bytes));
  if (!answer.parked)
    Complete(copy.request.number, copy.request.user_data, std::move(answer));
  return true;
}

bool Session::Serve(bool* more) {
  *more = false;
  if (!outbox_.empty()) {
    if (!Flush()) return false;
    if (!outbox_.empty()) return true;
  }
  uint32_t served = 0;
  while (state == State::kServing && served < RequestsNow()) {
    abi::RecordHeader header;
    const auto peeked = reader_.Peek(&header);
    if (peeked == base::RingReader::State::kEmpty) break;
    if (peeked == base::RingReader::State::kMalformed) return false;
    if (!ServeOne(header)) return false;
    ++served;
  }
  *more = served >= RequestsNow();
  if (served > 0) {
    served_now_ = true;
    WakeClient(false, true);
  }
  return true;
}

void Session::ServeRest() {
  for (uint32_t left = kRequestsOnRing; left > 0; --left) {
    abi::RecordHeader header;
    if (state != State::kServing ||
        reader_.Peek(&header) != base::RingReader::State::kRecord ||
        !ServeOne(header))
      return;
    outbox_.Clear();
  }
}

bool Session::Flush() {
  if (state != State::kServing) return true;
  uint32_t published = 0;
  const auto outcome =
      outbox_.Flush(writer_, *requests_, *transport, &published);
  if (published > 0) {
    TellProcessor();
    WakeClient(true, false);
  }
  ring_full_ = outcome == Outbox::Outcome::kRingFull;
  if (outcome == Outbox::Outcome::kSocketFull) transport->NotifyWritable();
  gone_ = outcome == Outbox::Outcome::kGone;
  return !gone_ && outcome != Outbox::Outcome::kBroken;
}

// So that nobody polls for answers on the processor that makes them.
void Session::TellProcessor() {
  const uint32_t here = kernel->host().Processor();
  if (completions_->processor().load(std::memory_order_relaxed) != here)
    completions_->processor().store(here, std::memory_order_relaxed);
}

void Session::TellRegionDestroyed() {
  if (completions_ == nullptr) return;
  std::atomic_ref<uint32_t> word(completions_->words().regions_destroyed);
  word.store(word.load(std::memory_order_relaxed) + 1);
  // Before anything is erased.
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void Session::WakeClient(bool published, bool consumed) {
  // Pairs with the client's fence between arming and looking again.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint32_t armed = requests_->armed().load(std::memory_order_relaxed);
  if (published && (armed & abi::kArmRecordsFutex) != 0 &&
      woken_.IsDue(armed, writer_.position())) {
    base::WakeWord(completions_->tail_word(), INT_MAX);
    kernel->Woke(*this);
  }
  if (consumed && (armed & abi::kArmRoomFutex) != 0)
    base::WakeWord(completions_->head_word(), INT_MAX);
  if (published && (armed & abi::kArmRecordsBell) != 0) {
    const abi::SocketMessage bell = {
        .magic = abi::kMagic, .kind = abi::SocketKind::bell, .serial = 0};
    // A full socket is something to read already.
    (void)transport->Send(&bell, sizeof(bell), {});
  }
}

bool Session::CanLinger(uint32_t processor) const {
  return state == State::kServing && served_now_ && !ring_full_ &&
         outbox_.empty() && !RunsOn(processor);
}

bool Session::RunsOn(uint32_t processor) const {
  const uint32_t theirs =
      requests_->processor().load(std::memory_order_relaxed);
  return theirs != 0 && theirs == processor;
}

bool Session::Rest() {
  if (state != State::kServing) return true;
  served_now_ = false;
  const bool by_word = transport->WaitsForWords();
  completions_->armed().store(++arm_generation_ * abi::kArmGeneration |
                                  abi::kArmRecordsBell |
                                  (by_word ? abi::kArmRecordsFutex : 0u) |
                                  (ring_full_ ? abi::kArmRoomFutex : 0u),
                              std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint32_t tail =
      static_cast<uint32_t>(requests_->tail().load(std::memory_order_acquire));
  if (ring_full_) {
    const uint64_t known = writer_.known_head();
    writer_.LookAtHead(*requests_);
    if (writer_.known_head() != known) return false;
  } else if (outbox_.empty() && reader_.Ready()) {
    return false;
  }
  if (by_word) transport->WaitForWord(requests_->tail_word(), tail);
  return true;
}

void Session::Awake() {
  if (state == State::kServing)
    completions_->armed().store(0, std::memory_order_relaxed);
}

bool Session::HasUnread() const {
  if (!served()) return true;
  return !outbox_.empty() ||
         requests_->head().load(std::memory_order_acquire) !=
             writer_.position();
}

void Session::Complete(uint32_t number, uint64_t user_data, Answer answer) {
  if (!alive()) return;
  outbox_.Push(number, user_data, std::move(answer));
  kernel->MarkDirty(*this);
}

void Session::Post(abi::Event event, uint64_t user_data, Answer values) {
  Complete(abi::kEventFlag | static_cast<uint32_t>(event), user_data,
           std::move(values));
}

}  // namespace kernel
