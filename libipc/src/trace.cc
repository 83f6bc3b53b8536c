#include "ipc/trace.h"

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "libipc/base/trace_ring.h"
#include "session_core.h"

namespace ipc {

class Tracer::Core {
 public:
  Core(Capability capability, abi::Syscall how)
      : capability_(std::move(capability)),
        session_(capability_.session()),
        how_(how),
        start_ns_(static_cast<uint64_t>(base::NowNs())) {}
  ~Core() {
    if (on_) session_->Post(how_, capability_.handle());
  }

  absl::Status Start() {
    const Answer answer =
        session_->Call(how_, capability_.handle(), {.options = 1});
    if (answer.error() != Error::ok)
      return StatusOfAnswer(how_, capability_.handle(), answer);
    on_ = true;
    // Rings there are now hold older tracing's records; those found later are
    // this one's from their first record on.
    absl::Status status = FindRings();
    from_ = base::TraceRingReader::From::kFirst;
    return status;
  }

  absl::StatusOr<uint64_t> Drain(const Sink& sink) {
    if (absl::Status status = FindRings(); !status.ok()) return status;
    uint64_t count = 0;
    for (Ring& ring : rings_) {
      ring.reader.Drain([&](const TraceRecord& record) {
        // Older records belong to somebody else's tracing.
        if (record.time_ns < start_ns_) return;
        ++count;
        sink(ring.source, record);
      });
    }
    seen_ += count;
    return count;
  }

  uint64_t seen() const { return seen_; }
  uint64_t lost() const {
    uint64_t lost = 0;
    for (const Ring& ring : rings_) lost += ring.reader.lost();
    return lost;
  }

 private:
  struct Ring {
    TraceSource source;
    base::TraceRingReader reader;
  };

  absl::Status FindRings() {
    while (true) {
      const Answer answer = session_->Call(
          abi::Syscall::trace_next, abi::kNoHandle, {.args = {last_place_}});
      if (answer.error() == Error::not_found) return absl::OkStatus();
      if (answer.error() != Error::ok)
        return StatusOfAnswer(abi::Syscall::trace_next, 0, answer);
      last_place_ = answer.value(0);
      if (answer.descriptors.size() != 1 || known_.contains(answer.value(3)))
        continue;
      auto half = base::Half::Map(answer.descriptors[0].get(),
                                  abi::kTraceRingBytes, 0, base::Access::kRead);
      if (!half.ok()) continue;
      known_.insert(answer.value(3));
      TraceSource source;
      source.process_id = answer.value(1);
      source.pid = static_cast<int>(answer.value(2));
      const auto* text = reinterpret_cast<const char*>(answer.payload.data());
      source.name.assign(text, strnlen(text, answer.payload.size()));
      rings_.push_back(
          {std::move(source), base::TraceRingReader(*std::move(half), from_)});
    }
  }

  const Capability capability_;
  const std::shared_ptr<SessionCore> session_;
  const abi::Syscall how_;
  const uint64_t start_ns_;
  bool on_ = false;
  base::TraceRingReader::From from_ = base::TraceRingReader::From::kOldest;
  uint64_t last_place_ = 0;
  absl::flat_hash_set<uint64_t> known_;  // rings
  uint64_t seen_ = 0;
  std::vector<Ring> rings_;
};

Tracer::Tracer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() = default;

absl::StatusOr<Tracer> Tracer::TraceAll(Capability kernel) {
  auto core =
      std::make_unique<Core>(std::move(kernel), abi::Syscall::trace_all);
  if (absl::Status status = core->Start(); !status.ok()) return status;
  return Tracer(std::move(core));
}

absl::StatusOr<Tracer> Tracer::TracePort(Capability port) {
  auto core = std::make_unique<Core>(std::move(port), abi::Syscall::trace_port);
  if (absl::Status status = core->Start(); !status.ok()) return status;
  return Tracer(std::move(core));
}

absl::StatusOr<uint64_t> Tracer::Drain(const Sink& sink) {
  return core_->Drain(sink);
}
uint64_t Tracer::seen() const { return core_->seen(); }
uint64_t Tracer::lost() const { return core_->lost(); }

}  // namespace ipc
