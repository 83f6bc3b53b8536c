// What a tracer from outside costs what it traces: ptrace stops it twice a
// system call.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/common/process_pair.h"
#include "bench/common/timing.h"
#include "bench/tracing/rows.h"
#include "bench/tracing/traced.h"

namespace bench {
namespace {

double SystemCallNs(int rounds) {
  return TimeAll([&] {
           for (int i = 0; i < rounds; ++i) syscall(SYS_getppid);
         }) /
         rounds;
}

// Goes on from stop to stop until the child ends.
void FollowAll(pid_t child) {
  int status = 0;
  Expect(waitpid(child, &status, 0) == child && WIFSTOPPED(status),
         "the child's first stop");
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD);
  do {
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    Expect(waitpid(child, &status, 0) == child, "the child");
  } while (!WIFEXITED(status));
}

double StoppedNs(int rounds) {
  int ends[2];
  Expect(pipe(ends) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    const double ns = SystemCallNs(rounds);
    _exit(write(ends[1], &ns, sizeof(ns)) == sizeof(ns) ? 0 : 1);
  }
  FollowAll(child);
  double ns = 0;
  Expect(read(ends[0], &ns, sizeof(ns)) == sizeof(ns), "the child's time");
  return ns;
}

}  // namespace

void MeasureStops(const Pass& pass) {
  const int rounds = pass.Rounds(8'000);
  AddNsOf(pass, {kSystemCall, kAlone},
          [&] { return SystemCallNs(rounds * 10); });
  AddNsOf(pass, {kSystemCall, kPtrace}, [&] { return StoppedNs(rounds); });
}

}  // namespace bench
