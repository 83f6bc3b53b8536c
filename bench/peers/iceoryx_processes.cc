#include "bench/peers/iceoryx_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/common/must.h"
#include "iceoryx_hoofs/log/logmanager.hpp"
#include "iceoryx_posh/internal/runtime/posh_runtime_impl.hpp"

namespace bench {

RouDi::RouDi() : process_(fork()) {
  Expect(process_ >= 0, "fork");
  if (process_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // it removes what it made
  const int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  execl(KEYPORT_IOX_ROUDI, KEYPORT_IOX_ROUDI, "--log-level", "off", nullptr);
  _exit(1);
}

RouDi::~RouDi() {
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

class Registration::Runtime : public iox::runtime::PoshRuntimeImpl {
 public:
  using Name = iox::RuntimeName_t;
  explicit Runtime(iox::cxx::optional<const Name*> name)
      : PoshRuntimeImpl(name) {}
  // Called each time somebody wants the process's only runtime.
  static PoshRuntime& Get(iox::cxx::optional<const Name*> name) {
    if (!runtime_) runtime_ = std::make_unique<Runtime>(name);
    return *runtime_;
  }
  static void Install() { setRuntimeFactory(Get); }
};

std::unique_ptr<Registration::Runtime> Registration::runtime_;

Registration::Registration(const std::string& name) {
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(
      iox::log::LogLevel::kError, iox::log::LogLevelOutput::kHideLogLevel);
  Runtime::Install();
  iox::runtime::PoshRuntime::initRuntime(
      Runtime::Name(iox::cxx::TruncateToCapacity, name));
}

Registration::~Registration() { runtime_.reset(); }

}  // namespace bench
