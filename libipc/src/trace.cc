#include "ipc/trace.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "libipc/base/trace_clock.h"
#include "libipc/base/trace_filter.h"
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
                       {.options = payload ? abi::kTraceWithPayload : 0u,
                        .payload = std::as_bytes(std::span(&filter_, 1))});
    if (answer.error() != Error::ok)
      return StatusOfAnswer(how_, capability_.handle(), answer);
    tracing_ = answer.value(0);
    port_ = answer.value(1);
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
    for (Ring& ring : rings_) {
      const uint64_t orphans = ring.records.Drain([&](const auto& traced) {
        count += Show(ring.source, traced, sink) ? 1 : 0;
      });
      seen_ += orphans;
      passed_ += orphans;
    }
    if (!status.ok()) return status;
    return count;
  }

  uint64_t seen() const { return seen_; }
  uint64_t passed() const { return passed_; }
  uint64_t lost() const {
    uint64_t lost = 0;
    for (const Ring& ring : rings_) lost += ring.records.lost();
    return lost;
  }

 private:
  struct Ring {
    TraceSource source;
    TracedRing records;
  };

  static abi::TraceFilter FilterOf(const TraceOptions& options) {
    return {
        .snaplen = options.level == TraceLevel::kPayload ? options.snaplen : 0,
        .one_in = options.one_in,
        .bytes_min = options.bytes_min,
        .directions = options.directions,
        .errors_only = options.keeps == TraceKeeps::kErrors,
        .label_first = options.labels.first,
        .label_last = options.labels.last};
  }

  bool Show(const TraceSource& source, const TracedRing::Traced& traced,
            const PayloadSink& sink) {
    TraceRecord record = traced.record;
    record.interval_ns = clock_.LengthNs(record.time_ns, record.interval_ns);
    record.time_ns = clock_.NsOf(record.time_ns);
    // Older records belong to somebody else's tracing.
    if (record.time_ns < start_ns_) return false;
    seen_ += traced.records;
    passed_ += traced.records - 1;
    if (!Wants(source, record)) {
      ++passed_;
      return false;
    }
    TracedPayload payload = traced.payload;
    payload.bytes = payload.bytes.first(
        std::min<size_t>(payload.bytes.size(), filter_.snaplen));
    sink(source, record, payload);
    return true;
  }

  // Facts are few, and of everything.
  bool Wants(const TraceSource& source, const TraceRecord& record) const {
    if (source.process_id == 0) return true;
    return (port_ == 0 || record.port == port_) &&
           base::IsKept(record, filter_);
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
      source.pid = static_cast<int>(answer.value(2));
      const auto* text = reinterpret_cast<const char*>(answer.payload.data());
      source.name.assign(text, strnlen(text, answer.payload.size()));
      rings_.push_back({std::move(source), TracedRing(base::TraceRingReader(
                                               *std::move(half), from_))});
    }
  }

  const Capability capability_;
  const std::shared_ptr<SessionCore> session_;
  const abi::Syscall how_;
  const abi::TraceFilter filter_;
  const TraceLevel level_;
  const uint64_t start_ns_;
  uint64_t tracing_ = 0;  // 0: not begun
  uint64_t port_ = 0;     // 0: all
  base::TraceRingReader::From from_ = base::TraceRingReader::From::kOldest;
  base::TraceClock clock_;
  uint64_t last_place_ = 0;
  uint64_t seen_ = 0;
  uint64_t passed_ = 0;
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
uint64_t Tracer::seen() const { return core_->seen(); }
uint64_t Tracer::lost() const { return core_->lost(); }
uint64_t Tracer::passed() const { return core_->passed(); }

}  // namespace ipc
