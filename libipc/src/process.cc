#include "ipc/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "ipc/session.h"
#include "libipc/abi/handshake.h"
#include "session_core.h"

extern char** environ;

namespace ipc {
namespace {

constexpr int kChildSocket = 3;

bool CopyName(std::string_view name, char (&to)[abi::kNameBytesMax]) {
  if (name.empty() || name.size() >= sizeof(to)) return false;
  memset(to, 0, sizeof(to));
  memcpy(to, name.data(), name.size());
  return true;
}

absl::Status BadName(std::string_view name) {
  return MakeStatus(
      Error::invalid_args,
      absl::StrCat("a name has 1 to ", abi::kNameBytesMax - 1, " bytes; '",
                   absl::string_view(name.data(), name.size()), "' does not"));
}

template <typename T>
void Append(std::vector<std::byte>* bytes, const T& value) {
  const auto* from = reinterpret_cast<const std::byte*>(&value);
  bytes->insert(bytes->end(), from, from + sizeof(value));
}

abi::AccountLimits WireOf(AccountLimits limits, AccountLimits soft) {
  abi::AccountLimits wire = {};
  for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
    wire.limit[i] = limits.At(abi::AccountItem{i});
    wire.soft[i] = soft.At(abi::AccountItem{i});
  }
  return wire;
}

}  // namespace

uint64_t& AccountLimits::At(abi::AccountItem item) {
  switch (item) {
#define KEYPORT_ACCOUNT_ITEM(name, number, text) \
  case abi::AccountItem::name:                   \
    return name;
#include "libipc/abi/account_items.def"
#undef KEYPORT_ACCOUNT_ITEM
  }
  return handles;  // there is no other item
}

namespace {

absl::Status AppendItem(const InitialCapability& one,
                        std::vector<std::byte>* payload) {
  const Capability* given = one.moved != nullptr ? one.moved : one.capability;
  if (given == nullptr || !given->valid())
    return MakeStatus(
        Error::bad_handle,
        absl::StrCat("the initial capability '", one.name, "' is empty"));
  abi::InitialItem item = {};
  if (!CopyName(one.name, item.name)) return BadName(one.name);
  item.handle = given->handle();
  item.rights = one.rights;
  item.mode =
      one.moved != nullptr ? abi::kTransferMove : abi::kTransferDuplicate;
  Append(payload, item);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NewProcess> CreateProcess(
    const Capability& account, std::string_view name,
    std::span<const InitialCapability> initial) {
  if (!account.valid())
    return MakeStatus(Error::bad_handle, "the account's Capability is empty");
  std::vector<std::byte> payload;
  abi::ProcessCreate header = {};
  if (!CopyName(name, header.name)) return BadName(name);
  header.count = static_cast<uint32_t>(initial.size());
  Append(&payload, header);
  for (const InitialCapability& one : initial)
    if (absl::Status status = AppendItem(one, &payload); !status.ok())
      return status;
  const auto& session = account.session();
  Answer answer = session->Call(abi::Syscall::process_create, account.handle(),
                                {.payload = payload});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::process_create, account.handle(),
                          answer);
  for (const InitialCapability& one : initial)
    if (one.moved != nullptr) one.moved->Release();
  if (answer.descriptors.size() != 1)
    return MakeStatus(Error::peer_closed, "the kernel process sent no socket");
  NewProcess made;
  made.process = Capability(session, static_cast<Handle>(answer.value(0)));
  made.object_id = answer.value(1);
  made.socket = std::move(answer.descriptors[0]);
  return made;
}

absl::StatusOr<Capability> CreateAccount(const Capability& parent,
                                         std::string_view name,
                                         const AccountLimits& limits) {
  return CreateAccount(parent, name, AccountOptions{.limits = limits});
}

absl::StatusOr<Capability> CreateAccount(const Capability& parent,
                                         std::string_view name,
                                         const AccountOptions& options) {
  if (!parent.valid())
    return MakeStatus(Error::bad_handle, "the parent's Capability is empty");
  if (name.size() >= abi::kNameBytesMax) return BadName(name);
  std::vector<std::byte> payload;
  Append(&payload, WireOf(options.limits, options.soft));
  const Bytes text = BytesOf(name);
  payload.insert(payload.end(), text.begin(), text.end());
  const Answer answer = parent.session()->Call(
      abi::Syscall::account_create, parent.handle(),
      {.options = options.sharing == AccountSharing::kShares
                      ? uint32_t{abi::kAccountShared}
                      : 0,
       .payload = payload});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::account_create, parent.handle(),
                          answer);
  return Capability(parent.session(), static_cast<Handle>(answer.value(0)));
}

absl::Status SetAccountLimits(const Capability& above,
                              const Capability& account,
                              const AccountLimits& limits,
                              const AccountLimits& soft) {
  if (!above.valid())
    return MakeStatus(Error::bad_handle, "the upper account is empty");
  std::vector<std::byte> payload;
  Append(&payload, WireOf(limits, soft));
  const Answer answer =
      above.session()->Call(abi::Syscall::account_limit, above.handle(),
                            {.args = {account.handle()}, .payload = payload});
  if (answer.error() == Error::ok) return absl::OkStatus();
  return StatusOfAnswer(abi::Syscall::account_limit, above.handle(), answer);
}

absl::StatusOr<abi::AccountEntry> GetAccountInfo(const Capability& account) {
  const Answer answer =
      account.session()->Call(abi::Syscall::account_info, account.handle());
  abi::AccountEntry entry;
  if (answer.error() != Error::ok || !answer.Read(&entry))
    return StatusOfAnswer(abi::Syscall::account_info, account.handle(), answer);
  return entry;
}

namespace {

// Runs in the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void RunChild(const LaunchOptions& options, char* const* argv,
                           char* const* variables, pid_t parent, int failure) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (options.output >= 0) {
    dup2(options.output, STDOUT_FILENO);
    dup2(options.output, STDERR_FILENO);
  }
  if (options.session_socket == kChildSocket)
    fcntl(kChildSocket, F_SETFD, 0);
  else if (options.session_socket >= 0)
    dup2(options.session_socket, kChildSocket);
  execvpe(argv[0], argv, variables);
  const int why = errno;
  const ssize_t done = write(failure, &why, sizeof(why));
  static_cast<void>(done);
  _exit(127);
}

}  // namespace

absl::StatusOr<int> Launch(const LaunchOptions& options) {
  if (options.argv.empty())
    return MakeStatus(Error::invalid_args, "no program was named");
  std::vector<char*> argv;
  for (const std::string& word : options.argv)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const std::string socket =
      absl::StrCat(abi::kSessionFdVariable, "=", kChildSocket);
  std::vector<char*> variables;
  for (const std::string& variable : options.variables)
    variables.push_back(const_cast<char*>(variable.c_str()));
  if (options.session_socket >= 0)
    variables.push_back(const_cast<char*>(socket.c_str()));
  // getenv takes the first of a name, so the new ones win.
  for (char** entry = environ; *entry != nullptr; ++entry)
    variables.push_back(*entry);
  variables.push_back(nullptr);

  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0)
    return MakeStatus(Error::quota_exceeded, "no descriptors are left");
  base::UniqueFd reader(pipe_ends[0]);
  // Out of the way of the child's descriptors 0 to 3.
  base::UniqueFd writer(fcntl(pipe_ends[1], F_DUPFD_CLOEXEC, 10));
  close(pipe_ends[1]);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0)
    return MakeStatus(Error::quota_exceeded,
                      absl::StrCat("fork failed: ", strerror(errno)));
  if (pid == 0)
    RunChild(options, argv.data(), variables.data(), parent, writer.get());
  writer.Reset();
  int why = 0;
  if (read(reader.get(), &why, sizeof(why)) != sizeof(why)) return pid;
  waitpid(pid, nullptr, 0);
  return MakeStatus(
      Error::not_found,
      absl::StrCat("cannot run ", options.argv[0], ": ", strerror(why)));
}

}  // namespace ipc
