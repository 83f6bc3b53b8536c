// What each service of an example has in common: its session, a clean end on
// SIGTERM and SIGINT, and what to say at the end. Knows no protocol.
#pragma once

#include <pthread.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipc/port.h"

namespace example {

class Service {
 public:
  // Joins the kernel process. Call it before any thread is started: signals
  // are blocked here. Errors: those of Session::FromEnvironment.
  static absl::StatusOr<std::unique_ptr<Service>> Start(std::string_view name);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

  ipc::Session& session() { return session_; }
  absl::StatusOr<ipc::Sender> TakeSender(std::string_view port);
  absl::StatusOr<ipc::Receiver> TakeReceiver(std::string_view port);

  // Whether it was asked to end, or the kernel process is gone: every wait
  // has ended then and nothing can be sent.
  bool over() const { return stopping_ || !session_.connected(); }
  // Waits a moment, so that a retry does not turn into a busy loop.
  void Pause() const;
  // One line for standard error.
  void Say(std::string_view text) const;
  // The exit code for how the work ended: 0 when it is over(), else 1 and the
  // status is told.
  int ExitCode(const absl::Status& status) const;

 private:
  Service(std::string_view name, ipc::Session session);
  void WatchSignals();

  const std::string name_;
  ipc::Session session_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ending_{false};
  std::thread watcher_;
};

// The main function's body: starts the service, runs `work(Service&)`, which
// returns a status, and gives the exit code.
template <typename Work>
int RunService(std::string_view name, Work work);

// Says why there is no service; returns the exit code.
int RefuseToStart(std::string_view name, const absl::Status& status);

template <typename Work>
int RunService(std::string_view name, Work work) {
  auto service = Service::Start(name);
  if (!service.ok()) return RefuseToStart(name, service.status());
  return (*service)->ExitCode(work(**service));
}

}  // namespace example
