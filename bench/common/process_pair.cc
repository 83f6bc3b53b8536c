#include "bench/common/process_pair.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/common/must.h"

namespace bench {

pid_t Fork(int processor, const std::function<void()>& body) {
  const pid_t child = fork();
  if (child < 0) Fail("fork");
  if (child > 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  PinTo(processor);
  body();
  _exit(0);
}

void Join(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) Fail("a child process");
}

void RunPair(Placement placement, const std::function<void()>& first,
             const std::function<void()>& second) {
  const pid_t child = Fork(placement.second, second);
  {
    PinnedTo pinned(placement.first);
    first();
  }
  Join(child);
}

}  // namespace bench
