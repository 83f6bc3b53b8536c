#include "services/supervisor/restart.h"

#include <string.h>
#include <sys/wait.h>

#include <algorithm>

namespace keyport {

Ending Ending::FromWaitStatus(int status) {
  if (WIFSIGNALED(status)) return {How::kSignal, WTERMSIG(status)};
  return {How::kExit, WEXITSTATUS(status)};
}

int Ending::ExitCode() const {
  return how == How::kSignal ? 128 + number : number;
}

std::string Ending::Text() const {
  if (how == How::kExit) return "exited with " + std::to_string(number);
  return "was killed by signal " + std::to_string(number) + " (" +
         strsignal(number) + ")";
}

NextStep AfterEnd(const ServiceSpec& service, const Ending& ending) {
  const bool again = service.restart == Restart::kAlways ||
                     (service.restart == Restart::kOnFailure && !ending.good());
  if (service.role == Role::kJob &&
      (ending.how == Ending::How::kExit || !again))
    return NextStep::kEndGraph;
  return again ? NextStep::kStart : NextStep::kStayDead;
}

int64_t BackOff::NextDelay(int64_t now_ns) {
  if (now_ns - started_ns_ >= kGoodLifeNs) delay_ns_ = kFirstNs;
  const int64_t delay = delay_ns_;
  delay_ns_ = std::min(delay_ns_ * 2, kLastNs);
  return delay;
}

}  // namespace keyport
