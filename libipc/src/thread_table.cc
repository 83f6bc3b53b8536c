#include "thread_table.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <vector>

namespace ipc {
namespace {

constexpr uint32_t kNoSlot = abi::kThreadSlots;

template <typename T>
void Store(T& word, T value,
           std::memory_order order = std::memory_order_relaxed) {
  std::atomic_ref<T>(word).store(value, order);
}

// Others look at free slots meanwhile.
uint32_t NextChange(abi::ThreadSlot& slot) {
  return (std::atomic_ref<uint32_t>(slot.word).load(
              std::memory_order_relaxed) >>
          8) +
         1;
}

uint32_t WordOf(abi::ThreadState state) { return static_cast<uint32_t>(state); }

abi::ThreadTable* TableOf(const SessionCore& session) {
  return reinterpret_cast<abi::ThreadTable*>(
      reinterpret_cast<uint8_t*>(session.requests().control()) +
      abi::kThreadTableOffset);
}

// A thread's slot with one session; freed when the thread ends.
struct OwnSlot {
  std::weak_ptr<SessionCore> session;
  uint64_t serial = 0;
  uint32_t number = kNoSlot;

  OwnSlot() = default;
  OwnSlot(OwnSlot&& other) noexcept
      : session(std::move(other.session)),
        serial(other.serial),
        number(std::exchange(other.number, kNoSlot)) {}
  OwnSlot& operator=(OwnSlot&& other) noexcept {
    std::swap(session, other.session);
    std::swap(serial, other.serial);
    std::swap(number, other.number);
    return *this;
  }
  ~OwnSlot() {
    const auto alive = session.lock();
    if (alive == nullptr || serial == 0) return;
    abi::ThreadTable* table = TableOf(*alive);
    if (number == kNoSlot)
      std::atomic_ref<uint32_t>(table->beyond).fetch_sub(1);
    else
      Store(table->slots[number].word, WordOf(abi::ThreadState::none),
            std::memory_order_release);
  }
};

thread_local std::vector<OwnSlot> t_slots;

// Threads of this process race for free slots, nobody else writes them.
uint32_t TakeSlot(abi::ThreadTable* table) {
  for (uint32_t i = 0; i < abi::kThreadSlots; ++i) {
    abi::ThreadSlot& slot = table->slots[i];
    uint32_t free = WordOf(abi::ThreadState::none);
    if (!std::atomic_ref<uint32_t>(slot.word).compare_exchange_strong(
            free, WordOf(abi::ThreadState::changing)))
      continue;
    // Nothing of the thread that had it before.
    for (uint64_t* word :
         {&slot.lane, &slot.position, &slot.flow, &slot.since_ns, &slot.port})
      Store(*word, uint64_t{0});
    Store(slot.thread_id, static_cast<uint32_t>(syscall(SYS_gettid)));
    Store(slot.word, WordOf(abi::ThreadState::running),
          std::memory_order_release);
    std::atomic_ref<uint32_t> used(table->used);
    uint32_t seen = used.load();
    while (seen <= i && !used.compare_exchange_weak(seen, i + 1)) {
    }
    return i;
  }
  std::atomic_ref<uint32_t>(table->beyond).fetch_add(1);
  return kNoSlot;
}

uint32_t MySlot(const std::shared_ptr<SessionCore>& session) {
  for (const OwnSlot& own : t_slots)
    if (own.serial == session->serial()) return own.number;
  std::erase_if(t_slots,
                [](const OwnSlot& own) { return own.session.expired(); });
  OwnSlot own;
  own.session = session;
  own.serial = session->serial();
  own.number = TakeSlot(TableOf(*session));
  t_slots.push_back(std::move(own));
  return t_slots.back().number;
}

}  // namespace

void MakeReceiverKnown(const std::shared_ptr<SessionCore>& session,
                       uint64_t port) {
  t_known_receiver = {session->serial(), port};
  const uint32_t slot = MySlot(session);
  if (slot != kNoSlot) Store(TableOf(*session)->slots[slot].port, port);
}

ThreadSleeps::ThreadSleeps(const std::shared_ptr<SessionCore>& session,
                           const SleepingOn& what)
    : table_(TableOf(*session)),
      slot_(MySlot(session)),
      flight_(session, what) {
  if (slot_ == kNoSlot) return;
  abi::ThreadSlot& slot = table_->slots[slot_];
  const uint32_t next = NextChange(slot);
  // A call that looks for a deadlock meanwhile has waited all the time.
  const bool same_call =
      what.state == abi::ThreadState::calling && slot.lane == what.lane &&
      slot.position == what.position && slot.flow == what.flow;
  Store(slot.word, WordOf(abi::ThreadState::changing));
  std::atomic_thread_fence(std::memory_order_release);
  Store(slot.lane, what.lane);
  Store(slot.position, what.position);
  Store(slot.flow, what.flow);
  if (!same_call) Store(slot.since_ns, static_cast<uint64_t>(base::NowNs()));
  if (what.port != 0) Store(slot.port, what.port);
  Store(slot.word, next << 8 | WordOf(what.state), std::memory_order_release);
}

ThreadSleeps::~ThreadSleeps() {
  if (slot_ == kNoSlot) return;
  abi::ThreadSlot& slot = table_->slots[slot_];
  const uint32_t next = NextChange(slot);
  Store(slot.word, next << 8 | WordOf(abi::ThreadState::running),
        std::memory_order_release);
}

}  // namespace ipc
