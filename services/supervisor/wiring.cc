#include "services/supervisor/wiring.h"

#include <deque>

#include "services/common/trace_names.h"

namespace keyport {
namespace {

ipc::PortOptions OptionsOf(const PortSpec& spec) {
  ipc::PortOptions options;
  options.name = spec.name.text;
  options.ring_bytes = spec.ring_bytes;
  options.ring_bytes_max = spec.ring_bytes_max;
  options.sharing = spec.listeners == Listeners::kMany
                        ? ipc::Sharing::kManyListeners
                        : ipc::Sharing::kOneListener;
  options.at_full =
      spec.at_full == Full::kFails ? ipc::AtFull::kFail : ipc::AtFull::kBlock;
  options.buffering = spec.buffering;
  options.secrecy = spec.secrecy;
  options.flows_from = spec.flows_from;
  return options;
}

// Wait for its soft limits.
constexpr ipc::Rights kAccountRights = ipc::kRightManage | ipc::kRightInspect |
                                       ipc::kRightDuplicate | ipc::kRightWait;

std::optional<ipc::TraceLimits> IfAny(const ipc::TraceLimits& limits) {
  if (!limits.any()) return std::nullopt;
  return limits;
}

// What a new process gets. What is minted for it lives until it has its copies:
// a port whose senders are all gone must be able to tell its receiver so.
class Gifts {
 public:
  absl::Status Add(std::string name, const ipc::Capability& from,
                   ipc::MintOptions copy) {
    initial_.push_back({std::move(name), &from, copy.rights});
    if (copy.badge == 0 && !copy.trace_limits) return absl::OkStatus();
    copy.rights |= ipc::kRightDuplicate;
    absl::StatusOr<ipc::Capability> mint = from.Mint(copy);
    if (!mint.ok()) return mint.status();
    initial_.back().capability = &minted_.emplace_back(*std::move(mint));
    return absl::OkStatus();
  }
  const std::vector<ipc::InitialCapability>& all() const { return initial_; }

 private:
  std::deque<ipc::Capability> minted_;
  std::vector<ipc::InitialCapability> initial_;
};

}  // namespace

absl::StatusOr<Wiring> Wiring::Create(ipc::Session& session,
                                      const Manifest& manifest,
                                      const std::vector<Instance>& instances) {
  absl::StatusOr<ipc::Capability> root = session.Take("account");
  if (!root.ok()) return root.status();
  absl::StatusOr<ipc::Capability> kernel = session.Take("kernel");
  if (!kernel.ok()) return kernel.status();
  Wiring wiring(manifest, instances);
  wiring.kernel_ = *std::move(kernel);
  if (absl::Status made = wiring.MakeGraphAccount(*std::move(root)); !made.ok())
    return made;
  if (absl::Status made = wiring.MakePorts(session); !made.ok()) return made;
  if (absl::Status made = wiring.MakeAccounts(); !made.ok()) return made;
  wiring.processes_.resize(instances.size());
  return wiring;
}

absl::Status Wiring::MakeGraphAccount(ipc::Capability root) {
  if (!manifest_.account) {
    account_ = std::move(root);
    return absl::OkStatus();
  }
  absl::StatusOr<ipc::Capability> account =
      ipc::CreateAccount(root, manifest_.name, *manifest_.account);
  if (!account.ok()) return account.status();
  account_ = *std::move(account);
  return absl::OkStatus();
}

absl::Status Wiring::MakePorts(const ipc::Session& session) {
  for (const PortSpec& spec : manifest_.ports) {
    absl::StatusOr<ipc::Capability> port =
        session.CreatePort(account_, OptionsOf(spec));
    if (!port.ok()) return port.status();
    ports_.push_back(*std::move(port));
  }
  return absl::OkStatus();
}

absl::Status Wiring::MakeAccounts() {
  for (const Instance& instance : instances_) {
    const ServiceSpec& service = manifest_.services[instance.service];
    absl::StatusOr<ipc::Capability> account = ipc::CreateAccount(
        account_, instance.name,
        {.limits = service.limits, .soft = service.soft_limits});
    if (!account.ok()) return account.status();
    accounts_.push_back(*std::move(account));
  }
  return absl::OkStatus();
}

absl::StatusOr<ipc::NewProcess> Wiring::MakeProcess(size_t index) {
  const Instance& instance = instances_[index];
  Gifts gifts;
  for (const PlannedCapability& planned : instance.capabilities)
    if (absl::Status given =
            gifts.Add(planned.name, ports_[planned.port],
                      {.rights = planned.rights,
                       .badge = planned.badge,
                       .band = planned.band,
                       .trace_limits = IfAny(planned.trace_limits)});
        !given.ok())
      return given;
  if (instance.kernel_rights != 0)
    if (absl::Status given =
            gifts.Add(std::string(kTraceEverything), kernel_,
                      {.rights = instance.kernel_rights,
                       .trace_limits = IfAny(instance.kernel_trace_limits)});
        !given.ok())
      return given;
  if (absl::Status given =
          gifts.Add("account", accounts_[index], {.rights = kAccountRights});
      !given.ok())
    return given;
  return ipc::CreateProcess(accounts_[index], instance.name, gifts.all());
}

absl::StatusOr<Child> Wiring::Start(size_t index) {
  absl::StatusOr<Pipe> pipe = MakePipe();
  if (!pipe.ok()) return pipe.status();
  absl::StatusOr<ipc::NewProcess> process = MakeProcess(index);
  if (!process.ok()) return process.status();
  processes_[index] = std::move(process->process);
  ipc::LaunchOptions launch;
  launch.argv = instances_[index].argv;
  launch.variables = instances_[index].variables;
  launch.output = pipe->write.get();
  launch.session_socket = process->socket.get();
  const absl::StatusOr<int> pid = ipc::Launch(launch);
  if (!pid.ok()) return pid.status();
  return Child::Watch(*pid, std::move(pipe->read));
}

absl::StatusOr<base::UniqueFd> Wiring::MakeSession(size_t index) {
  absl::StatusOr<ipc::NewProcess> process = MakeProcess(index);
  if (!process.ok()) return process.status();
  processes_[index] = std::move(process->process);
  return std::move(process->socket);
}

void Wiring::Exited(size_t index, const Ending& ending) {
  const auto how = ending.how == Ending::How::kExit
                       ? ipc::ExitStatus::How::kExited
                       : ipc::ExitStatus::How::kSignalled;
  ipc::ReportExitSoon(processes_[index], {how, ending.number});
}

}  // namespace keyport
