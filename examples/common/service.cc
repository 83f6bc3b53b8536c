// A thread waits for the signals and closes the session: every wait anywhere
// in the process then ends with `canceled`.
#include "examples/common/service.h"

#include <signal.h>

#include <cstdio>
#include <utility>

#include "absl/time/clock.h"

namespace example {
namespace {

sigset_t EndingSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

void SayAs(std::string_view name, std::string_view text) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(name.size()),
               name.data(), static_cast<int>(text.size()), text.data());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Service>> Service::Start(std::string_view name) {
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto session = ipc::Session::FromEnvironment();
  if (!session.ok()) return session.status();
  std::unique_ptr<Service> service(new Service(name, *std::move(session)));
  return service;
}

Service::Service(std::string_view name, ipc::Session session)
    : name_(name),
      session_(std::move(session)),
      watcher_([this] { WatchSignals(); }) {}

Service::~Service() {
  ending_ = true;
  pthread_kill(watcher_.native_handle(), SIGTERM);
  watcher_.join();
}

void Service::WatchSignals() {
  const sigset_t signals = EndingSignals();
  int signal = 0;
  sigwait(&signals, &signal);
  if (ending_) return;
  stopping_ = true;
  session_.Close();
}

absl::StatusOr<ipc::Sender> Service::TakeSender(std::string_view port) {
  auto capability = session_.Take(port);
  if (!capability.ok()) return capability.status();
  return ipc::Sender::Create(*std::move(capability));
}

absl::StatusOr<ipc::Receiver> Service::TakeReceiver(std::string_view port) {
  auto capability = session_.Take(port);
  if (!capability.ok()) return capability.status();
  return ipc::Receiver::Create(*std::move(capability));
}

void Service::Pause() const { absl::SleepFor(absl::Milliseconds(5)); }

void Service::Say(std::string_view text) const { SayAs(name_, text); }

int Service::ExitCode(const absl::Status& status) const {
  if (stopping_) return 0;
  if (!session_.connected()) {
    Say("the kernel process is gone; ending");
    return 0;
  }
  if (status.ok()) return 0;
  Say(std::string(status.message()));
  return 1;
}

int RefuseToStart(std::string_view name, const absl::Status& status) {
  SayAs(name, std::string(status.message()));
  return 1;
}

}  // namespace example
