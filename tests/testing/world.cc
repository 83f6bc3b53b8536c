#include "tests/testing/world.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "kernel/loop/loop.h"
#include "libipc/base/socket.h"

namespace testing_kit {
namespace {

Flavour g_flavour = Flavour::kInProcess;

class ThreadPeer : public Peer {
 public:
  ThreadPeer(base::UniqueFd socket, std::string name, World::Body body)
      : session_(Must(ipc::Session::Adopt(std::move(socket), name))),
        thread_([this, body = std::move(body)] { body(session_); }) {}
  ~ThreadPeer() override {
    if (::testing::Test::HasFailure()) Kill();
    Join();
  }
  void Kill() override { session_.Close(); }
  void Join() override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  ipc::Session session_;
  std::thread thread_;
};

class ProcessPeer : public Peer {
 public:
  ProcessPeer(base::UniqueFd socket, std::string name, World::Body body) {
    fflush(nullptr);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    {
      ipc::Session session = Must(ipc::Session::Adopt(std::move(socket), name));
      body(session);
    }
    fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  ~ProcessPeer() override {
    if (::testing::Test::HasFailure()) Kill();
    Join();
  }
  void Kill() override {
    killed_ = true;
    if (pid_ > 0) kill(pid_, SIGKILL);
  }
  void Join() override {
    if (pid_ <= 0) return;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    if (killed_) return;
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << "a peer failed, status " << status;
  }

 private:
  pid_t pid_ = 0;
  bool killed_ = false;
};

class InProcessWorld : public World {
 public:
  InProcessWorld() {
    auto pair = base::CreateSocketPair();
    kernel::LoopOptions options;
    options.root_sockets.push_back(std::move(pair->first));
    std::string why;
    auto loop = kernel::Loop::Create(std::move(options), &why);
    if (loop == nullptr) {
      fprintf(stderr, "%s\n", why.c_str());
      abort();
    }
    loop_ = std::move(loop);
    thread_ = std::thread([this] { loop_->Run(); });
    Join(std::move(pair->second));
  }
  ~InProcessWorld() override {
    account_ = {};
    root_.reset();
    loop_->Stop();
    thread_.join();
  }
  int kernel_pid() const override { return getpid(); }
  std::unique_ptr<Peer> StartPeer(
      std::string_view name, std::span<const ipc::InitialCapability> initial,
      Body body) override {
    return std::make_unique<ThreadPeer>(NewProcess(name, initial).socket,
                                        std::string(name), std::move(body));
  }

 private:
  std::unique_ptr<kernel::Loop> loop_;
  std::thread thread_;
};

class ProcessesWorld : public World {
 public:
  ProcessesWorld() {
    auto pair = base::CreateSocketPair();
    ipc::LaunchOptions options;
    options.argv = {KEYPORT_BIN_DIR "/keyport-kernel", "--session-fd", "3"};
    options.session_socket = pair->first.get();
    pid_ = Must(ipc::Launch(options));
    pair->first.Reset();
    Join(std::move(pair->second));
  }
  ~ProcessesWorld() override {
    account_ = {};
    root_->Close();
    root_.reset();
    // It ends by itself with its last root session.
    int status = 0;
    waitpid(pid_, &status, 0);
    if (killed_) return;
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << "the kernel process ended with status " << status;
  }
  int kernel_pid() const override { return pid_; }
  bool KillKernel() override {
    killed_ = true;
    return kill(pid_, SIGKILL) == 0;
  }
  std::unique_ptr<Peer> StartPeer(
      std::string_view name, std::span<const ipc::InitialCapability> initial,
      Body body) override {
    return std::make_unique<ProcessPeer>(NewProcess(name, initial).socket,
                                         std::string(name), std::move(body));
  }

 private:
  int pid_ = 0;
  bool killed_ = false;
};

}  // namespace

Flavour CurrentFlavour() { return g_flavour; }

void TakeFlavour(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (strcmp(argv[i], "--world=process") == 0)
      g_flavour = Flavour::kProcesses;
}

std::unique_ptr<World> World::Start(Flavour flavour) {
  if (flavour == Flavour::kInProcess) return std::make_unique<InProcessWorld>();
  return std::make_unique<ProcessesWorld>();
}

void World::Join(base::UniqueFd root_socket) {
  root_ = std::make_unique<ipc::Session>(
      Must(ipc::Session::Adopt(std::move(root_socket), "root")));
  account_ = Must(root_->Take("account"));
}

ipc::NewProcess World::NewProcess(
    std::string_view name, std::span<const ipc::InitialCapability> initial) {
  std::vector<ipc::InitialCapability> all(initial.begin(), initial.end());
  bool has_account = false;
  for (const auto& one : all) has_account |= one.name == "account";
  if (!has_account) all.push_back({"account", &account_});
  return Must(ipc::CreateProcess(account_, name, all));
}

ipc::Session World::NewSession(
    std::string_view name, std::span<const ipc::InitialCapability> initial) {
  return Must(ipc::Session::Adopt(NewProcess(name, initial).socket, name));
}

ipc::Capability World::NewPort(const ipc::PortOptions& options) {
  return Must(root_->CreatePort(options));
}

void Must(const absl::Status& status, const char* file, int line) {
  if (!status.ok()) Fail(status, file, line);
}

void Fail(const absl::Status& status, const char* file, int line) {
  fprintf(stderr, "%s:%d: %s\n", file, line, status.ToString().c_str());
  fflush(nullptr);
  abort();
}

ipc::Deadline Soon() { return ipc::Deadline::After(absl::Seconds(60)); }

}  // namespace testing_kit
