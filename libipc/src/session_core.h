// SessionCore: the client's half of a session. Requests go out on the request
// ring, completions and events come in on the completion ring, descriptors on
// the socket. Whichever thread has to wait empties the completion ring for all
// ("pumps").
//
// session_core.cc   how it begins and ends
// session_calls.cc  calls going out, and waiting for their answers
// session_pump.cc   what comes in
// session_routes.cc which mailbox an event goes to
// session_sleep.cc  arming, sleeping, waking
//
//   Call() --request ring--> kernel process
//   Pump() <-completion ring-- answers -> the waiting call (Pending)
//                              events  -> a Mailbox (lane, receiver)
//
// Locks: what a pump runs (Mailbox::Post, the `then` of a Start) must never
// wait and takes only mutexes that nobody holds while waiting. A mutex that is
// held over a Call (connecting, attaching) is therefore never taken there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ipc/session.h"
#include "libipc/abi/requests.h"
#include "libipc/base/clock.h"
#include "libipc/base/futex.h"
#include "libipc/base/half.h"
#include "libipc/base/spinner.h"
#include "libipc/base/unique_fd.h"
#include "libipc/base/woken.h"
#include "spare_half.h"

namespace ipc {

// What the kernel process answered, or an event's content.
struct Answer {
  abi::Completion completion = {};
  std::vector<uint8_t> payload;
  std::vector<base::UniqueFd> descriptors;
  uint64_t position = 0;  // on the completion ring: later ones are larger

  Error error() const { return completion.error; }
  uint64_t value(int i) const { return completion.values[i]; }
  // Copies payload into `out` if it is long enough.
  template <typename T>
  bool Read(T* out, size_t offset = 0) const {
    if (payload.size() < offset + sizeof(T)) return false;
    std::memcpy(out, payload.data() + offset, sizeof(T));
    return true;
  }
};

// Takes what is in a mailbox although none of its threads looks. Locks: only
// mutexes that nobody holds while waiting.
class MailReader {
 public:
  virtual ~MailReader() = default;
  virtual void ProcessMail() = 0;
};

// Events for one object, kept until one of its threads looks.
class Mailbox {
 public:
  void Post(Answer event);
  // There is mail, though it may be empty: somebody has to look.
  void Remind() { has_mail_.store(true, std::memory_order_release); }
  bool HasMail() const { return has_mail_.load(std::memory_order_acquire); }
  std::vector<Answer> Take();
  // From now on a Post makes this eventfd readable: for those who sleep on
  // descriptors while another thread, or a wait set, empties the rings.
  void RingOnPost(std::shared_ptr<const base::UniqueFd> event);
  // Who reads it when it cannot wait. Said before it is known to a session.
  void ReadBy(std::weak_ptr<MailReader> reader) { reader_ = std::move(reader); }
  const std::weak_ptr<MailReader>& reader() const { return reader_; }

 private:
  std::weak_ptr<MailReader> reader_;
  std::mutex mutex_;
  std::vector<Answer> mail_;
  std::shared_ptr<const base::UniqueFd> event_;
  std::atomic<bool> has_mail_{false};
};

struct CallArguments {
  uint32_t options = 0;
  uint64_t args[4] = {};
  Bytes payload = {};
};

class SessionCore : public std::enable_shared_from_this<SessionCore> {
 public:
  static absl::StatusOr<std::shared_ptr<SessionCore>> Create(
      base::UniqueFd socket, std::string_view name);
  ~SessionCore();

  // Makes a call and waits for its answer. The answer's error is peer_closed
  // when the kernel process is gone, canceled when the session was closed,
  // timed_out when the deadline passed (the call itself may still happen).
  Answer Call(abi::Syscall call, Handle handle,
              const CallArguments& arguments = {},
              Deadline deadline = Deadline::Never());
  // A call that waits in the kernel process, ended there at the deadline. What
  // it was answered counts even when that crossed the deadline: nothing that
  // it took is lost. timed_out otherwise.
  Answer CallUntil(abi::Syscall call, Handle handle,
                   const CallArguments& arguments, Deadline deadline);
  // Makes a call whose answer nobody needs; never waits for it.
  void Post(abi::Syscall call, Handle handle,
            const CallArguments& arguments = {});
  // Makes a call whose answer nobody needs, or with the next pump if the ring
  // is full; never waits, so it may be called while answers are handed out.
  void Later(abi::Syscall call, Handle handle, uint64_t argument = 0);
  // The same for a call of a lane whose answer is mail, to be read soon.
  void LaterByMail(abi::Syscall call, Handle lane, uint64_t argument,
                   const std::shared_ptr<Mailbox>& mailbox);
  void CloseLater(Handle handle) { Later(abi::Syscall::handle_close, handle); }
  // The same for a call without handle and payload whose answer goes to `then`,
  // if not null.
  using Then = std::function<void(Answer)>;
  void LaterThen(abi::Syscall call, const CallArguments& arguments, Then then);
  // Makes a call whose answer goes to `then`, run by whoever pumps. Returns
  // its user_data; 0 when the session is over (`then` is not run).
  uint64_t Start(abi::Syscall call, Handle handle,
                 const CallArguments& arguments, Then then);

  // A half for the next lane that is made or opened here. Wanted, it is asked
  // for with the next request, or by AskForSpare. Never waits.
  void WantSpare() { spare_.Want(); }
  void AskForSpare();
  std::optional<MappedHalf> TakeSpare(uint64_t number) {
    return spare_.Take(number);
  }

  // Events of a lane (by handle) or a port (by object id) go to the mailbox.
  // While an Expect lives, events of objects not yet known are kept.
  void AddLane(Handle lane, std::weak_ptr<Mailbox> mailbox);
  void RemoveLane(Handle lane);
  // Events that came before `since`, the answer to port_listen, are an older
  // listening's and are not for this mailbox.
  void AddPort(uint64_t port, std::weak_ptr<Mailbox> mailbox,
               const Answer& since);
  void RemovePort(uint64_t port, const std::shared_ptr<Mailbox>& mailbox);
  class Expect {
   public:
    explicit Expect(SessionCore& core);
    ~Expect();

   private:
    SessionCore& core_;
  };

  // Is there anything on the completion ring? One load when not.
  bool HasNews() const {
    return completions_->tail().load(std::memory_order_acquire) !=
           consumed_.load(std::memory_order_acquire);
  }
  // No news, and it is not over.
  bool IsQuiet() const { return !HasNews() && over() == Error::ok; }
  // Is there anything that is not where it belongs yet, as another thread is at
  // it? Once not, all that the kernel process had said is in the mailboxes.
  bool HasUnrouted() const {
    return completions_->tail().load(std::memory_order_acquire) !=
           routed_.load(std::memory_order_acquire);
  }
  // Empties the completion ring, unless another thread is at it.
  void Pump();

  // Sleeping. Read epoch(), check what is waited for, then Sleep: it returns
  // at once if the epoch has changed or there is news. Returns when a word
  // changed or was woken, on news, at the deadline, or when the session ends.
  uint32_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  void Sleep(uint32_t epoch, std::span<const base::FutexWait> words,
             int64_t deadline_ns);
  // Wakes every sleeper of this session.
  void WakeAll();

  // Pollable waiting: the socket becomes readable when there is news.
  int socket() const { return socket_.get(); }
  void AddBellUser();
  void RemoveBellUser();
  void DrainBells();

  void Close();
  // Why the session is over, or ok.
  Error over() const { return over_.load(std::memory_order_acquire); }

  // Written here; its control page has the table of threads too.
  const base::Half& requests() const { return *requests_; }
  // Changes before contents that were mapped by this session are destroyed.
  uint32_t regions_destroyed() const {
    return std::atomic_ref<uint32_t>(completions_->words().regions_destroyed)
        .load(std::memory_order_acquire);
  }
  uint64_t session_id() const { return session_id_; }
  // Of this object in this process, never used again.
  uint64_t serial() const { return serial_; }
  // A session and its process have one id.
  uint64_t process_id() const { return session_id_; }
  Handle account() const { return account_; }
  absl::StatusOr<Capability> Take(std::string_view name);
  std::vector<NamedCapabilityInfo> names() const;

  // The first of so many flow ids that no other session uses.
  uint64_t NewFlows(uint64_t count);
  // Whether somebody traces a lane of this session at a rate: then flows that
  // begin get ranks.
  bool ranks_flows() const {
    return ranked_lanes_.load(std::memory_order_relaxed) != 0;
  }
  void AddRankedLanes(int count) {
    ranked_lanes_.fetch_add(count, std::memory_order_relaxed);
  }
  // For a second of a thread in which it begins flows.
  uint64_t NewFlowSecond() {
    return next_flow_second_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  // A sleeper looks this often whether the kernel process still lives: its
  // death changes no word that could wake it.
  static constexpr int64_t kLivenessNs = 1'000'000'000;

  struct Pending {
    Then then;
  };
  // A call that a thread waits for.
  struct Waiter {
    std::atomic<bool> done{false};
    Answer answer;
  };
  struct LaterCall {
    abi::Request request;
    Then then;  // null: nobody needs the answer
  };
  struct Named {
    NamedCapabilityInfo info;
    Handle handle = abi::kNoHandle;
  };

  SessionCore() = default;
  static uint64_t NextSerial() {
    static std::atomic<uint64_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
  }
  absl::Status Handshake(std::string_view name);
  void KeepNames(std::span<abi::NamedCapability> names);
  uint64_t StartFor(const std::shared_ptr<Waiter>& waiter, abi::Syscall call,
                    Handle handle, const CallArguments& arguments);
  // Whether it was answered by the deadline, or else is over. kPoll: the
  // answer may come at once.
  enum class Manner { kPoll, kSleep };
  bool Await(Waiter& waiter, int64_t deadline_ns, Manner manner);
  // Whether polling brought news.
  bool PollFor(const Waiter& waiter);
  bool Submit(const abi::Request& request, Bytes payload);
  void AddLater(LaterCall call);
  bool Put(const abi::Request& request, Bytes payload);
  void PutSpareLocked();
  void SubmitLater();
  void SubmitLaterLocked();
  void WakeKernel();
  void RingDoorbell();
  void PumpLocked();
  void Dispatch(Answer answer);
  void Route(Answer event);
  bool TakeDescriptors(uint64_t serial, std::vector<base::UniqueFd>* out);
  // Reads one message from the socket; false when there is none.
  bool ReadSocket();
  void Arm();
  void Disarm();
  void EndWith(Error why);

  // Constant after Create.
  base::UniqueFd socket_;
  std::shared_ptr<base::Half> requests_;     // written here
  std::shared_ptr<base::Half> completions_;  // written by the kernel process
  const uint64_t serial_ = NextSerial();
  uint64_t session_id_ = 0;
  Handle account_ = abi::kNoHandle;

  std::mutex submit_mutex_;
  base::RingWriter writer_;
  uint64_t next_user_data_ = 1;
  base::Woken rung_;  // the kernel process's arming that was rung already
  std::vector<LaterCall> later_;
  absl::flat_hash_map<uint64_t, Pending> pending_;

  std::mutex pump_mutex_;
  base::RingReader reader_;
  std::vector<std::weak_ptr<MailReader>> have_mail_;  // that cannot wait
  std::mutex socket_mutex_;
  absl::flat_hash_map<uint64_t, std::vector<base::UniqueFd>> arrived_;

  mutable std::mutex route_mutex_;
  absl::flat_hash_map<Handle, std::weak_ptr<Mailbox>> lanes_;
  absl::flat_hash_map<uint64_t, std::weak_ptr<Mailbox>> ports_;
  // Lanes that were opened here and not adopted yet, and what came for them.
  absl::flat_hash_map<Handle, std::vector<Answer>> announced_;
  std::vector<Answer> unclaimed_;
  int expected_ = 0;
  std::vector<Named> names_;

  base::Spinner polling_;
  SpareHalf spare_;

  std::mutex arm_mutex_;
  int sleepers_ = 0;
  int bell_users_ = 0;
  uint32_t arm_generation_ = 0;

  std::atomic<uint64_t> consumed_{0};
  std::atomic<uint64_t> routed_{0};
  std::atomic<uint32_t> epoch_{0};
  std::atomic<int> epoch_sleepers_{0};
  std::atomic<int> room_waiters_{0};
  std::atomic<Error> over_{Error::ok};
  std::atomic<uint64_t> next_flow_{1};
  std::atomic<int> ranked_lanes_{0};
  std::atomic<uint64_t> next_flow_second_{0};
};

// A sentence for a call that failed.
absl::Status StatusOfAnswer(abi::Syscall call, Handle handle,
                            const Answer& answer);

}  // namespace ipc
