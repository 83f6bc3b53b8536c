#include "ipc/trace.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libipc/base/flow_ranks.h"
#include "libipc/base/trace_clock.h"
#include "libipc/base/trace_filter.h"
#include "libipc/base/trace_heads.h"
#include "session_core.h"
#include "traced_ring.h"

namespace ipc {

class Tracer::Core {
 public:
  Core(Capability capability, abi::Syscall how, const TraceOptions& options)
      : capability_(std::move(capability)),
        session_(capability_.session()),
        how_(how),
        filter_(FilterOf(options)),
        level_(options.level),
        wait_ns_(options.wait.count()),
        start_ns_(static_cast<uint64_t>(base::NowNs())) {}
  ~Core() {
    if (tracing_ != 0)
      session_->Post(abi::Syscall::trace_end, abi::kNoHandle,
                     {.args = {tracing_}});
  }

  absl::Status Start() {
    const bool payload = level_ == TraceLevel::kPayload;
    const Answer answer =
        session_->Call(how_, capability_.handle(),
                       {.options = (payload ? abi::kTraceWithPayload : 0u) |
                                   (wait_ns_ != 0 ? abi::kTraceLossless : 0u),
                        .args = {static_cast<uint64_t>(wait_ns_)},
                        .payload = std::as_bytes(std::span(&filter_, 1))});
    if (answer.error() == Error::bad_state)
      return MakeStatus(Error::bad_state,
                        "the same is traced losslessly already, and services "
                        "wait for one tracer only; try again when that has "
                        "ended, or trace without");
    if (answer.error() == Error::quota_exceeded &&
        answer.value(1) == abi::kTraceLimitedMax)
      return MakeStatus(
          Error::quota_exceeded,
          absl::StrCat("the same is traced with ", abi::kTraceLimitedMax,
                       " kinds of other limits already, and "
                       "there are rings for no more; try again "
                       "when one of these has ended"));
    if (answer.error() != Error::ok)
      return StatusOfAnswer(how_, capability_.handle(), answer);
    tracing_ = answer.value(0);
    port_ = answer.value(1);
    answer.Read(&filter_);
    if (wait_ns_ != 0)
      if (absl::Status status = MapHeads(answer); !status.ok()) return status;
    // Rings there are now hold older tracing's records; those found later are
    // this one's from their first record on.
    absl::Status status = FindRings();
    for (Ring& ring : rings_)
      ring.records.Pass([this](const TraceRecord& record) {
        return clock_.NsOf(record.time_ns) < start_ns_;
      });
    from_ = base::TraceRingReader::From::kFirst;
    return status;
  }

  absl::StatusOr<uint64_t> Drain(const PayloadSink& sink) {
    // What was written before the tracing was over is still handed out.
    const absl::Status status = FindRings();
    clock_.Look();
    uint64_t count = 0;
    const auto take = [&](Ring& ring, auto read) {
      orphans_ += read([&](const TracedRing::Traced& traced) {
        count += Show(ring, traced, sink) ? 1 : 0;
      });
    };
    if (heads_) {
      // Until all that there was is out, once round each ring at most. What was
      // left to be handed out goes also where nothing more comes.
      bool some = true;
      for (int round = 0; round <= kRoundsOfARing && some; ++round) {
        some = FetchSome();
        for (Ring& ring : rings_)
          take(ring, [&](auto show) { return ring.records.Hand(show); });
      }
    } else {
      for (Ring& ring : rings_)
        take(ring, [&](auto show) { return ring.records.Drain(show); });
    }
    if (!status.ok()) return status;
    return count;
  }

  const abi::TraceFilter& filter() const { return filter_; }
  uint64_t seen() const { return seen_; }
  uint64_t passed() const { return passed_; }
  uint64_t lost() const {
    uint64_t lost = orphans_;
    for (const Ring& ring : rings_) lost += ring.records.lost();
    return lost;
  }
  Waits waits() const {
    Waits sum;
    if (!heads_) return sum;
    // Claims: no thread waits longer than there was time to.
    const auto longest = static_cast<uint64_t>(base::NowNs()) - start_ns_;
    for (const Ring& ring : rings_) {
      const abi::TraceWaits waits = ring.records.waits();
      sum.waits += std::min(waits.waits, longest);
      sum.in_vain += std::min(waits.in_vain, longest);
      sum.waited += std::chrono::nanoseconds(
          static_cast<int64_t>(std::min(waits.waited_ns, longest)));
    }
    return sum;
  }

 private:
  struct Ring {
    TraceSource source;
    TracedRing records;
    uint32_t slot = 0;  // of the heads; 0: its writer does not wait
    std::unique_ptr<base::FlowPlaces> places;  // of a tracing at a rate
  };

  absl::Status MapHeads(const Answer& begun) {
    auto heads = begun.descriptors.size() == 1
                     ? base::TraceHeadsWords::Map(begun.descriptors[0].get())
                     : Error::invalid_args;
    if (!heads.ok())
      return MakeStatus(heads.error(),
                        "the memory for a lossless tracing cannot be mapped");
    heads_ = *std::move(heads);
    const Answer ready = session_->Call(abi::Syscall::trace_ready,
                                        abi::kNoHandle, {.args = {tracing_}});
    if (ready.error() == Error::ok) return absl::OkStatus();
    return StatusOfAnswer(abi::Syscall::trace_ready, 0, ready);
  }

  // A part of each ring, which is free for its writer before anything is made
  // of the records: that may take long. False: there was nothing.
  bool FetchSome() {
    bool any = false;
    for (Ring& ring : rings_) {
      any = ring.records.Fetch(kRecordsOfARound) || any;
      if (ring.slot != 0)
        heads_->Announce(ring.slot, ring.records.position(),
                         ring.records.half());
    }
    return any;
  }

  // A slot belongs to the ring that was found in it last.
  uint32_t TakeSlot(uint32_t slot, uint64_t ring_id) {
    if (!heads_ || slot == 0 || slot >= abi::kTraceHeads) return 0;
    for (Ring& ring : rings_)
      if (ring.slot == slot) ring.slot = 0;
    heads_->Begin(slot, ring_id);
    return slot;
  }

  // As much as a writer waits for (base::TraceRoom).
  static constexpr int kRoundsOfARing = 8;
  static constexpr uint64_t kRecordsOfARound =
      abi::kTraceRingBytes / sizeof(TraceRecord) / kRoundsOfARing;

  static abi::TraceFilter FilterOf(const TraceOptions& options) {
    return {
        .snaplen = options.level == TraceLevel::kPayload ? options.snaplen : 0,
        .one_in = options.one_in,
        .bytes_min = options.bytes_min,
        .directions = options.directions,
        .errors_only = options.keeps == TraceKeeps::kErrors,
        .label_first = options.labels.first,
        .label_last = options.labels.last,
        .rate = options.rate};
  }

  bool Show(Ring& ring, const TracedRing::Traced& traced,
            const PayloadSink& sink) {
    TraceRecord record = traced.record;
    record.interval_ns = clock_.LengthNs(record.time_ns, record.interval_ns);
    record.time_ns = clock_.NsOf(record.time_ns);
    // Older records belong to somebody else's tracing.
    if (record.time_ns < start_ns_) return false;
    seen_ += traced.records;
    passed_ += traced.records - 1;
    if (!Wants(ring, record)) {
      ++passed_;
      return false;
    }
    TracedPayload payload = traced.payload;
    payload.bytes = payload.bytes.first(
        std::min<size_t>(payload.bytes.size(), filter_.snaplen));
    payload.ticks = base::TicksIn(traced.record.time_ns);
    payload.parts = traced.records - 1;
    sink(ring.source, record, payload);
    return true;
  }

  // Facts are few, and of everything.
  bool Wants(Ring& ring, const TraceRecord& record) const {
    if (ring.source.process_id == 0) return true;
    const auto second = [&] { return record.time_ns / 1'000'000'000; };
    return (port_ == 0 || record.port == port_) &&
           base::IsKept(record, filter_) &&
           (ring.places == nullptr ||
            base::IsWithinRate(record.flow, filter_.rate, *ring.places,
                               second));
  }

  absl::Status FindRings() {
    while (true) {
      const Answer answer =
          session_->Call(abi::Syscall::trace_next, abi::kNoHandle,
                         {.args = {last_place_, tracing_}});
      if (answer.error() == Error::not_found) return absl::OkStatus();
      if (answer.error() == Error::revoked || answer.error() == Error::canceled)
        return MakeStatus(answer.error(),
                          "the tracing is over: the capability that it was "
                          "begun with was revoked, or closed");
      if (answer.error() != Error::ok)
        return StatusOfAnswer(abi::Syscall::trace_next, 0, answer);
      if (answer.descriptors.size() != 1) {
        last_place_ = answer.value(0);
        continue;
      }
      auto half = base::Half::Map(answer.descriptors[0].get(),
                                  abi::kTraceRingBytes, 0, base::Access::kRead);
      // It stays where it is, to be asked for again.
      if (!half.ok())
        return MakeStatus(Error::quota_exceeded,
                          "a trace ring cannot be mapped: there is no address "
                          "space, or no room for another mapping; trace fewer "
                          "threads, or begin anew");
      last_place_ = answer.value(0);
      TraceSource source;
      source.process_id = answer.value(1);
      source.pid = static_cast<int>(static_cast<uint32_t>(answer.value(2)));
      const auto* text = reinterpret_cast<const char*>(answer.payload.data());
      source.name.assign(text, strnlen(text, answer.payload.size()));
      const uint32_t slot = TakeSlot(
          static_cast<uint32_t>(answer.value(2) >> 32), answer.value(3));
      rings_.push_back(
          {std::move(source),
           TracedRing(base::TraceRingReader(*std::move(half), from_)), slot,
           filter_.rate != 0 ? std::make_unique<base::FlowPlaces>() : nullptr});
    }
  }

  const Capability capability_;
  const std::shared_ptr<SessionCore> session_;
  const abi::Syscall how_;
  abi::TraceFilter filter_;
  const TraceLevel level_;
  const int64_t wait_ns_;  // 0: not lossless
  const uint64_t start_ns_;
  uint64_t tracing_ = 0;  // 0: not begun
  uint64_t port_ = 0;     // 0: all
  base::TraceRingReader::From from_ = base::TraceRingReader::From::kOldest;
  base::TraceClock clock_;
  std::optional<base::TraceHeadsWords> heads_;
  uint64_t last_place_ = 0;
  uint64_t seen_ = 0;
  uint64_t passed_ = 0;
  uint64_t orphans_ = 0;  // parts of payloads whose records were lost
  std::vector<Ring> rings_;
};

absl::StatusOr<std::vector<TracerEntry>> TracersOf(const Capability& port) {
  constexpr auto kCall = abi::Syscall::port_tracers;
  const Answer answer = port.session()->Call(kCall, port.handle());
  if (answer.error() != Error::ok)
    return StatusOfAnswer(kCall, port.handle(), answer);
  std::vector<TracerEntry> tracers(answer.payload.size() / sizeof(TracerEntry));
  if (!tracers.empty())
    std::memcpy(tracers.data(), answer.payload.data(),
                tracers.size() * sizeof(TracerEntry));
  return tracers;
}

Tracer::Tracer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() = default;

absl::StatusOr<Tracer> Tracer::TraceAll(Capability kernel,
                                        const TraceOptions& options) {
  auto core = std::make_unique<Core>(std::move(kernel), abi::Syscall::trace_all,
                                     options);
  if (absl::Status status = core->Start(); !status.ok()) return status;
  return Tracer(std::move(core));
}

absl::StatusOr<Tracer> Tracer::TracePort(Capability port,
                                         const TraceOptions& options) {
  auto core = std::make_unique<Core>(std::move(port), abi::Syscall::trace_port,
                                     options);
  if (absl::Status status = core->Start(); !status.ok()) return status;
  return Tracer(std::move(core));
}

absl::StatusOr<uint64_t> Tracer::Drain(const Sink& sink) {
  return core_->Drain([&](const TraceSource& source, const TraceRecord& record,
                          const TracedPayload&) { sink(source, record); });
}
absl::StatusOr<uint64_t> Tracer::Drain(const PayloadSink& sink) {
  return core_->Drain(sink);
}
const abi::TraceFilter& Tracer::filter() const { return core_->filter(); }
uint64_t Tracer::seen() const { return core_->seen(); }
uint64_t Tracer::lost() const { return core_->lost(); }
uint64_t Tracer::passed() const { return core_->passed(); }
Tracer::Waits Tracer::waits() const { return core_->waits(); }

}  // namespace ipc
