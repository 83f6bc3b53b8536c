// SenderCore: the lanes of one Send capability: one, or for a shareable port
// one to each listener, of which the least busy with room is taken.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "ipc/sender.h"
#include "lane_end.h"

namespace ipc {

class SenderCore {
 public:
  // What is sent: bytes, or a block, or bytes and several blocks.
  struct Content {
    Bytes payload;
    Loan* loan = nullptr;
    std::span<Loan> parts = {};
    uint64_t bytes() const;
  };

  static absl::StatusOr<std::shared_ptr<SenderCore>> Create(Capability port);
  // What is usual, at once: a payload or, if not null, a block. False: nothing
  // was done. What is sent comes in registers: in memory it would wait to be
  // read behind the stores of the message before.
  bool TrySend(Bytes payload, Loan* loan, const SendOptions& options,
               CallSlot* slot);
  // The most usual of these (sender.cc).
  bool TrySendPlain(Bytes payload, const SendOptions& options);
  absl::Status SendMessage(const Content& content, const SendOptions& options);
  absl::StatusOr<size_t> SendBatch(std::span<const Bytes> payloads,
                                   const SendOptions& options);
  absl::StatusOr<Message> Call(const Content& content,
                               const SendOptions& options);
  uint64_t stale_replies() const;
  const Capability& capability() const { return capability_; }

 private:
  // The lane to use, and what keeps it where lanes may be dropped meanwhile.
  struct Picked {
    LaneEnd* lane = nullptr;
    std::shared_ptr<LaneEnd> keep;
  };
  explicit SenderCore(Capability port) : capability_(std::move(port)) {}
  absl::Status SendInFlow(uint64_t flow, Bytes payload,
                          const SendOptions& options);
  bool TryCallPlain(const Content& content, const SendOptions& options,
                    CallSlot& slot);
  // `over`: the lane it went over.
  Error Send(const Content& content, const SendOptions& options, CallSlot* slot,
             Picked* over, absl::Status* detail);
  Error SendOver(Picked picked, Deadline deadline, const Content& content,
                 const SendOptions& options, CallSlot* slot, Picked* over,
                 absl::Status* detail);
  base::Result<Picked> Pick();
  base::Result<Picked> PickSlow();
  base::Result<std::shared_ptr<LaneEnd>> Connect();
  // Of a shareable port (sender_shared.cc).
  using Lanes = absl::InlinedVector<std::shared_ptr<LaneEnd>, 4>;
  Error SendToAny(Deadline deadline, const Content& content,
                  const SendOptions& options, CallSlot* slot, Picked* over,
                  absl::Status* detail);
  Error LanesInTurn(Lanes* lanes);
  // With mutex_ held.
  Error ConnectIfNeeded();
  bool WantsAnotherLane();
  void DropIdleTwin();
  bool IsTwin(size_t at) const;
  static bool TrySendOver(LaneEnd& lane, Outgoing& record, Loan* loan,
                          CallSlot* slot);
  static bool TrySendTraced(LaneEnd& lane, Outgoing& record, CallSlot* slot);
  static void TraceSent(const LaneEnd& lane, const Outgoing& record,
                        uint64_t bytes, Bytes prefix, Error error);
  static void TraceOutcome(const LaneEnd& lane, const SendOptions& options,
                           const CallSlot& slot, Error error);

  const Capability capability_;
  // Known since the first lane was made.
  std::atomic<bool> at_full_fails_{false};
  std::atomic<bool> shareable_{false};

  // Held while a lane is asked for; no event handler takes it.
  mutable base::BiasedMutex mutex_;
  std::vector<std::shared_ptr<LaneEnd>> lanes_;
  // Of a port that is not shareable: the lane, which stays as long as this.
  std::atomic<LaneEnd*> only_{nullptr};
  uint32_t listeners_ = 0;
  size_t turn_ = 0;
  base::Spinner room_spinner_;
};

}  // namespace ipc
