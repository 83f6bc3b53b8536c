#include "flight_recorder.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "libipc/abi/flight.h"
#include "libipc/base/trace_ring.h"
#include "session_core.h"
#include "thread_table.h"

namespace ipc {
namespace {

// Records that are kept until the ring is there.
constexpr size_t kEarlyMax = 64;

// A ring that was asked for: the answer comes to whoever pumps, the thread may
// have ended by then.
struct AskedRing {
  enum class State { kAsked, kAnswered, kAbandoned };
  std::atomic<State> state{State::kAsked};
  Answer answer;  // once kAnswered
};

void EndRing(SessionCore& session, const Answer& grant) {
  if (grant.error() == Error::ok)
    session.LaterThen(
        abi::Syscall::flight_ring,
        {.options = abi::kFlightRingEnd, .args = {grant.value(0)}}, {});
}

}  // namespace

// A thread's ring with one session. Given back when the thread ends.
struct FlightRing {
  explicit FlightRing(const std::shared_ptr<SessionCore>& of)
      : session(of), serial(of->serial()) {}
  FlightRing(const FlightRing&) = delete;
  FlightRing& operator=(const FlightRing&) = delete;
  ~FlightRing();

  void Ask(const std::shared_ptr<SessionCore>& from);
  void Adopt();
  void Write(const abi::TraceRecord& record);
  // Writes what is put off: the thread does something else now.
  void WriteWake() {
    if (wake.kind != 0) Append(std::exchange(wake, {}));
  }
  bool writes() const { return writer != nullptr || asked != nullptr; }

  const std::weak_ptr<SessionCore> session;
  const uint64_t serial;
  const pid_t process = getpid();
  std::shared_ptr<AskedRing> asked;  // until it was adopted
  uint64_t number = 0;
  std::unique_ptr<base::TraceRingWriter> writer;  // null: none was granted
  std::vector<abi::TraceRecord> early;            // until it is there
  // Who goes on only to sleep on the same again has not gone on. Kind none: it
  // is written.
  abi::TraceRecord wake = {};

 private:
  void Append(const abi::TraceRecord& record);
};

namespace {

using Rings = std::vector<std::unique_ptr<FlightRing>>;

// Null before the first sleep and, for what runs then, when the thread ends.
constinit thread_local Rings* t_rings = nullptr;
constinit thread_local bool t_ends = false;

struct OwnRings {
  OwnRings() { t_rings = &rings; }
  ~OwnRings() {
    t_rings = nullptr;
    t_ends = true;
    t_flight_due = 0;
  }
  Rings rings;
};

uint64_t Now() { return static_cast<uint64_t>(base::NowNs()); }

FlightRing* Find(const SessionCore& session) {
  if (t_rings == nullptr) return nullptr;
  for (const auto& ring : *t_rings)
    if (ring->serial == session.serial()) return ring.get();
  return nullptr;
}

FlightRing* FindOrAsk(const std::shared_ptr<SessionCore>& session) {
  if (t_ends) return nullptr;
  thread_local OwnRings own;
  if (FlightRing* ring = Find(*session); ring != nullptr) return ring;
  std::erase_if(own.rings,
                [](const auto& ring) { return ring->session.expired(); });
  own.rings.push_back(std::make_unique<FlightRing>(session));
  own.rings.back()->Ask(session);
  return own.rings.back().get();
}

}  // namespace

FlightRing::~FlightRing() {
  // After a fork the session is the parent's, and so is the memory: what lies
  // at its address here is something else, and not to be unmapped.
  if (process != getpid()) {
    (void)writer.release();
    return;
  }
  const auto alive = session.lock();
  if (alive == nullptr) return;
  auto asked_yet = AskedRing::State::kAsked;
  if (writer != nullptr)
    alive->LaterThen(abi::Syscall::flight_ring,
                     {.options = abi::kFlightRingEnd, .args = {number}}, {});
  else if (asked != nullptr && !asked->state.compare_exchange_strong(
                                   asked_yet, AskedRing::State::kAbandoned))
    EndRing(*alive, asked->answer);
}

void FlightRing::Ask(const std::shared_ptr<SessionCore>& from) {
  asked = std::make_shared<AskedRing>();
  const auto thread_id = static_cast<uint64_t>(syscall(SYS_gettid));
  // The session runs this, so it is alive then; it must not be kept by it.
  from->LaterThen(abi::Syscall::flight_ring,
                  {.options = abi::kFlightRingGrant, .args = {0, thread_id}},
                  [of = asked, alive = from.get()](Answer answer) {
                    of->answer = std::move(answer);
                    auto asked_yet = AskedRing::State::kAsked;
                    if (!of->state.compare_exchange_strong(
                            asked_yet, AskedRing::State::kAnswered))
                      EndRing(*alive, of->answer);
                  });
}

void FlightRing::Adopt() {
  if (asked == nullptr || asked->state.load(std::memory_order_acquire) !=
                              AskedRing::State::kAnswered)
    return;
  const Answer grant = std::move(asked->answer);
  asked = nullptr;
  const auto alive = session.lock();
  if (alive == nullptr || grant.error() != Error::ok) return;
  if (grant.descriptors.size() == 1 &&
      grant.value(1) == abi::kFlightRingBytes) {
    auto half =
        base::Half::Map(grant.descriptors[0].get(), abi::kFlightRingBytes, 0,
                        base::Access::kReadWrite);
    if (half.ok())
      writer = std::make_unique<base::TraceRingWriter>(*std::move(half));
  }
  if (writer == nullptr) return EndRing(*alive, grant);
  for (const abi::TraceRecord& record : early) writer->Append(record);
  early = {};
  number = grant.value(0);
  alive->LaterThen(abi::Syscall::flight_ring,
                   {.options = abi::kFlightRingReady, .args = {number}}, {});
}

void FlightRing::Append(const abi::TraceRecord& record) {
  if (writer == nullptr) Adopt();
  if (writer != nullptr)
    writer->Append(record);
  else if (asked != nullptr && early.size() < kEarlyMax)
    early.push_back(record);
}

void FlightRing::Write(const abi::TraceRecord& record) {
  WriteWake();
  Append(record);
}

void FlightIsDueAgain() {
  if (t_rings == nullptr || t_flight_due != 0) return;
  for (const auto& ring : *t_rings)
    if (ring->writer != nullptr) t_flight_due = 1;
}

void AnswerIsDue(const std::shared_ptr<SessionCore>& session) {
  if (t_flight_due != 0) return;
  const FlightRing* const ring = FindOrAsk(session);
  if (ring != nullptr && ring->writes()) t_flight_due = 1;
}

void WriteFlight(const SessionCore& session, abi::TraceRecord record) {
  FlightRing* const ring = Find(session);
  if (ring == nullptr || !ring->writes()) return;
  record.time_ns = Now();
  ring->Write(record);
}

FlightSleep::FlightSleep(const std::shared_ptr<SessionCore>& session,
                         const SleepingOn& what)
    : ring_(FindOrAsk(session)) {
  if (ring_ == nullptr) return;
  if (ring_->writer == nullptr) ring_->Adopt();
  if (!ring_->writes()) return;
  record_.kind = static_cast<uint16_t>(abi::TraceKind::wait);
  record_.label = static_cast<uint32_t>(what.state);
  record_.flow = what.flow;
  record_.lane = what.lane;
  record_.port = what.lane_port != 0 ? what.lane_port : what.port;
  const abi::TraceRecord& last = ring_->wake;
  if (last.kind != 0 && last.label == record_.label &&
      last.flow == record_.flow && last.lane == record_.lane &&
      last.port == record_.port) {
    record_.time_ns = last.time_ns - last.interval_ns;
    ring_->wake = {};
    return;
  }
  record_.time_ns = Now();
  ring_->Write(record_);
}

FlightSleep::~FlightSleep() {
  if (record_.kind == 0) return;
  const uint64_t now = Now();
  record_.kind = static_cast<uint16_t>(abi::TraceKind::wake);
  record_.interval_ns = now - record_.time_ns;
  record_.time_ns = now;
  ring_->wake = record_;
  if (ring_->writer == nullptr) ring_->Adopt();
  if (ring_->writes()) t_flight_due = kFlightMessages;
}

}  // namespace ipc
