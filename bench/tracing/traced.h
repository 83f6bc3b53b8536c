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

// A tracer that reads all there is, every 2 ms as keyport's does, from another
// thread.
class Reading {
 public:
  explicit Reading(KernelProcess& kernel)
      : tracer_(TraceAll(kernel)), thread_([this] { Run(); }) {}
  // Records of messages that were seen, and those that were lost.
  struct Counts {
    uint64_t seen = 0;
    uint64_t lost = 0;
  };
  Counts End() {
    ending_.store(true);
    thread_.join();
    return {tracer_.seen(), tracer_.lost()};
  }

 private:
  void Drain() {
    Must(
        tracer_.Drain([](const ipc::TraceSource&, const ipc::TraceRecord&) {}));
  }
  void Run() {
    while (!ending_.load()) {
      Drain();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    Drain();
  }

  ipc::Tracer tracer_;
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
