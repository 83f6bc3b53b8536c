// Starting processes with named initial capabilities, ending them, how they
// ended, and budgets for them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipc/capability.h"
#include "libipc/abi/requests.h"
#include "libipc/base/unique_fd.h"

namespace ipc {

class Session;

// One capability for a new process.
struct InitialCapability {
  std::string name;
  const Capability* capability = nullptr;  // duplicated: needs Duplicate
  Rights rights = kRightsSame;
  // Instead of `capability`: moved, needs Transfer. Owns: it is empty when the
  // new process has it, and stays as it is on failure.
  Capability* moved = nullptr;
};

struct NewProcess {
  Capability process;     // watch it with kSignalDead
  base::UniqueFd socket;  // for the child: its session's end
  uint64_t object_id = 0;
};

// Makes a session for a child that does not run yet. Pass the socket to it as
// KEYPORT_SESSION_FD. Its objects are charged to `account`.
// Rights: Manage on the account, Duplicate or Transfer on each capability.
// Errors: invalid_args (a name twice, too long; a capability moved twice);
// bad_handle (an empty one); access_denied; quota_exceeded. Nothing is moved
// then.
absl::StatusOr<NewProcess> CreateProcess(
    const Capability& account, std::string_view name,
    std::span<const InitialCapability> initial);

// How a process ended, as Linux tells whoever reaps it.
struct ExitStatus {
  enum class How { kExited, kSignalled } how = How::kExited;
  int number = 0;  // exit code, or signal

  bool good() const { return how == How::kExited && number == 0; }
  bool operator==(const ExitStatus&) const = default;
};

struct ProcessInfo {
  abi::ProcessState state = abi::ProcessState::waiting;
  int pid = 0;
  uint64_t handles = 0;
  std::optional<ExitStatus> exit;  // once its parent has told
};
// Rights: Inspect. Errors: bad_handle; wrong_type; access_denied.
absl::StatusOr<ProcessInfo> GetProcessInfo(const Capability& process);

enum class EndHow {
  kCutOff,  // from everything it holds; the process itself goes on without
  kKill,    // SIGKILL as well, sent by the kernel process
};
// What EndProcess found and did.
struct EndReceipt {
  abi::ProcessState before = abi::ProcessState::dead;
  bool killed = false;  // the signal was sent
};
// The process's session ends at once, as if it had died: all it held goes as
// if closed, who waits for it wakes. One that has not joined yet never can;
// nothing happens to a dead one. The kernel process can kill only one that has
// joined, and not itself.
// Rights: Manage. Errors: bad_handle; wrong_type; access_denied.
absl::StatusOr<EndReceipt> EndProcess(const Capability& process, EndHow how);

// Waits until the parent has told how the process ended (ChildProcess does, as
// does the supervisor). If nobody tells, this waits until the deadline even
// when the process is dead: kSignalDead says that.
// Rights: Wait. Errors: bad_handle; wrong_type; access_denied; should_wait
// (deadline Immediately); timed_out; canceled, revoked.
absl::StatusOr<ExitStatus> WaitForExit(const Capability& process,
                                       Deadline deadline = Deadline::Never());

// For a parent that reaps by itself: tells how the process ended. Once.
// Rights: Manage. Errors: bad_handle; wrong_type; access_denied; bad_state
// (told already); invalid_args (no such exit code or signal).
absl::Status ReportExit(const Capability& process, const ExitStatus& status);
// The same without waiting for an answer: nobody hears of an error.
void ReportExitSoon(const Capability& process, const ExitStatus& status);

// Forks and executes `argv` with the session socket inherited and `variables`
// (NAME=value) added to the environment. `output`: descriptor for standard
// output and error, -1 for the own. The child is killed when the
// thread that launched it ends, or its process.
// Returns the pid. Errors: not_found (no such program), quota_exceeded.
struct LaunchOptions {
  std::vector<std::string> argv;
  std::vector<std::string> variables;
  int output = -1;
  int session_socket = -1;
};
absl::StatusOr<int> Launch(const LaunchOptions& options);

// A running child of this process and its object in the kernel process.
// Move-only. Owns: the child; destroying it kills and reaps a child that still
// runs. Thread: one at a time.
//
// Nobody else in this process may reap it (no wait for any child, SIGCHLD not
// ignored).
class ChildProcess {
 public:
  // CreateProcess, then Launch with its socket (options.session_socket is not
  // used). Rights and errors of both; what was moved to a child that could not
  // be launched is gone.
  static absl::StatusOr<ChildProcess> Start(
      const Capability& account, std::string_view name,
      std::span<const InitialCapability> initial, LaunchOptions options);
  ChildProcess(ChildProcess&&) noexcept = default;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  // Waits for its end, reaps it, and tells the kernel process, so that others
  // can ask (WaitForExit, GetProcessInfo). May be asked again.
  // Errors: should_wait (deadline Immediately); timed_out; bad_state (somebody
  // else reaped it).
  absl::StatusOr<ExitStatus> Wait(Deadline deadline = Deadline::Never());
  // SIGKILL, from here. Nothing happens to one that has ended.
  // Errors: access_denied (it runs as another user).
  absl::Status Kill();
  // EndProcess: it has no capabilities from now on, but runs.
  absl::StatusOr<EndReceipt> CutOff();

  // Readable when it has ended. Owned by this.
  int descriptor() const { return pidfd_.get(); }
  int pid() const { return pid_; }
  // With every right. May be duplicated for others.
  const Capability& process() const { return process_; }

 private:
  ChildProcess(Capability process, int pid, base::UniqueFd pidfd)
      : process_(std::move(process)), pid_(pid), pidfd_(std::move(pidfd)) {}
  absl::StatusOr<ExitStatus> Reap();
  void End();

  Capability process_;
  int pid_;
  base::UniqueFd pidfd_;  // kept until the end of this
  std::optional<ExitStatus> exit_;
};

// Amounts of what an account counts (libipc/abi/account_items.def):
// `handles`, `ports`, `lanes` and so on. As limits, 0 is the parent's.
struct AccountLimits {
#define KEYPORT_ACCOUNT_ITEM(name, number, text) uint64_t name = 0;
#include "libipc/abi/account_items.def"
#undef KEYPORT_ACCOUNT_ITEM

  uint64_t& At(abi::AccountItem item);
};
enum class AccountSharing {
  kFirstCome,
  // Of n accounts below it that hold some of an item, one may hold at most
  // 1/(n+1) of what is free or its own.
  kShares,
};
struct AccountOptions {
  AccountLimits limits;
  AccountLimits soft = {};  // kSignalQuota from here on; 0: never
  AccountSharing sharing = AccountSharing::kFirstCome;
};
// Rights: Manage on the parent. Errors: quota_exceeded; invalid_args.
absl::StatusOr<Capability> CreateAccount(const Capability& parent,
                                         std::string_view name,
                                         const AccountOptions& options);
absl::StatusOr<Capability> CreateAccount(const Capability& parent,
                                         std::string_view name,
                                         const AccountLimits& limits);
// New limits, hard and soft, for an account somewhere below `above`. What is
// used beyond a limit stays; nothing more comes in.
// Rights: Manage on `above`. Errors: bad_handle; access_denied; wrong_type;
// invalid_args (not below it).
absl::Status SetAccountLimits(const Capability& above,
                              const Capability& account,
                              const AccountLimits& limits,
                              const AccountLimits& soft = {});
// Rights: Inspect.
absl::StatusOr<abi::AccountEntry> GetAccountInfo(const Capability& account);

}  // namespace ipc
