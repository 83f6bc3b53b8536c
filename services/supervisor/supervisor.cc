#include "services/supervisor/supervisor.h"

#include <poll.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "libipc/base/clock.h"
#include "services/common/stop_signals.h"
#include "services/common/text_table.h"
#include "services/supervisor/kernel_process.h"
#include "services/supervisor/wiring.h"

namespace keyport {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kPatienceNs = 3'000'000'000;

struct Service {
  Child child;
  BackOff back_off;
  int64_t start_at_ns = 0;  // a planned start; the first is due at once
  bool done = false;        // a job that exited
  bool failed = false;      // how it ended last
};

class Supervisor {
 public:
  explicit Supervisor(const SupervisorOptions& options)
      : options_(options),
        output_(NameWidth(options.instances), options.colour,
                options.services_to),
        end_(options.observer == nullptr ? -1
                                         : options.observer->end_descriptor()),
        services_(options.instances.size()) {
    for (size_t i = 0; i < services_.size(); ++i)
      if (!IsProgram(i)) services_[i].start_at_ns = kNever;
  }

  int Run() {
    const absl::Status started = Start();
    if (!started.ok()) {
      output_.Say(std::string(started.message()));
      Stop(1);
      EndKernel();
      return exit_code_;
    }
    while (AnyRunning() || !stopping_) Turn();
    if (options_.observer != nullptr) options_.observer->ServicesEnded();
    EndKernel();
    return exit_code_;
  }

 private:
  const ServiceSpec& Spec(size_t i) const {
    return options_.manifest.services[options_.instances[i].service];
  }
  bool IsProgram(size_t i) const {
    return options_.instances[i].run_by == RunBy::kProgram;
  }

  // ---- Starting

  absl::Status Start() {
    absl::StatusOr<KernelProcess> kernel =
        StartKernelProcess(options_.kernel_program, options_.socket_path);
    if (!kernel.ok()) return kernel.status();
    kernel_ = std::move(kernel->child);
    absl::StatusOr<ipc::Session> session =
        ipc::Session::Adopt(std::move(kernel->session_socket), "supervisor");
    if (!session.ok()) return session.status();
    session_ = std::make_unique<ipc::Session>(*std::move(session));
    return Wire();
  }

  absl::Status Wire() {
    absl::StatusOr<Wiring> wiring =
        Wiring::Create(*session_, options_.manifest, options_.instances);
    if (!wiring.ok()) return wiring.status();
    wiring_.emplace(*std::move(wiring));
    output_.Say("graph " + options_.manifest.name + " runs; its socket is " +
                options_.socket_path);
    if (options_.observer == nullptr) return absl::OkStatus();
    return Introduce(options_.observer, &*wiring_, options_.instances);
  }

  void StartService(size_t i) {
    services_[i].start_at_ns = kNever;
    services_[i].back_off.Started(base::NowNs());
    absl::StatusOr<Child> child = wiring_->Start(i);
    if (child.ok()) {
      services_[i].child = *std::move(child);
      return;
    }
    output_.Say(options_.instances[i].name + " could not be started: " +
                std::string(child.status().message()));
    Ended(i, {Ending::How::kExit, 127});
  }

  // ---- One turn of the loop

  void Turn() {
    std::vector<pollfd> entries = {{signals_.descriptor(), POLLIN, 0},
                                   {kernel_.pidfd(), POLLIN, 0},
                                   {kernel_.output(), POLLIN, 0},
                                   {stopping_ ? -1 : end_, POLLIN, 0}};
    for (const Service& service : services_) {
      entries.push_back({service.child.pidfd(), POLLIN, 0});
      entries.push_back({service.child.output(), POLLIN, 0});
    }
    poll(entries.data(), entries.size(), TimeoutMs());
    if (const int signal = signals_.Take()) OnSignal(signal);
    if (entries[2].revents != 0) kernel_.ReadOutput(KernelSink());
    if (entries[1].revents != 0) OnKernelEnd();
    if (entries[3].revents != 0) Stop(0);
    for (size_t i = 0; i < services_.size(); ++i) {
      if (entries[4 + 2 * i].revents != 0)
        OnServiceEnd(i);
      else if (entries[5 + 2 * i].revents != 0)
        services_[i].child.ReadOutput(Sink(i));
    }
    OnTime();
  }

  int TimeoutMs() const {
    int64_t next = kill_at_ns_;
    for (const Service& service : services_)
      next = std::min(next, service.start_at_ns);
    if (next == kNever) return -1;
    const int64_t left = next - base::NowNs();
    return left <= 0 ? 0 : static_cast<int>(left / 1'000'000 + 1);
  }

  void OnTime() {
    const int64_t now = base::NowNs();
    if (now >= kill_at_ns_) {
      kill_at_ns_ = kNever;
      EndServices(SIGKILL);
    }
    for (size_t i = 0; i < services_.size(); ++i)
      if (!stopping_ && now >= services_[i].start_at_ns) StartService(i);
  }

  // ---- What happened

  void OnSignal(int signal) {
    if (stopping_) {  // a second one: no more patience
      impatient_ = true;
      kill_at_ns_ = 0;
      return;
    }
    const bool has_job = std::any_of(
        options_.manifest.services.begin(), options_.manifest.services.end(),
        [](const ServiceSpec& spec) { return spec.role == Role::kJob; });
    output_.Say("ending the graph");
    Stop(has_job ? 128 + signal : 0);
  }

  void OnKernelEnd() {
    if (!kernel_.running()) return;
    const Ending ending = kernel_.Reap(KernelSink());
    output_.Say("the kernel process " + ending.Text() +
                "; without it no service can go on");
    Stop(1);
    if (!tracers_told_) kill_at_ns_ = 0;
  }

  void OnServiceEnd(size_t i) {
    if (!services_[i].child.running()) return;
    const Ending ending = services_[i].child.Reap(Sink(i));
    wiring_->Exited(i, ending);
    Ended(i, ending);
  }

  void Ended(size_t i, const Ending& ending) {
    if (stopping_) return EndTracers();
    Service& service = services_[i];
    const std::string& name = options_.instances[i].name;
    service.failed = !ending.good();
    switch (AfterEnd(Spec(i), ending)) {
      case NextStep::kStart: {
        const int64_t now = base::NowNs();
        const int64_t delay = service.back_off.NextDelay(now);
        service.start_at_ns = now + delay;
        output_.Say(name + " " + ending.Text() + "; starting it again in " +
                    DurationText(static_cast<uint64_t>(delay)));
        return;
      }
      case NextStep::kStayDead:
        if (service.failed) output_.Say(name + " " + ending.Text());
        return StopIfNothingIsLeft();
      case NextStep::kEndGraph:
        service.done = true;
        return JobEnded(name, ending);
    }
  }

  // The graph ends with its last job, or with the first that failed.
  void JobEnded(const std::string& name, const Ending& ending) {
    if (!ending.good()) {
      output_.Say(name + " " + ending.Text() + "; ending the graph");
      return Stop(ending.ExitCode());
    }
    for (size_t i = 0; i < services_.size(); ++i)
      if (Spec(i).role == Role::kJob && !services_[i].done) return;
    Stop(0);
  }

  void StopIfNothingIsLeft() {
    bool failed = false;
    for (size_t i = 0; i < services_.size(); ++i) {
      failed |= services_[i].failed && !services_[i].child.running();
      // Nor does a replay keep it alive, which would wait for answers.
      if (IsTracer(i) || !IsProgram(i)) continue;
      if (services_[i].child.running() || services_[i].start_at_ns != kNever)
        return;
    }
    output_.Say("no service is left; ending the graph");
    Stop(failed ? 1 : 0);
  }

  // ---- Ending

  // The first reason to stop decides the exit code.
  void Stop(int exit_code) {
    if (stopping_) return;
    stopping_ = true;
    exit_code_ = exit_code;
    kill_at_ns_ = base::NowNs() + kPatienceNs;
    for (Service& service : services_) service.start_at_ns = kNever;
    EndServices(SIGTERM);
    EndTracers();
  }

  // Tracers come last: they record what the others do to their end.
  bool IsTracer(size_t i) const { return Spec(i).traces.any(); }

  void EndServices(int number) {
    const bool all = tracers_told_ || impatient_;
    for (size_t i = 0; i < services_.size(); ++i)
      if (all || !IsTracer(i)) services_[i].child.Signal(number);
  }

  void EndTracers() {
    for (size_t i = 0; i < services_.size(); ++i)
      if (!IsTracer(i) && services_[i].child.running()) return;
    if (std::exchange(tracers_told_, true)) return;
    kill_at_ns_ = impatient_ ? 0 : base::NowNs() + kPatienceNs;
    EndServices(SIGTERM);
  }

  bool AnyRunning() const {
    return std::any_of(
        services_.begin(), services_.end(),
        [](const Service& service) { return service.child.running(); });
  }

  // The kernel process ends with its root session; it gets the same patience.
  void EndKernel() {
    wiring_.reset();
    if (session_ != nullptr) session_->Close();
    session_.reset();
    kernel_.WaitForEnd(kPatienceNs, KernelSink());
  }

  LineSplitter::Sink Sink(size_t i) {
    return [this, i](std::string_view line) {
      output_.Line(options_.instances[i].name, i, line);
    };
  }
  LineSplitter::Sink KernelSink() {
    return [this](std::string_view line) { output_.Note("kernel", line); };
  }

  const SupervisorOptions& options_;
  Output output_;
  StopSignals signals_;
  Child kernel_;
  std::unique_ptr<ipc::Session> session_;
  std::optional<Wiring> wiring_;
  const int end_;  // readable: the observer wants the end
  std::vector<Service> services_;
  bool stopping_ = false;
  bool tracers_told_ = false;  // to end
  bool impatient_ = false;
  int exit_code_ = 0;
  int64_t kill_at_ns_ = kNever;  // when SIGKILL follows SIGTERM
};

}  // namespace

int RunGraph(const SupervisorOptions& options) {
  return Supervisor(options).Run();
}

}  // namespace keyport
