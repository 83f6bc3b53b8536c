#include "ipc/session.h"

#include <fcntl.h>
#include <stdlib.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/barrier.h"
#include "libipc/base/socket.h"
#include "session_core.h"

namespace ipc {
namespace {

std::string OwnName() {
#ifdef __GLIBC__
  return program_invocation_short_name;
#else
  return "unnamed";
#endif
}

}  // namespace

Session::Session(std::shared_ptr<SessionCore> core) : core_(std::move(core)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

absl::StatusOr<Session> Session::FromEnvironment() {
  const char* text = getenv(abi::kSessionFdVariable);
  int fd = -1;
  if (text == nullptr || !absl::SimpleAtoi(text, &fd) || fd < 0)
    return MakeStatus(
        Error::not_found,
        absl::StrCat("the environment variable ", abi::kSessionFdVariable,
                     " does not name the session's socket; start this program "
                     "as a service: keyport run GRAPH.toml"));
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return MakeStatus(Error::not_found,
                      absl::StrCat(abi::kSessionFdVariable, "=", fd,
                                   " is not an open descriptor; it can be used "
                                   "once, by the process it was given to"));
  unsetenv(abi::kSessionFdVariable);
  return Adopt(base::UniqueFd(fd), OwnName());
}

absl::StatusOr<Session> Session::Connect(const std::string& path,
                                         std::string_view name) {
  auto socket = base::ConnectTo(path);
  if (!socket.ok())
    return MakeStatus(socket.error(),
                      absl::StrCat("no kernel process can be reached at ", path,
                                   "; is the graph running?"));
  return Adopt(*std::move(socket), name);
}

absl::StatusOr<Session> Session::Adopt(base::UniqueFd socket,
                                       std::string_view name) {
  base::JoinBarriers();
  auto core = SessionCore::Create(std::move(socket), name);
  if (!core.ok()) return core.status();
  return Session(*std::move(core));
}

absl::StatusOr<Capability> Session::Take(std::string_view name) {
  return core_->Take(name);
}

std::vector<NamedCapabilityInfo> Session::names() const {
  return core_->names();
}

namespace {

absl::StatusOr<Capability> MakePort(const std::shared_ptr<SessionCore>& core,
                                    Handle account,
                                    const PortOptions& options) {
  if (account == abi::kNoHandle)
    return MakeStatus(Error::not_found,
                      "this session has no account to charge a port to; it "
                      "needs an initial capability named 'account'");
  uint32_t bits = 0;
  if (options.sharing == Sharing::kManyListeners) bits |= abi::kPortShareable;
  if (options.at_full == AtFull::kFail) bits |= abi::kPortFullFails;
  if (options.buffering == Buffering::kRendezvous) bits |= abi::kPortRendezvous;
  if (options.buffering == Buffering::kOverwriting)
    bits |= abi::kPortOverwriting;
  const bool secret = options.secrecy == Secrecy::kSecret;
  if (secret) bits |= abi::kPortSecret;
  if (options.flows_from == FlowOrigin::kPort) bits |= abi::kPortNewFlows;
  const Answer answer =
      core->Call(abi::Syscall::port_create, account,
                 {.options = bits,
                  .args = {options.ring_bytes, options.ring_bytes_max},
                  .payload = BytesOf(options.name)});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::port_create, account, answer);
  return Capability(core, static_cast<Handle>(answer.value(0)),
                    {ObjectKind::port,
                     secret ? kRightsAll & ~kRightTracePayload : kRightsAll});
}

}  // namespace

absl::StatusOr<Capability> Session::CreatePort(
    const PortOptions& options) const {
  return MakePort(core_, core_->account(), options);
}

absl::StatusOr<Capability> Session::CreatePort(
    const Capability& account, const PortOptions& options) const {
  return MakePort(core_, account.handle(), options);
}

uint64_t Session::id() const { return core_->session_id(); }
uint64_t Session::process_id() const { return core_->process_id(); }
void Session::Close() { core_->Close(); }
bool Session::connected() const { return core_->over() == Error::ok; }

}  // namespace ipc
