// Starting processes with named initial capabilities, and budgets for them.
#pragma once

#include <cstdint>
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
};

struct NewProcess {
  Capability process;     // watch it with kSignalDead
  base::UniqueFd socket;  // for the child: its session's end
  uint64_t object_id = 0;
};

// Makes a session for a child that does not run yet. Pass the socket to it as
// KEYPORT_SESSION_FD. Its objects are charged to `account`.
// Rights: Manage on the account, Duplicate on each capability.
// Errors: invalid_args (a name twice, too long); quota_exceeded.
absl::StatusOr<NewProcess> CreateProcess(
    const Capability& account, std::string_view name,
    std::span<const InitialCapability> initial);

struct ProcessInfo {
  abi::ProcessState state = abi::ProcessState::waiting;
  int pid = 0;
  uint64_t handles = 0;
};
absl::StatusOr<ProcessInfo> GetProcessInfo(const Capability& process);

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
