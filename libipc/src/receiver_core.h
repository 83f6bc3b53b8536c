// ReceiverCore: the lanes of one listened port, and waiting on them.
//
// Few lanes: all are looked at in turn and slept on by futex. Many lanes, or a
// caller who polls the descriptor: a lane found empty is armed by its bell and
// left alone until it rings, so idle lanes cost nothing.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ipc/receiver.h"
#include "lane_bands.h"
#include "lane_end.h"

namespace ipc {

class ReceiverCore {
 public:
  static absl::StatusOr<std::shared_ptr<ReceiverCore>> Create(Capability port);
  ~ReceiverCore();

  absl::StatusOr<Message> Receive(Deadline deadline);
  absl::StatusOr<size_t> ReceiveBatch(std::span<Message> into,
                                      Deadline deadline);
  absl::StatusOr<size_t> ReceiveInPlace(
      absl::FunctionRef<void(const MessageInPlace&)> look, Deadline deadline,
      size_t most);
  int Descriptor();
  void Close();
  absl::StatusOr<Capability> Release();
  const Capability& capability() const { return capability_; }

 private:
  using LanePtr = std::shared_ptr<LaneEnd>;
  using StatePtr = Message::StatePtr;

  ReceiverCore(Capability port, uint64_t port_id);
  using Lanes = absl::flat_hash_map<uint64_t, LanePtr>;
  // Ends receiving here; the lanes end when listening does.
  Lanes EndHere();
  // With mutex_ held:
  void ProcessMail();
  void OpenLane(Answer& event);
  void RemoveLane(const LanePtr& lane);
  bool MayTryTake() {
    if (session_->HasNews() || mailbox_->HasMail()) return false;
    if (active_.empty() || unresolved_ != nullptr || ended_ != Error::ok)
      return false;
    return !bells_.load(std::memory_order_relaxed) ||
           ++taken_since_bells_ < BellsEvery();
  }
  int BellsEvery() const;
  StatePtr TryTakeInTurn();
  LaneBands::Found TryTakeInTurn(ActiveLanes& band, StatePtr* state);
  StatePtr TakeOne();
  StatePtr TakeOne(ActiveLanes& band);
  bool TurnToShow(ActiveLanes& band, size_t* passed);
  bool UseBells();
  void CollectBells();
  void CollectMail();
  void Activate(const LanePtr& lane);
  void NoteWaiting(bool waiting);
  Error Ended();
  // Without:
  StatePtr TryTake();
  // As Receive, where TryTake found nothing.
  absl::StatusOr<Message> Await(Deadline deadline);
  using Look = absl::FunctionRef<void(const MessageInPlace&)>;
  size_t TryShow(Look look, size_t most);
  // Unlocks `lock` while messages are looked at. Empty: the lane in front needs
  // the long way.
  std::optional<size_t> TryShow(ActiveLanes& band, Look look, size_t most,
                                std::unique_lock<base::BiasedMutex>& lock);
  bool ArmBells();
  bool PollAWhile();
  bool LooksReady();
  void SleepOnWords(uint32_t seen, int64_t deadline_ns);
  void SleepOnBells(int64_t deadline_ns);
  static void Deliver(Message::State& state) {
    TraceIfWanted(state);
    EnterFlow(state);
  }
  static void TraceIfWanted(Message::State& state) {
    if (state.lane != nullptr && state.lane->traced()) [[unlikely]]
      TraceTaken(state);
  }
  static void TraceTaken(Message::State& state);
  absl::Status Keep(StatePtr state);

  Capability capability_;
  const Handle handle_;  // for what is said of it, also after Close
  const std::shared_ptr<SessionCore> session_;
  const uint64_t port_id_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  base::Spinner spinner_;

  base::BiasedMutex mutex_;
  absl::flat_hash_map<uint64_t, LanePtr> lanes_;  // by lane id
  LaneBands active_;                              // those to look at
  StatePtr unresolved_;  // taken, but its loan could not be mapped
  int taken_since_bells_ = 0;
  bool banded_ = false;  // a lane of a higher band has come
  Error ended_ = Error::ok;
  bool releasing_ = false;  // it may go on yet
  bool waiting_noted_ = false;

  std::atomic<bool> closing_{false};
  std::atomic<bool> bells_{false};
  base::UniqueFd epoll_;
  base::UniqueFd event_;  // readable while messages may wait
  // Readable when a mailbox, the port's or a lane's, got mail.
  std::shared_ptr<const base::UniqueFd> mail_event_;
};

}  // namespace ipc
