// Tracing that goes on and off during a measurement.
#pragma once

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "bench/common/figures.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "ipc/trace.h"

namespace bench {

// Everything is traced while one lives. What the lanes hear of it they hear
// with their next message.
inline ipc::Tracer TraceAll(KernelProcess& kernel) {
  return Must(ipc::Tracer::TraceAll(kernel.NewKernel()));
}

// Waited for as long as may be, so that nothing is lost.
inline constexpr ipc::TraceOptions kLosslessly = {
    .wait = std::chrono::nanoseconds(ipc::abi::kTraceWaitMaxNs)};

// A tracer with a session of its own: none waits for itself.
class OtherTracer {
 public:
  explicit OtherTracer(KernelProcess& kernel,
                       const ipc::TraceOptions& options = {})
      : session_(NewSession(kernel)),
        tracer_(Must(
            ipc::Tracer::TraceAll(Must(session_.Take("kernel")), options))) {}
  void Drain() {
    Must(
        tracer_.Drain([](const ipc::TraceSource&, const ipc::TraceRecord&) {}));
  }
  const ipc::Tracer& tracer() const { return tracer_; }

 private:
  static ipc::Session NewSession(KernelProcess& kernel) {
    const ipc::Capability all = kernel.NewKernel();
    const ipc::InitialCapability initial[] = {{"kernel", &all}};
    return kernel.NewSession("tracer", initial);
  }

  ipc::Session session_;
  ipc::Tracer tracer_;
};

// A tracer that reads all there is, every 2 ms as keyport's does, from another
// thread.
class Reading {
 public:
  explicit Reading(KernelProcess& kernel, const ipc::TraceOptions& options = {})
      : tracer_(kernel, options), thread_([this] { Run(); }) {}
  // Records of messages that were seen, and those that were lost.
  struct Counts {
    uint64_t seen = 0;
    uint64_t lost = 0;
  };
  Counts End() {
    ending_.store(true);
    thread_.join();
    return {tracer_.tracer().seen(), tracer_.tracer().lost()};
  }

 private:
  void Run() {
    while (!ending_.load()) {
      tracer_.Drain();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    tracer_.Drain();
  }

  OtherTracer tracer_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

// Operations that fill a new trace ring once: its pages are there then.
inline constexpr int kRingFilled = 4'096;

// The same measured in turn with and without a tracer: the medians. `fill` does
// what is traced kRingFilled times.
struct OffAndOn {
  double off;
  double on;
};
template <typename Measure, typename Fill>
OffAndOn InTurn(KernelProcess& kernel, int slices, const Measure& measure,
                const Fill& fill) {
  std::vector<double> off;
  std::vector<double> on;
  for (int i = 0; i < slices; ++i) {
    off.push_back(measure());
    const ipc::Tracer tracer = TraceAll(kernel);
    fill();
    on.push_back(measure());
  }
  return {MedianOf(off), MedianOf(on)};
}

}  // namespace bench
