#include "services/common/stop_signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace keyport {
namespace {

// A signal handler can reach nothing else.
int signal_pipe[2] = {-1, -1};

void OnSignal(int number) {
  const int error = errno;
  const auto byte = static_cast<uint8_t>(number);
  if (write(signal_pipe[1], &byte, 1) != 1) {
    // Full: a signal is waiting to be taken already.
  }
  errno = error;
}

// A caught signal, unlike an ignored one, is not inherited by the services.
void OnBrokenPipe(int) {}

}  // namespace

StopSignals::StopSignals() {
  if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    signal_pipe[0] = signal_pipe[1] = -1;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action = {};
    action.sa_handler = kSignals[i] == SIGPIPE ? OnBrokenPipe : OnSignal;
    action.sa_flags = SA_RESTART;
    sigaction(kSignals[i], &action, &before_[i]);
  }
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < kSignals.size(); ++i)
    sigaction(kSignals[i], &before_[i], nullptr);
  for (int& fd : signal_pipe) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
}

int StopSignals::descriptor() const { return signal_pipe[0]; }

int StopSignals::Take() {
  uint8_t byte = 0;
  return read(signal_pipe[0], &byte, 1) == 1 ? byte : 0;
}

}  // namespace keyport
