// ReplayStage: takes the place of the services that sent a script's requests in
// a graph that runs. It holds what the manifest promises them, and sends with
// that: the receiver sees the badges it saw, and nobody gains a right.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ipc/inspect.h"
#include "ipc/sender.h"
#include "ipc/session.h"
#include "services/replay/replay_player.h"
#include "services/supervisor/supervisor.h"

namespace keyport {

// Leaves the senders' services to the observer. Errors: not_found: a sender is
// no instance of the graph, or may not send to the port.
absl::Status LeaveOutSenders(const ReplayScript& script,
                             const Manifest& manifest,
                             std::vector<Instance>* instances);

// Thread: the supervisor's, but for its own one, which sends.
class ReplayStage : public GraphObserver {
 public:
  // All must outlive it. `instances`: after LeaveOutSenders.
  ReplayStage(const ReplayScript& script, const ReplayPace& pace,
              const Manifest& manifest, const std::vector<Instance>& instances);
  ~ReplayStage() override;

  void GraphWired(ipc::Capability kernel) override;
  void TakesPlace(const Instance& instance,
                  base::UniqueFd session_socket) override;
  int end_descriptor() const override { return end_.get(); }
  void ServicesEnded() override;

  // After the graph: an outcome for each request, or why there are none.
  absl::StatusOr<std::vector<ReplayOutcome>> Finish();

 private:
  using Key = std::pair<std::string, std::string>;  // sender, port

  void Run();
  absl::Status Prepare();
  absl::Status Enter(const Instance& instance, ipc::Session* session);
  absl::Status WaitForListeners();
  ReplayOutcome Send(const ReplayRequest& request);
  void KeepRest(std::string_view answer, ReplayOutcome* outcome);

  // Bytes of answers beyond what is compared; as many threads more as send.
  static constexpr uint64_t kRestsMax = 64u << 20;

  const ReplayScript& script_;
  const ReplayPace& pace_;
  const Manifest& manifest_;
  size_t places_;  // still to be taken
  std::vector<std::pair<const Instance*, base::UniqueFd>> sockets_;
  ipc::Capability kernel_;
  base::UniqueFd end_;
  std::vector<ipc::Session> sessions_;
  std::map<Key, ipc::Sender> senders_;
  ReplayPlayer player_;
  std::mutex mutex_;  // of sessions_, while both threads are there
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> rests_ = 0;
  absl::StatusOr<std::vector<ReplayOutcome>> outcomes_;
  std::thread thread_;
};

}  // namespace keyport
