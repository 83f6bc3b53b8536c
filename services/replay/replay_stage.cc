#include "services/replay/replay_stage.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "libipc/base/clock.h"
#include "services/common/nearest.h"
#include "services/replay/replay_report.h"

namespace keyport {
namespace {

const PlannedCapability* SendsTo(const Instance& instance,
                                 const Manifest& manifest,
                                 const std::string& port) {
  for (const PlannedCapability& planned : instance.capabilities)
    if ((planned.rights & ipc::kRightSend) != 0 &&
        manifest.ports[planned.port].name.text == port)
      return &planned;
  return nullptr;
}

absl::Status CheckSender(const std::string& from, const std::string& port,
                         const Manifest& manifest,
                         const std::vector<Instance>& instances) {
  std::vector<std::string> names;
  for (const Instance& instance : instances) {
    names.push_back(instance.name);
    if (instance.name != from) continue;
    if (SendsTo(instance, manifest, port) != nullptr) return absl::OkStatus();
    return ipc::MakeStatus(ipc::Error::not_found,
                           "\"" + from + "\" sent to \"" + port +
                               "\" in the recording, but may not in " +
                               manifest.path);
  }
  return ipc::MakeStatus(ipc::Error::not_found,
                         "the recording's \"" + from + "\" is no service of " +
                             manifest.path + "; there are " + JoinWords(names));
}

}  // namespace

absl::Status LeaveOutSenders(const ReplayScript& script,
                             const Manifest& manifest,
                             std::vector<Instance>* instances) {
  std::set<std::pair<std::string, std::string>> senders;
  for (const ReplayRequest& request : script.requests)
    senders.emplace(request.recorded.from, request.port);
  std::set<size_t> services;
  for (const auto& [from, port] : senders) {
    if (absl::Status is = CheckSender(from, port, manifest, *instances);
        !is.ok())
      return is;
    for (const Instance& instance : *instances)
      if (instance.name == from) services.insert(instance.service);
  }
  for (Instance& instance : *instances)
    if (services.contains(instance.service)) instance.run_by = RunBy::kObserver;
  return absl::OkStatus();
}

ReplayStage::ReplayStage(const ReplayScript& script, const ReplayPace& pace,
                         const Manifest& manifest,
                         const std::vector<Instance>& instances)
    : script_(script),
      pace_(pace),
      manifest_(manifest),
      places_(static_cast<size_t>(
          std::count_if(instances.begin(), instances.end(),
                        [](const Instance& instance) {
                          return instance.run_by == RunBy::kObserver;
                        }))),
      end_(eventfd(0, EFD_CLOEXEC)),
      player_(script, pace,
              [this](const ReplayRequest& request) { return Send(request); }),
      outcomes_(ipc::MakeStatus(ipc::Error::canceled,
                                "the graph ended before the replay began")) {}

ReplayStage::~ReplayStage() { ServicesEnded(); }

void ReplayStage::GraphWired(ipc::Capability kernel) {
  kernel_ = std::move(kernel);
}

void ReplayStage::TakesPlace(const Instance& instance,
                             base::UniqueFd session_socket) {
  sockets_.emplace_back(&instance, std::move(session_socket));
  if (--places_ == 0) thread_ = std::thread([this] { Run(); });
}

void ReplayStage::ServicesEnded() {
  stop_ = true;
  player_.Stop();
  {
    const std::lock_guard lock(mutex_);
    for (ipc::Session& session : sessions_) session.Close();
  }
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<std::vector<ReplayOutcome>> ReplayStage::Finish() {
  ServicesEnded();
  return std::move(outcomes_);
}

void ReplayStage::Run() {
  const absl::Status prepared = Prepare();
  if (prepared.ok())
    outcomes_ = player_.Play();
  else
    outcomes_ = prepared;
  const uint64_t one = 1;
  if (write(end_.get(), &one, sizeof(one)) != sizeof(one)) stop_ = true;
}

absl::Status ReplayStage::Prepare() {
  for (auto& [instance, socket] : sockets_) {
    absl::StatusOr<ipc::Session> session =
        ipc::Session::Adopt(std::move(socket), instance->name);
    if (!session.ok()) return session.status();
    if (absl::Status entered = Enter(*instance, &*session); !entered.ok())
      return entered;
    const std::lock_guard lock(mutex_);
    sessions_.push_back(*std::move(session));
  }
  return WaitForListeners();
}

absl::Status ReplayStage::Enter(const Instance& instance,
                                ipc::Session* session) {
  std::set<std::string> ports;
  for (const ReplayRequest& request : script_.requests)
    if (request.recorded.from == instance.name) ports.insert(request.port);
  for (const std::string& port : ports) {
    absl::StatusOr<ipc::Capability> capability =
        session->Take(SendsTo(instance, manifest_, port)->name);
    if (!capability.ok()) return capability.status();
    absl::StatusOr<ipc::Sender> sender =
        ipc::Sender::Create(*std::move(capability));
    if (!sender.ok()) return sender.status();
    senders_.emplace(Key(instance.name, port), *std::move(sender));
  }
  return absl::OkStatus();
}

absl::Status ReplayStage::WaitForListeners() {
  constexpr int kLookAgainMs = 5;
  // Short patience with a call is none with programs that are being started.
  constexpr std::chrono::milliseconds kStartMs{5'000};
  const auto inspector = ipc::Inspector::Create(std::move(kernel_));
  if (!inspector.ok()) return inspector.status();
  std::set<std::string> silent;
  for (const auto& [key, sender] : senders_) silent.insert(key.second);
  const int64_t end_ns =
      base::NowNs() +
      std::chrono::nanoseconds(std::max(pace_.patience, kStartMs)).count();
  while (!silent.empty()) {
    const auto ports = inspector->Ports();
    if (!ports.ok()) return ports.status();
    for (const ipc::PortEntry& port : *ports)
      if (port.listener_process != 0) silent.erase(port.name);
    if (silent.empty()) break;
    if (stop_)
      return ipc::MakeStatus(ipc::Error::canceled,
                             "the graph ended before the replay began");
    if (base::NowNs() >= end_ns)
      return ipc::MakeStatus(ipc::Error::timed_out,
                             "nobody listens on " +
                                 JoinWords({silent.begin(), silent.end()}) +
                                 " (--patience says how long to wait)");
    poll(nullptr, 0, kLookAgainMs);
  }
  return absl::OkStatus();
}

ReplayOutcome ReplayStage::Send(const ReplayRequest& request) {
  const TracedMessage& recorded = request.recorded;
  ipc::Sender& sender = senders_.at(Key(recorded.from, request.port));
  const ipc::SendOptions options = {
      .label = recorded.label,
      .deadline = ipc::Deadline::After(absl::FromChrono(pace_.patience))};
  ReplayOutcome outcome;
  outcome.sent = true;
  const int64_t begin = base::NowNs();
  if (!recorded.is_call) {
    outcome.error = ipc::ErrorOf(sender.Send(recorded.request, options));
    return outcome;
  }
  absl::StatusOr<ipc::Message> answer = sender.Call(recorded.request, options);
  outcome.total_ns = static_cast<uint64_t>(base::NowNs() - begin);
  outcome.error = ipc::ErrorOf(answer.status());
  // What the end of the graph cut off is no answer of the service.
  if (stop_ && outcome.error != ipc::Error::ok) outcome.sent = false;
  if (!answer.ok()) return outcome;
  outcome.answer = answer->text().substr(0, recorded.answer.size());
  outcome.answer_bytes = answer->text().size();
  outcome.answer_handles = static_cast<uint32_t>(answer->capability_count());
  if (DifferenceOf(recorded, outcome)) KeepRest(answer->text(), &outcome);
  return outcome;
}

// Of an answer that differs the rest is kept for who reads of it.
void ReplayStage::KeepRest(std::string_view answer, ReplayOutcome* outcome) {
  const uint64_t rest = answer.size() - outcome->answer.size();
  if (rest > kRestsMax - std::min(rests_.load(), kRestsMax)) return;
  rests_.fetch_add(rest);
  outcome->answer = answer;
}

}  // namespace keyport
