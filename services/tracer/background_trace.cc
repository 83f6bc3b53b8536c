#include "services/tracer/background_trace.h"

#include <chrono>

#include "libipc/base/clock.h"
#include "services/tracer/pace.h"

namespace keyport {

absl::StatusOr<std::unique_ptr<BackgroundTrace>> BackgroundTrace::Start(
    ipc::Capability kernel, Report report) {
  absl::StatusOr<ipc::Capability> traced =
      kernel.Duplicate(ipc::kRightTraceMeta);
  if (!traced.ok()) return traced.status();
  absl::StatusOr<ipc::Tracer> tracer =
      ipc::Tracer::TraceAll(*std::move(traced));
  if (!tracer.ok()) return tracer.status();
  absl::StatusOr<ipc::Inspector> inspector =
      ipc::Inspector::Create(std::move(kernel));
  if (!inspector.ok()) return inspector.status();
  std::unique_ptr<BackgroundTrace> trace(new BackgroundTrace(
      *std::move(tracer), *std::move(inspector), std::move(report)));
  trace->names_.Refresh();
  trace->reported_ns_ = base::NowNs();
  trace->thread_ = std::thread([raw = trace.get()] { raw->Run(); });
  return trace;
}

BackgroundTrace::~BackgroundTrace() { Stop(); }

void BackgroundTrace::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stop_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BackgroundTrace::Run() {
  Pace pace;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    const int rest_ms = pace.NextMs(Drain());
    MaybeReport();
    lock.lock();
    stop_changed_.wait_for(lock, std::chrono::milliseconds(rest_ms),
                           [this] { return stop_; });
  }
}

uint64_t BackgroundTrace::Drain() {
  const auto drained = tracer_.Drain(
      [this](const ipc::TraceSource&, const ipc::TraceRecord& record) {
        summary_.Add(record);
      });
  return drained.value_or(0);
}

void BackgroundTrace::MaybeReport() {
  constexpr int64_t kReportNs = 2'000'000'000;
  const int64_t now = base::NowNs();
  if (!report_ || now - reported_ns_ < kReportNs) return;
  const uint64_t messages = summary_.messages();
  const uint64_t fresh = messages - reported_messages_;
  if (fresh > 0) {
    const double seconds = static_cast<double>(now - reported_ns_) / 1e9;
    report_({messages,
             static_cast<uint64_t>(static_cast<double>(fresh) / seconds),
             tracer_.lost()});
  }
  reported_ns_ = now;
  reported_messages_ = messages;
}

std::string BackgroundTrace::Finish() {
  Stop();
  while (Drain() > 0) {
  }
  names_.Refresh();
  return summary_.Text([this](uint64_t port) { return names_.Name(port); },
                       {tracer_.seen(), tracer_.lost()});
}

}  // namespace keyport
