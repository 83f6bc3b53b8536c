// LaneEnd: one end of a lane, the same for sender and receiver: it publishes
// records in its own half, takes them from the peer's, and knows what it owes.
//
// The peer is hostile: every record is copied and checked, a malformed one
// ends the lane (for this end only).
//
// Nothing here calls the kernel process while the lane's mutex is held.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "flight_recorder.h"
#include "ipc/message.h"
#include "libipc/abi/lane.h"
#include "libipc/base/biased_mutex.h"
#include "libipc/base/half.h"
#include "libipc/base/offer.h"
#include "libipc/base/processor.h"
#include "libipc/base/sampler.h"
#include "libipc/base/spinner.h"
#include "libipc/base/woken.h"
#include "message_state.h"
#include "pool_core.h"
#include "session_core.h"
#include "traced_scopes.h"

namespace ipc {

// What a thread sleeps on: seldom more than one lane's words.
using FutexWaits = absl::InlinedVector<base::FutexWait, 8>;

// The block that goes with a record that lends one.
struct LentBlock {
  std::shared_ptr<PoolCore> pool;
  abi::LoanRef ref;
};

// A record to be sent.
struct Outgoing {
  uint16_t flags = 0;
  uint16_t handle_count = 0;
  // Not beside `label`: both would be read at once where they were written one
  // by one, and wait until they are out of the store buffer.
  uint32_t correlation = 0;
  uint64_t flow = 0;
  uint32_t label = 0;
  uint64_t token = 0;
  int64_t deadline_ns = base::kNoDeadline;
  base::TraceStamp sent_at = 0;
  uint64_t number = 0;
  int64_t sampled_ns = 0;  // its time is measured since then; 0: it is not
  uint64_t sample = 0;     // with kRecordSampled
  Bytes payload;
  std::span<const LentBlock> lent;
};

// A call that waits for its outcome. Guarded by the lane's mutex while it is
// in the lane's list.
struct CallSlot {
  uint32_t correlation = 0;
  uint64_t position = 0;  // of its record
  bool done = false;
  bool moved = false;  // answered by a Reply capability, not over the lane
  bool looks_for_deadlock = false;
  uint32_t weight = 0;  // not 0: it stands for so many, measured since
  int64_t sampled_ns = 0;
  uint64_t flow = 0;
  base::TraceStamp sent_at = 0;   // 0: not traced
  std::vector<uint8_t> deadlock;  // DeadlockStep[], of the last look
  Error error = Error::ok;
  Message::StatePtr reply;
};

// What a sender waits for: room in the ring; or a block too, which comes back
// as a record.
enum class RoomNeeded { kRing, kRingAndBlock };

// The words of the peer that change when there is room, and their values.
struct RoomWatch {
  std::shared_ptr<base::Half> half;  // null: nobody has joined
  uint32_t head = 0;
  uint32_t tail = 0;
};

class LaneEnd : public std::enable_shared_from_this<LaneEnd>,
                public MailReader {
 public:
  enum class Role { kSender, kReceiver };
  struct Setup {
    std::shared_ptr<SessionCore> session;
    Role role;
    Handle handle;
    uint64_t lane_id;
    uint64_t port_id;
    uint64_t badge;
    uint32_t band;
    base::UniqueFd bell;
    std::shared_ptr<base::Half> own;
    uint64_t own_start;
    std::shared_ptr<base::Half> peer;  // null: nobody has joined
    uint64_t peer_start;
    abi::LaneTracing tracing;
    uint32_t ring_bytes_max = 0;                   // of the sender's half
    std::shared_ptr<base::Offer> offer = nullptr;  // of a rendezvous
    bool overwriting = false;                      // the port is
    bool new_flows = false;    // begin with what is taken here
    uint64_t next_number = 0;  // of it: the next message's
  };
  static std::shared_ptr<LaneEnd> Create(Setup setup);
  ~LaneEnd() override;

  // What is usual, in as few steps as can be (lane_fast.h). Where anything is
  // unusual they do nothing and say no: then the functions below are to be
  // called. TrySendMany: how many went.
  bool TrySend(Outgoing& record, CallSlot* slot);
  // Of these the most usual, in line (lane_plain.h): nothing but a small
  // payload, nothing to be measured, noted or traced.
  bool TrySendPlain(Bytes payload, uint32_t label);
  bool TryCallPlain(Bytes payload, uint32_t label, CallSlot& slot);
  Message::StatePtr TryTakePlain(const std::shared_ptr<LaneEnd>& self,
                                 base::RingReader::Probe* next);
  size_t TrySendMany(Outgoing& record, std::span<const Bytes> payloads);
  enum class Try { kTaken, kNothing, kUnusual };
  // `next`: where the record after it will appear; not set when kUnusual.
  Try TryTake(Message::StatePtr* message, base::RingReader::Probe* next);
  bool TryTakeReply(CallSlot& slot);
  bool TryAnswer(Message::State& state, Bytes payload);
  // Shows up to `most` plain messages where they lie; returns how many, nothing
  // when there is anything unusual. The mutex is free meanwhile and nobody else
  // takes from this lane: who may have gone to sleep then is to be woken.
  // `most` is at least 1. `next`: as TryTake.
  std::optional<size_t> TryInPlace(
      size_t most, absl::FunctionRef<void(const MessageInPlace&)> look,
      base::RingReader::Probe* next);

  // Publishes the record, waiting for room until the deadline. `slot`: the
  // call it makes, if it is one; correlation and position are filled in.
  // Of a rendezvous: and until the record is taken; what it could not wait for
  // nobody has got.
  // Of an overwriting port: at once, without a slot.
  // Errors: should_wait, timed_out, peer_closed, revoked, canceled,
  // out_of_range (larger than this ring takes inline).
  Error Send(Outgoing& record, CallSlot* slot, Deadline deadline);
  // The parts of Send, for who waits for several lanes at once. MayHaveRoom:
  // false where a Send of so many bytes would only wait. What is watched is
  // read before that look; each ArmRoom is undone by one DisarmRoom.
  RoomNeeded NeededFor(uint64_t bytes) const {
    return bytes > inline_max_ ? RoomNeeded::kRingAndBlock : RoomNeeded::kRing;
  }
  RoomWatch WatchRoom();
  bool MayHaveRoom(uint64_t bytes);
  void CountFull();
  void ArmRoom(RoomNeeded needed);
  void DisarmRoom(RoomNeeded needed);
  // Waits for the call's outcome; on timeout the peer is told.
  void Await(CallSlot& slot, Deadline deadline);
  uint32_t inline_max() const { return inline_max_; }
  bool overwriting() const { return overwriting_; }

  // Lends a block with a record. Owns: the block, on success.
  Error SendLoan(Outgoing& record, Loan& loan, CallSlot* slot,
                 Deadline deadline);
  // Sends bytes of any size: inline, or a copy that is lent.
  Error SendBytes(Outgoing& record, CallSlot* slot, Deadline deadline);
  // As TrySend, for blocks and for what is copied into one. `loan` is the
  // lane's on success. TryCopy: only where the lane has a block at hand.
  bool TryLend(Outgoing& record, Loan& loan, CallSlot* slot);
  bool TryCopy(Outgoing& record, CallSlot* slot);
  // Lends several blocks with bytes beside them. Owns: the blocks, on success.
  // Errors: as Send; invalid_args (none, too many, an empty one).
  Error SendParts(Outgoing& record, std::span<Loan> parts, CallSlot* slot,
                  Deadline deadline);
  // Takes blocks back that the peer, or its end, has returned.
  void CollectReturns();
  // In a receiver's ring returns stand among messages.
  bool TakesReturnsAtOnce() const { return role_ == Role::kSender; }
  // The message has what was lent with it no longer.
  void GiveBack(Message::State& state);
  // Makes the received loan readable; asks the kernel process the first time.
  Error ResolveLoan(Message::State& state);

  // The receiver's: takes the next message.
  enum class Take { kNothing, kMessage, kFinished };
  Take TakeMessage(Message::StatePtr* message);
  bool LooksReady();
  // Polls for records for the learnt time, unless the peer needs this very
  // processor to bring any. Thread: with or without the mutex.
  template <typename Ready>
  bool PollFor(const base::Half& peer, base::Spinner& spinner,
               const Ready& ready) {
    using Spun = base::Spinner::Spun;
    const uint32_t here = base::ThisProcessor();
    if (here != 0 && here == peer.processor().load(std::memory_order_relaxed))
      return false;
    Spun spun = spinner.Try(ready);
    if (spun != Spun::kPaid && PeerPrepares(peer))
      spun = spinner.TryFor(kPreparingNs, ready);
    if (spun == Spun::kPaid) base::Count(own_->counters().spins_paid);
    if (spun == Spun::kLost) base::Count(own_->counters().spins_lost);
    return spun == Spun::kPaid;
  }
  // Whether the peer says, not for the first time in vain, that something is
  // about to come.
  bool PeerPrepares(const base::Half& peer) {
    const uint32_t now = peer.preparing().load(std::memory_order_relaxed);
    return now % 2 == 1 && base::Spinner::MayPoll() &&
           prepared_.exchange(now, std::memory_order_relaxed) != now;
  }
  void CountSleep() { base::Count(own_->counters().sleeps); }
  // For polling without the mutex.
  struct Poll {
    std::shared_ptr<base::Half> half;  // keeps mapped what is polled
    base::RingReader::Probe probe;
  };
  Poll PollHere();
  // What remains of a received message that is destroyed or answered.
  void Settle(Message::State& state);
  bool IsCancelled(uint32_t correlation);
  Error Answer(Message::State& state, Outgoing& record, Loan* loan,
               Deadline deadline);
  // Makes a Reply capability of the right to answer; the message is answered
  // as far as this end is concerned. Asks the kernel process.
  base::Result<Capability> MoveReply(Message::State& state);
  // Moves the replies of all open calls, for a port that is handed on. They
  // are kept here until TakeMovedReply.
  // Errors: quota_exceeded, should_wait: some are not.
  Error MoveOpenReplies();
  // Empty if the call's reply was not moved by MoveOpenReplies.
  Capability TakeMovedReply(uint32_t correlation);
  void KeepMovedReply(uint32_t correlation, Capability moved);
  // Makes readable what came in a region of its own; as ResolveLoan.
  Error ResolveRegion(Message::State& state);

  // Arms for sleeping; returns the words to sleep on, nothing when there is
  // something to take already. Each success is undone by one Disarm.
  enum class ArmBy { kFutex, kBell };
  bool ArmRecords(ArmBy by, FutexWaits* words);
  void DisarmRecords(ArmBy by);

  // For the flight recorder: a send or call that failed, and capabilities that
  // were staged or redeemed.
  void NoteFailure(abi::TraceKind kind, const Outgoing& record,
                   Error error) const;
  void NoteHandles(abi::TraceKind kind, size_t count, Error error) const;

  // Takes what the kernel process said about this lane.
  void ProcessMail() override;
  // Bytes sent and not taken yet by the peer.
  uint64_t Outstanding();
  // The port is not listened to any more by this process.
  void Detach(Error why);
  bool IsIdle();  // nothing sent, lent or called that is not settled
  Error cut();    // ok while the lane is whole

  Handle handle() const { return handle_; }
  uint64_t lane_id() const { return lane_id_; }
  uint64_t port_id() const { return port_id_; }
  uint64_t badge() const { return badge_; }
  uint32_t band() const { return band_; }
  int bell() const { return bell_.get(); }
  bool traced() const { return tracing_.on(); }
  const TracedScopes& tracing() const { return tracing_; }
  SessionCore& session() const { return *session_; }
  const std::shared_ptr<SessionCore>& session_ptr() const { return session_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  uint64_t receiver_process() const {
    return receiver_process_.load(std::memory_order_relaxed);
  }
  // Listeners of the port now, as last heard; 0: not heard.
  uint32_t listeners() const {
    return listeners_.load(std::memory_order_relaxed);
  }
  uint64_t stale_replies() const {
    return stale_.load(std::memory_order_relaxed);
  }

 private:
  struct Lent {
    uint32_t attachment;
    uint64_t offset;
    uint64_t bytes;
    uint64_t position;  // of the record that lent it
    uint64_t flow;
    std::shared_ptr<PoolCore> pool;
    int64_t since_ns = 0;
  };
  // Does not keep the pool, whose end ends the attachment.
  struct Attached {
    std::weak_ptr<PoolCore> pool;
    uint32_t number;
    bool IsOf(const std::shared_ptr<PoolCore>& other) const {
      return !pool.owner_before(other) && !other.owner_before(pool);
    }
  };
  struct PeerMap {
    uint64_t incarnation;
    uint32_t attachment;
    std::shared_ptr<base::Mapping> mapping;
  };
  struct OpenCall {
    uint32_t correlation;
    bool cancelled;
    uint32_t label;
    uint64_t flow;
    int64_t deadline_ns;
    uint32_t weight = 0;  // as in CallSlot
    int64_t taken_ns = 0;
  };
  struct Owed {
    uint16_t flags;
    uint32_t correlation;
    abi::LoanReturn back;
  };
  // A record's content after its prefix words.
  struct Parsed {
    abi::RecordHeader header;
    uint64_t token = 0;
    int64_t deadline_ns = base::kNoDeadline;
    base::TraceStamp sent_at = 0;
    uint64_t number = 0;
    uint64_t sample = 0;
    const uint8_t* payload = nullptr;
    uint32_t bytes = 0;
  };

  enum Unusual : uint8_t {
    kInPlace = 1,  // a thread looks at messages where they lie
    kTurning = 2,  // the next record's ring is not known: nothing is published
    kMeets = 4,    // of a rendezvous: messages are offered
    kOverwriting = 8,  // of an overwriting port
    kElse = 16,        // it is cut, owes something, or nobody has joined
  };
  // The peer goes on in `half` at `start`.
  struct Turn {
    uint64_t start;
    std::shared_ptr<base::Half> half;
  };
  // The ring of this half grows and shrinks in two calls, one at a time.
  enum class Resizing : uint8_t {
    kNot,
    kAsking,   // lane_resize is on its way
    kTelling,  // lane_resized is
  };

  static constexpr uint32_t kArmRecords =
      abi::kArmRecordsFutex | abi::kArmRecordsBell;
  // Sends that found nobody armed, before a fence in each is thought a waste.
  // A peer that falls asleep now and then pays more for the barrier.
  static constexpr uint32_t kQuietSends = 64;
  // How long to poll for what the peer prepares.
  static constexpr int64_t kPreparingNs = 100'000;
  // Times without room before a larger ring is asked for; many more after that
  // was refused.
  static constexpr uint32_t kFullsNeeded = 4;
  static constexpr uint32_t kFullsNeededRefused = 256;
  static constexpr uint32_t kGrowth = 4;

  explicit LaneEnd(Setup setup);

  // Of the fast paths, with mutex_ held.
  bool IsUsual() const { return unusual_ == 0 && !mailbox_->HasMail(); }
  // One of what kElse stands for may have changed.
  void NoteUsual() {
    const bool usual = cut_ == Error::ok && owed_.empty() && in_.valid();
    unusual_ =
        static_cast<uint8_t>(usual ? unusual_ & ~kElse : unusual_ | kElse);
  }
  bool IsPlain(Bytes payload);
  void PublishBytes(uint8_t* here, size_t prefix, Bytes payload, uint16_t flags,
                    uint32_t correlation, uint32_t label, uint64_t flow);
  bool HasRoomUsual(Bytes payload);
  void PublishUsual(const Outgoing& record);
  void PublishRequest(Outgoing& record, CallSlot* slot);
  static uint8_t* PutPrefix(const Outgoing& record, uint8_t* at);
  bool PeekUsual(uint16_t flags, abi::RecordHeader* header);
  bool PeekKnownLoan(const abi::RecordHeader& header, size_t before,
                     abi::LoanRef* loan);
  Message::StatePtr TakePeeked(const abi::RecordHeader& header,
                               size_t prefix_bytes = 0);
  void ConsumeUsual(const abi::RecordHeader& header);

  // All below with mutex_ held, unless said otherwise.
  void ProcessMailLocked();
  void OnTraced(const ipc::Answer& event);
  // Whether flows that begin need ranks on this lane's account.
  void RankFlows(bool on);
  void OnJoined(ipc::Answer& event);
  void OnOrphaned(const ipc::Answer& event);
  void NextIncarnation();
  void OnCut(const ipc::Answer& event);
  void OnDetached(const ipc::Answer& event);
  void OnCallMoved(const ipc::Answer& event);
  // lane_resize.cc. The reader's: where the peer's records go on.
  void OnRing(ipc::Answer& event);
  void TakeTurns();
  // The writer's: another ring for its own records.
  void NoteFull();
  void AskRing(uint32_t bytes);
  void OnIdle();
  void OnAnswer(ipc::Answer& answer);
  void OnGranted(ipc::Answer& answer);
  void OnResized(const ipc::Answer& answer);
  void GiveUpRing();
  void StayInRing();
  void OnCallAnswered(const ipc::Answer& event);
  std::vector<CallSlot*>::iterator FindCall(uint32_t correlation);
  void ForgetOpenCall(uint32_t correlation);
  // Nobody will take what came with it, once the mutex is free.
  void Unwanted(uint16_t handle_count, uint64_t token);
  // Without: the parts of Send, and of a rendezvous (lane_offer.cc).
  Error SendQueued(Outgoing& record, CallSlot* slot, Deadline deadline);
  Error SendOffered(Outgoing& record, CallSlot* slot, Deadline deadline);
  // Of an overwriting port (lane_overwriting.cc).
  Error SendOverwriting(Outgoing& record);
  Error AwaitTurn(Deadline deadline);
  void EndTurn(Error outcome);
  Error AwaitTaken(CallSlot* slot, Deadline deadline);
  // Until the peer goes on in this half, or there is news. `ready`: with it,
  // once armed; whether there is nothing to sleep for.
  void SleepOnHead(uint32_t seen, Deadline deadline,
                   absl::FunctionRef<bool()> ready);
  // With it again.
  RoomWatch WatchRoomLocked() const;
  bool IsTakenPassed() const;
  Error Withdraw(CallSlot* slot, Error why);
  bool TakeOffer(const Parsed& parsed);
  void GiveBackUntaken(const Parsed& parsed);
  // The listener's of an overwriting port: copies the next record that stands
  // whole to copied_.
  base::RingReader::State PeekCopy(abi::RecordHeader* header);
  static bool IsNumbered(const Parsed& parsed);
  void CountLost(const Parsed& parsed, Message::State& state);
  // Whether there is anything to take, or to pass.
  bool HasNext() const { return in_.Ready() || IsOverrun(); }
  bool IsOverrun() const { return copied_ != nullptr && in_.IsOverrun(); }
  Error TryPublish(Outgoing& record, CallSlot* slot);
  void WriteRecord(const Outgoing& record, uint64_t bytes);
  void AddCall(Outgoing& record, CallSlot& slot) {
    AddCall(&slot);
    record.correlation = slot.correlation;
  }
  void AddCall(CallSlot* slot) {
    slot->correlation = next_correlation_++;
    if (next_correlation_ == 0) next_correlation_ = 1;
    slot->position = out_.position();
    calls_.push_back(slot);
  }
  void AddOpenCall(const abi::RecordHeader& header, int64_t deadline_ns,
                   int64_t taken_ns) {
    open_calls_.push_back(
        {header.correlation, false, header.label, header.flow, deadline_ns});
    if (IsWorkDue()) [[unlikely]]
      NoteWorkBegins(taken_ns);
  }
  void NoteLent(const LentBlock& lent, uint64_t flow) {
    if (FindKnown(lent.pool) == nullptr) {
      ForgetGone(&known_pools_);
      known_pools_.push_back({lent.pool, lent.ref.attachment});
    }
    AddLent({lent.ref.attachment, lent.ref.offset, lent.ref.bytes,
             out_.position(), flow, lent.pool});
  }
  void AddLent(Lent lent) {
    lent.since_ns = base::CoarseNowNs();
    lent_bytes_ += lent.bytes;
    if (IsFlightDue()) NoteLoan(abi::TraceKind::lend, lent);
    lent_.push_back(std::move(lent));
    CountLent();
  }
  // Says what the peer has.
  void CountLent() {
    abi::LaneCounters& counters = own_->counters();
    base::SetCount(counters.lent_blocks, lent_.size());
    base::SetCount(counters.lent_bytes, lent_bytes_);
    base::SetCount(
        counters.lent_since_ns,
        lent_.empty() ? 0 : static_cast<uint64_t>(lent_.front().since_ns));
  }
  const Attached* FindKnown(const std::shared_ptr<PoolCore>& pool) const {
    for (const Attached& known : known_pools_)
      if (known.IsOf(pool)) return &known;
    return nullptr;
  }
  static void ForgetGone(std::vector<Attached>* pools) {
    std::erase_if(*pools,
                  [](const Attached& one) { return one.pool.expired(); });
  }
  [[gnu::always_inline]] void CountSent(size_t bytes) {
    abi::LaneCounters& counters = own_->counters();
    base::Count(counters.messages);
    base::Count(counters.message_bytes, bytes);
    NoteProcessor();
  }
  // Whether one of the `count` events after `before` others is the first of
  // `every`.
  static constexpr bool Begins(uint64_t before, uint64_t count,
                               uint64_t every) {
    return before % every == 0 || before % every + count > every;
  }
  // Before they are consumed.
  [[gnu::always_inline]] void CountTaken(uint64_t count) {
    abi::LaneCounters& counters = own_->counters();
    const uint64_t before = counters.taken;
    base::SetCount(counters.taken, before + count);
    // Looking fetches a line that the peer writes: not each time.
    if (!Begins(before, count, 64)) return;
    NoteQueued();
    if (Begins(before, count, kFlightEvery)) FlightIsDueAgain();
  }
  void NoteQueued();
  // lane_times.cc: of requests and calls whose time is measured. Whether the
  // sender's next request is to be.
  bool IsSampleDue() const { return sampler_.IsDue(own_->counters().messages); }
  // Of the long path, before it waits for room.
  void ChooseSample(Outgoing& record) const;
  // Of a request that is about to be published, for which there is room. Leaves
  // it as it is if it is better to measure a later one.
  void AddSample(Outgoing& record, CallSlot* slot);
  // Returns when it was taken, which is now.
  int64_t NoteTakenSample(const void* word);
  // Of the call that was opened last; `now_ns`: 0 if nobody has looked yet.
  bool IsWorkDue() { return sampler_.IsDue(calls_taken_++); }
  void NoteWorkBegins(int64_t now_ns);
  void NoteAnswered(const OpenCall& open);
  void NoteAnswered(uint32_t correlation);
  void NoteOutcome(const CallSlot& slot);
  // lane_notes.cc: for the flight recorder, after it was counted.
  void NoteSent(const Outgoing& record);
  void NoteTaken(Message::State& state);
  void NoteLoan(abi::TraceKind kind, const Lent& lent);
  void NoteCut();
  void NotePassed(abi::TraceKind next, uint64_t counted, uint64_t* noted);
  abi::TraceRecord FlightRecord(abi::TraceKind kind) const;
  // Where this side runs, for a peer that thinks of polling.
  [[gnu::always_inline]] void NoteProcessor() {
    const uint32_t here = base::ThisProcessor();
    if (here == processor_) return;
    processor_ = here;
    own_->processor().store(here, std::memory_order_relaxed);
  }
  void WakePeerForRecords() {
    if (!in_.valid()) {
      WakeUnknownPeer();
      return;
    }
    WakeKnownPeerForRecords();
  }
  [[gnu::always_inline]] void WakeKnownPeerForRecords() {
    if (!unfenced_) std::atomic_thread_fence(std::memory_order_seq_cst);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const uint32_t armed = in_.half()->armed().load(std::memory_order_relaxed);
    if ((armed & kArmRecords) != 0)
      WakeForRecords(armed);
    else if (!unfenced_ && may_unfence_ && ++quiet_sends_ >= kQuietSends)
      GoUnfenced();
  }
  void WakeUnknownPeer();
  void WakeForRecords(uint32_t armed);
  void GoUnfenced();
  void GoFenced();
  void MeetPeer();
  void WakePeerForRoom(bool fenced);
  bool Peek(Parsed* parsed);
  void ConsumeRecord(const Parsed& parsed);
  void PollReplies();
  void DeliverReply(const Parsed& parsed);
  Message::StatePtr MakeState(const Parsed& parsed);
  void ReadPayload(const Parsed& parsed, Message::State& state);
  void ReadParts(const Parsed& parsed, Message::State& state);
  void TakeBack(const uint8_t* payload, uint32_t bytes);
  // Takes the returns that stand first in the peer's ring, while any are
  // awaited. Whether nothing else stands there then.
  bool TakeReturns();
  // Not those whose reply was moved away, unless the caller itself is cut.
  enum class Fail { kOnLane, kAll };
  void FailCalls(uint64_t below, Error error, Fail which);
  void ReclaimLoans(uint64_t below);
  void Owe(const Owed& owed);
  bool PublishOwed(const Owed& owed);
  void OweLoans(const Message::State& state);
  void FlushOwed();
  void Break();
  void UpdateArmed();
  bool RoomNow(uint64_t bytes);
  [[gnu::always_inline]] bool HasRoomFor(uint64_t bytes) {
    return out_.HasRoom(bytes, nullptr) || LookForRoom(bytes);
  }
  bool LookForRoom(uint64_t bytes);
  uint64_t RecordPayloadBytes(const Outgoing& record) const;
  // Without mutex_: these ask the kernel process.
  Error ResolveParts(Message::State& state);
  void CloseUnwanted();
  base::Result<uint32_t> Attach(const std::shared_ptr<PoolCore>& pool);
  base::Result<std::shared_ptr<base::Mapping>> MapPeer(uint32_t attachment,
                                                       uint64_t of);
  // Lends a copy of what is too large to go inline.
  Error SendCopy(Outgoing& record, CallSlot* slot, Deadline deadline);
  base::Result<Loan> AllocateForCopy(uint64_t bytes);
  Loan WarmBlock(uint64_t bytes);
  void FillBlock(Loan& loan, Bytes payload);
  void StartPreparing();
  void EndPreparing();
  void WakeEarly();
  base::Result<Capability> MakeReply(const OpenCall& call);
  // If this call can never be answered, that is its outcome: once two looks in
  // a row found the same others waiting, since the same time. Returns whether
  // another look is due.
  bool LookForDeadlock(CallSlot& slot, uint32_t thread_slot);

  // Constant after Create.
  const std::shared_ptr<SessionCore> session_;
  const Role role_;
  const Handle handle_;
  const uint64_t lane_id_;
  const uint64_t port_id_;
  const uint64_t badge_;
  const uint32_t band_;
  const base::UniqueFd bell_;
  const std::shared_ptr<base::Half> own_;
  const std::shared_ptr<base::Offer> offer_;
  const uint32_t inline_max_;
  const uint32_t ring_bytes_max_;
  const bool overwriting_;
  const bool new_flows_;  // begin with each message taken here
  const std::unique_ptr<uint8_t[]> copied_;  // a payload, of its listener
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();

  TracedScopes tracing_;
  bool ranks_flows_ = false;  // counted in the session's
  std::atomic<uint32_t> listeners_{0};
  std::atomic<uint64_t> receiver_process_{0};
  std::atomic<uint64_t> stale_{0};
  std::atomic<uint32_t> prepared_{0};  // last of the peer's that was believed
  base::Spinner reply_spinner_;
  base::Spinner room_spinner_;

  base::BiasedMutex mutex_;
  base::RingWriter out_;
  base::RingReader in_;  // not valid() while nobody has joined
  Error cut_ = Error::ok;
  std::shared_ptr<base::Half> in_base_;  // of in_, with the base ring
  std::vector<Turn> turns_;              // of in_, to come
  Resizing resizing_ = Resizing::kNot;
  std::shared_ptr<base::Half> next_out_;  // kTelling: where out_ goes on
  uint32_t fulls_ = 0;                    // since resizing was looked into last
  uint32_t fulls_needed_ = kFullsNeeded;
  uint64_t in_end_ = ~uint64_t{0};  // nothing is read at or beyond it
  uint64_t incarnation_ = 0;
  uint32_t next_correlation_ = 1;
  uint64_t next_number_;  // to be sent, or expected, on an overwriting port
  // Messages counted up to the last recorded one.
  uint64_t noted_sent_ = own_->counters().messages;
  uint64_t noted_taken_ = own_->counters().taken;
  // Of the sender's requests, or of the calls that the receiver takes.
  base::Sampler sampler_;
  uint64_t calls_taken_ = 0;
  std::vector<CallSlot*> calls_;
  std::vector<OpenCall> open_calls_;
  std::vector<std::pair<uint32_t, Capability>> moved_replies_;
  std::vector<Lent> lent_;
  uint64_t lent_bytes_ = 0;
  // At hand without asking: the pools that were lent from, the mapping that was
  // read from last, and the pool of copies that could go inline.
  std::vector<Attached> known_pools_;
  PeerMap known_map_ = {};
  std::vector<PeerMap> peer_maps_;
  std::optional<uint32_t> mapping_;  // attachment that is asked for
  std::shared_ptr<PoolCore> warm_pool_;
  int preparers_ = 0;  // threads of this side that copy
  std::deque<Owed> owed_;
  uint8_t unusual_ = 0;  // Unusual
  // Of a rendezvous, at the sender's end.
  static constexpr uint64_t kNothingOffered = ~uint64_t{0};
  bool is_offering_ = false;  // a thread has its turn
  uint64_t offered_ = kNothingOffered;
  uint64_t taken_offer_ = kNothingOffered;  // of the turn before
  uint32_t offer_turn_ = 0;  // futex word of threads that wait for theirs
  uint64_t reclaim_below_ = 0;
  std::vector<uint64_t> unwanted_tokens_;  // came with stale replies
  int futex_armed_ = 0;
  int bell_armed_ = 0;
  int room_armed_ = 0;
  uint32_t arm_generation_ = 0;
  // Whether the peer minds unfenced sending, and whether that is how records
  // are sent now; sends in a row that found nobody armed.
  bool may_unfence_ = false;
  bool unfenced_ = false;
  uint32_t quiet_sends_ = 0;
  uint32_t processor_ = 0;  // as last said
  base::Woken woken_records_;
  base::Woken woken_room_;
  uint64_t room_told_ = 0;  // position at the last fenced look
  bool room_look_due_ = false;
  bool doubts_room_ = false;  // there was some at the last look, and news

  std::mutex attach_mutex_;  // held while the kernel process is asked
  std::vector<Attached> attached_;
  std::vector<std::shared_ptr<PoolCore>> copy_pools_;
  bool warm_pool_made_ = false;  // or could not be
};

}  // namespace ipc
