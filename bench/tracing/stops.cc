// What a tracer from outside costs what it traces: ptrace stops it twice a
// system call; strace writes it down, too.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

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

// What a child measures once `begin` has returned in it, while `follow(child)`
// runs here.
template <typename Begin, typename Follow>
double InTracedChild(int rounds, const Begin& begin, const Follow& follow) {
  int ends[2];
  Expect(pipe(ends) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    begin();
    const double ns = SystemCallNs(rounds);
    _exit(write(ends[1], &ns, sizeof(ns)) == sizeof(ns) ? 0 : 1);
  }
  follow(child);
  double ns = 0;
  Expect(read(ends[0], &ns, sizeof(ns)) == sizeof(ns), "the child's time");
  close(ends[0]);
  close(ends[1]);
  return ns;
}

double StoppedNs(int rounds) {
  return InTracedChild(
      rounds,
      [] {
        ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        raise(SIGSTOP);
      },
      FollowAll);
}

bool IsTraced() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("TracerPid:")) return !line.ends_with("\t0");
  return false;
}

constexpr char kHasStrace[] = "strace -V >/dev/null 2>&1";

// Writes each call down, to nowhere.
double StracedNs(int rounds) {
  return InTracedChild(
      rounds,
      [] {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        while (!IsTraced()) usleep(100);
      },
      [](pid_t child) {
        const std::string command =
            "strace -qq -o /dev/null -p " + std::to_string(child);
        Expect(system(command.c_str()) == 0, "strace");
        Expect(waitpid(child, nullptr, 0) == child, "the child");
      });
}

}  // namespace

void MeasureStops(const Pass& pass) {
  const int rounds = pass.Rounds(8'000);
  AddNsOf(pass, {kSystemCall, kAlone},
          [&] { return SystemCallNs(rounds * 10); });
  AddNsOf(pass, {kSystemCall, kPtrace}, [&] { return StoppedNs(rounds); });
  if (system(kHasStrace) == 0)
    AddNsOf(pass, {kSystemCall, kStrace}, [&] { return StracedNs(rounds); });
  else
    std::fputs("no strace here: left out\n", stderr);
}

}  // namespace bench
