#include "tests/deaths/graph.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "libipc/base/socket.h"

namespace deaths {
namespace {

constexpr const char* kItems[] = {
#define KEYPORT_ACCOUNT_ITEM(name, number, text) #name,
#include "libipc/abi/account_items.def"
#undef KEYPORT_ACCOUNT_ITEM
};

// But for the last moments of the dead, which are kept: a bounded number.
uint64_t DescriptorsOf(int pid) {
  DIR* folder = opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
  uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) {
    char to[64] = {};
    (void)!readlinkat(dirfd(folder), entry->d_name, to, sizeof(to) - 1);
    count += std::string_view(to).find("keyport-flight") == std::string::npos;
  }
  closedir(folder);
  return count;
}
uint64_t SharedMappingsOf(int pid) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  uint64_t count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.find("memfd:") != std::string::npos;
  return count;
}

}  // namespace

void Fail(const absl::Status& status, const char* file, int line) {
  fprintf(stderr, "%s:%d: %s\n", file, line, status.ToString().c_str());
  abort();
}

ipc::Deadline Soon() { return ipc::Deadline::After(absl::Seconds(60)); }
ipc::Deadline InAMoment() {
  return ipc::Deadline::After(absl::Microseconds(300));
}

Graph::Graph()
    : told_(
          static_cast<Told*>(mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
  auto pair = base::CreateSocketPair();
  ipc::LaunchOptions options;
  options.argv = {KEYPORT_BIN_DIR "/keyport-kernel", "--session-fd", "3"};
  options.session_socket = pair->first.get();
  kernel_pid_ = Must(ipc::Launch(options));
  pair->first.Reset();
  root_ = std::make_unique<ipc::Session>(
      Must(ipc::Session::Adopt(std::move(pair->second), "survivor")));
  account_ = Must(root_->Take("account"));
  victims_ =
      Must(ipc::CreateAccount(account_, "victims", ipc::AccountLimits{}));
  inspector_ = std::make_unique<ipc::Inspector>(
      Must(ipc::Inspector::Create(Must(root_->Take("kernel")))));
}

Graph::~Graph() {
  if (victim_ > 0) {
    kill(victim_, SIGKILL);
    waitpid(victim_, nullptr, 0);
  }
  inspector_.reset();
  victims_ = {};
  account_ = {};
  root_->Close();
  int status = 0;
  waitpid(kernel_pid_, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "the kernel process ended with status " << status;
  munmap(told_, sizeof(Told));
}

Graph::Counts Graph::Count() const {
  Counts counts = {
      {"ports", Must(inspector_->Ports()).size()},
      {"lanes", Must(inspector_->Lanes()).size()},
      {"regions", Must(inspector_->Regions()).size()},
      {"notifications", Must(inspector_->Notifications()).size()},
      {"capabilities", Must(inspector_->Capabilities()).size()},
      {"processes", Must(inspector_->Processes()).size()},
      {"accounts", Must(inspector_->Accounts()).size()},
      {"descriptors here", DescriptorsOf(getpid())},
      {"mappings here", SharedMappingsOf(getpid())},
      {"descriptors of the kernel process", DescriptorsOf(kernel_pid_)},
      {"mappings of the kernel process", SharedMappingsOf(kernel_pid_)},
  };
  const ipc::AccountEntry account = Must(ipc::GetAccountInfo(account_));
  for (size_t i = 0; i < ipc::abi::kAccountItems; ++i)
    counts[std::string("charged ") + kItems[i]] = account.used[i];
  return counts;
}

std::string Graph::Held() const {
  const ipc::AccountEntry account = Must(ipc::GetAccountInfo(victims_));
  std::string held;
  for (size_t i = 0; i < ipc::abi::kAccountItems; ++i)
    if (account.used[i] != 0)
      held += std::to_string(account.used[i]) + " " + kItems[i] + " ";
  return held;
}

void Graph::Start(const Initial& initial, StepKind kind, uint64_t n,
                  const Body& body) {
  Initial all = initial;
  all.push_back({"account", &victims_});
  ipc::NewProcess process = Must(ipc::CreateProcess(victims_, "victim", all));
  fflush(nullptr);
  const pid_t parent = getpid();
  victim_ = fork();
  if (victim_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (victim_ < 0 || getppid() != parent) _exit(1);
  ipc::Session session =
      Must(ipc::Session::Adopt(std::move(process.socket), "victim"));
  DieAt(kind, n);
  body(session, *told_);
  for (int i = 0; i < kStepKinds; ++i)
    told_->steps[i] = StepsOf(static_cast<StepKind>(i));
  kill(getpid(), SIGKILL);
}

bool Graph::Ended() {
  int status = 0;
  if (victim_ > 0 && waitpid(victim_, &status, WNOHANG) == victim_) {
    victim_ = 0;
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "a victim failed, status " << status;
  }
  return victim_ == 0;
}

}  // namespace deaths
