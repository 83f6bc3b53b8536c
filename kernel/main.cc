// keyport-kernel: the kernel process. Builds the world, runs it until it is
// told to stop or until its last root session has ended.
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>

#include "kernel/loop/loop.h"
#include "kernel/object/reserve.h"

namespace {

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

base::UniqueFd StopSignal() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  return base::UniqueFd(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
}

// For tests and measurements: what is tuned or probed by itself otherwise.
void ReadEnvironment(kernel::LoopOptions* options) {
  const auto says = [](const char* variable, std::string_view word) {
    const char* value = getenv(variable);
    return value != nullptr && value == word;
  };
  if (says("KEYPORT_KERNEL_MEANS", "least"))
    options->means = kernel::LoopOptions::Means::kLeast;
  if (says("KEYPORT_KERNEL_POLLING", "never"))
    options->polling = kernel::LoopOptions::Polling::kNever;
}

int Run(const std::vector<int>& sockets, const std::string& path) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("keyport-kernel"));
  RaiseDescriptorLimit();
  const kernel::Reserve reserve;
  if (!kernel::Reserve::Held()) {
    spdlog::critical("no memory to hold {} MiB back; raise `ulimit -v`",
                     kernel::Reserve::kBytes >> 20);
    return 1;
  }
  kernel::LoopOptions options;
  options.stop_signal = StopSignal();
  options.listen_path = path;
  ReadEnvironment(&options);
  for (const int socket : sockets) {
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    options.root_sockets.emplace_back(socket);
  }
  std::string why;
  const auto loop = kernel::Loop::Create(std::move(options), &why);
  if (loop == nullptr) {
    spdlog::critical("{}", why);
    return 1;
  }
  spdlog::info("started, ABI version {}, {} root session(s){}{}",
               ipc::abi::kVersion, sockets.size(),
               path.empty() ? "" : ", socket ", path);
  loop->Run();
  spdlog::info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Keyport's kernel process: owns every port, capability and "
      "shared-memory region."};
  std::vector<int> sockets;
  std::string path;
  app.add_option("--session-fd", sockets,
                 "Inherited socket of a session that holds everything; may "
                 "be given again")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--listen", path, "Socket path by which tools may join");
  app.set_version_flag("--version", "keyport-kernel 0.1.0");
  CLI11_PARSE(app, argc, argv);
  if (sockets.empty() && path.empty()) {
    std::cerr << "nothing to serve: give --session-fd N, --listen PATH, or "
                 "both (--help tells more)\n";
    return 2;
  }
  return Run(sockets, path);
}
