// ChildProcess and what others learn of its end.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/notification.h"
#include "ipc/process.h"
#include "ipc/wait_set.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

constexpr ExitStatus Exited(int code) {
  return {ExitStatus::How::kExited, code};
}
constexpr ExitStatus Signalled(int number) {
  return {ExitStatus::How::kSignalled, number};
}

class ChildProcesses : public ::testing::Test {
 protected:
  absl::StatusOr<ChildProcess> TryStart(
      std::vector<std::string> argv,
      std::span<const InitialCapability> initial = {}) {
    return ChildProcess::Start(world_->account(), "child", initial,
                               {.argv = std::move(argv)});
  }
  ChildProcess StartShell(const char* script) {
    return Must(TryStart({"/bin/sh", "-c", script}));
  }
  // One that has joined, and waits until its session is over.
  ChildProcess StartJoined() {
    const InitialCapability initial[] = {{"ready", &ready_.capability()},
                                         {"never", &never_.capability()}};
    ChildProcess child =
        Must(TryStart({KEYPORT_BIN_DIR "/conformance_child"}, initial));
    Must(ready_.WaitForOne(Soon()));
    return child;
  }
  ProcessInfo InfoOf(const ChildProcess& child) {
    return Must(GetProcessInfo(child.process()));
  }

  std::unique_ptr<World> world_ = World::Start();
  Notification ready_ =
      Must(Notification::Create(world_->root(), NotificationKind::counter));
  Notification never_ =
      Must(Notification::Create(world_->root(), NotificationKind::counter));
};

TEST_F(ChildProcesses, TellTheirExitCode) {
  for (const int code : {0, 3, 255}) {
    ChildProcess child = StartShell(("exit " + std::to_string(code)).c_str());
    const ExitStatus status = Must(child.Wait(Soon()));
    EXPECT_EQ(status, Exited(code));
    EXPECT_EQ(status.good(), code == 0);
    EXPECT_EQ(InfoOf(child).exit, Exited(code));
  }
}

TEST_F(ChildProcesses, TellTheSignalThatEndedThem) {
  ChildProcess child = StartShell("kill -TERM $$");
  EXPECT_EQ(Must(child.Wait(Soon())), Signalled(SIGTERM));
  EXPECT_EQ(InfoOf(child).exit, Signalled(SIGTERM));
}

TEST_F(ChildProcesses, CanBeAskedAgainAndMovedOnce) {
  ChildProcess child = StartShell("exit 3");
  Must(child.Wait(Soon()));
  ChildProcess moved = std::move(child);
  EXPECT_EQ(Must(moved.Wait(Soon())), Exited(3));
  EXPECT_EQ(Must(WaitForExit(moved.process(), Soon())), Exited(3));
}

TEST_F(ChildProcesses, AreWaitedForUntilTheDeadline) {
  ChildProcess child = StartJoined();
  EXPECT_EQ(ErrorOf(child.Wait(Deadline::Immediately()).status()),
            Error::should_wait);
  EXPECT_EQ(
      ErrorOf(child.Wait(Deadline::After(absl::Milliseconds(1))).status()),
      Error::timed_out);
  EXPECT_EQ(
      ErrorOf(WaitForExit(child.process(), Deadline::Immediately()).status()),
      Error::should_wait);
  EXPECT_EQ(ErrorOf(WaitForExit(child.process(),
                                Deadline::After(absl::Milliseconds(1)))
                        .status()),
            Error::timed_out);
  EXPECT_EQ(InfoOf(child).exit, std::nullopt);
  EXPECT_EQ(InfoOf(child).pid, child.pid());
}

TEST_F(ChildProcesses, HaveADescriptorThatTellsTheirEnd) {
  ChildProcess child = StartJoined();
  pollfd entry = {.fd = child.descriptor(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&entry, 1, 0), 0);
  Must(child.Kill());
  EXPECT_EQ(poll(&entry, 1, 60'000), 1);
  EXPECT_EQ(Must(child.Wait(Deadline::Immediately())), Signalled(SIGKILL));
}

TEST_F(ChildProcesses, AreKilledAndTheirSessionsEnd) {
  ChildProcess child = StartJoined();
  Must(child.Kill());
  EXPECT_EQ(Must(child.Wait(Soon())), Signalled(SIGKILL));
  EXPECT_EQ(Must(child.process().Wait(kSignalDead, Soon())), kSignalDead);
  Must(child.Kill());  // nothing happens
}

TEST_F(ChildProcesses, CutOffNoticeThatTheirSessionIsOver) {
  ChildProcess child = StartJoined();
  const EndReceipt receipt = Must(child.CutOff());
  EXPECT_EQ(receipt.before, abi::ProcessState::running);
  EXPECT_FALSE(receipt.killed);
  EXPECT_EQ(InfoOf(child).state, abi::ProcessState::dead);
  EXPECT_EQ(Must(child.Wait(Soon())), Exited(42));
}

TEST_F(ChildProcesses, CutOffBeforeTheyJoinNeverCan) {
  int gate[2];
  ASSERT_EQ(pipe2(gate, O_CLOEXEC), 0);
  const base::UniqueFd reader(gate[0]);
  const base::UniqueFd writer(gate[1]);
  const InitialCapability initial[] = {{"ready", &ready_.capability()},
                                       {"never", &never_.capability()}};
  const std::string script = "read word < /proc/" + std::to_string(getpid()) +
                             "/fd/" + std::to_string(reader.get()) +
                             " && exec " KEYPORT_BIN_DIR "/conformance_child";
  ChildProcess child = Must(TryStart({"/bin/sh", "-c", script}, initial));
  EXPECT_EQ(Must(child.CutOff()).before, abi::ProcessState::waiting);
  ASSERT_EQ(write(writer.get(), "go\n", 3), 3);
  EXPECT_EQ(Must(child.Wait(Soon())), Exited(1));
  EXPECT_EQ(ErrorOf(ready_.WaitForOne(Deadline::Immediately())),
            Error::should_wait);
}

TEST_F(ChildProcesses, AreKilledByTheKernelProcessForWhoMayManageThem) {
  ChildProcess child = StartJoined();
  const InitialCapability initial[] = {
      {"child", &child.process(), kRightManage}};
  auto peer = world_->StartPeer("killer", initial, [](Session& session) {
    const Capability process = Must(session.Take("child"));
    const EndReceipt receipt = Must(EndProcess(process, EndHow::kKill));
    EXPECT_EQ(receipt.before, abi::ProcessState::running);
    EXPECT_TRUE(receipt.killed);
  });
  EXPECT_EQ(Must(child.Wait(Soon())), Signalled(SIGKILL));
}

TEST_F(ChildProcesses, AreWaitedForByOthersWithWaitOnly) {
  ChildProcess child = StartJoined();
  const InitialCapability initial[] = {{"child", &child.process(), kRightWait},
                                       {"ready", &ready_.capability()}};
  auto peer = world_->StartPeer("watcher", initial, [](Session& session) {
    const Capability process = Must(session.Take("child"));
    Must(Notification::Adopt(Must(session.Take("ready")))).SignalSoon();
    EXPECT_EQ(Must(WaitForExit(process, Soon())), Signalled(SIGKILL));
    EXPECT_EQ(ErrorOf(ReportExit(process, Exited(0))), Error::access_denied);
    EXPECT_EQ(ErrorOf(EndProcess(process, EndHow::kCutOff).status()),
              Error::access_denied);
  });
  Must(ready_.WaitForOne(Soon()));
  Must(child.Kill());
  Must(child.Wait(Soon()));
}

TEST_F(ChildProcesses, CanBeMembersOfAWaitSet) {
  ChildProcess child = StartJoined();
  WaitSet set = Must(WaitSet::Create(world_->root()));
  Must(set.Add(1, child.process(), kSignalExited));
  Must(set.AddDescriptor(2, child.descriptor()));
  Must(child.Kill());
  EXPECT_EQ(Must(set.Wait(Soon())).key, 2u);
  Must(child.Wait(Soon()));
  while (Must(set.Wait(Soon())).key != 1u) {
  }
}

TEST_F(ChildProcesses, EndWithTheirOwner) {
  Capability watched;
  int pid = 0;
  {
    ChildProcess child = StartJoined();
    pid = child.pid();
    watched = Must(child.process().Duplicate());
  }
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_EQ(errno, ESRCH);
  EXPECT_EQ(Must(WaitForExit(watched, Soon())), Signalled(SIGKILL));
}

TEST_F(ChildProcesses, AreNoneWithoutAProgram) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer makes a fork of each vfork";
#endif
  EXPECT_EQ(ErrorOf(TryStart({"/no/such/program"}).status()), Error::not_found);
  EXPECT_EQ(ErrorOf(TryStart({}).status()), Error::invalid_args);
}

TEST_F(ChildProcesses, StartWithNoSignalBlockedAndBlockNoneHere) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  ChildProcess child = StartShell("kill -TERM $$");
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(Must(child.Wait(Soon())), Signalled(SIGTERM));
  for (int number = 1; number < SIGRTMIN; ++number)
    EXPECT_EQ(sigismember(&after, number), number == SIGTERM ? 1 : 0)
        << "signal " << number;
}

TEST_F(ChildProcesses, LeaveTheHandlersHereAsTheyWere) {
  struct sigaction handles = {};
  handles.sa_handler = [](int) {};
  struct sigaction before;
  sigaction(SIGUSR1, &handles, &before);
  ChildProcess child = StartShell("kill -USR1 $$");
  struct sigaction after;
  sigaction(SIGUSR1, &before, &after);
  EXPECT_EQ(after.sa_handler, handles.sa_handler);
  EXPECT_EQ(Must(child.Wait(Soon())), Signalled(SIGUSR1));
}

TEST_F(ChildProcesses, ReapedBySomebodyElseAreABadState) {
  ChildProcess child = StartShell("exit 0");
  while (waitpid(child.pid(), nullptr, 0) < 0 && errno == EINTR) {
  }
  EXPECT_EQ(ErrorOf(child.Wait(Soon()).status()), Error::bad_state);
}

TEST_F(ChildProcesses, GetWhatIsMovedToThem) {
  Capability port = world_->NewPort();
  const InitialCapability initial[] = {{.name = "port", .moved = &port}};
  NewProcess made = Must(CreateProcess(world_->account(), "child", initial));
  EXPECT_FALSE(port.valid());
  Session session = Must(Session::Adopt(std::move(made.socket), "child"));
  EXPECT_EQ(Must(Must(session.Take("port")).Info()).rights, kRightsAll);
}

TEST_F(ChildProcesses, LeaveWhatCouldNotBeMoved) {
  Capability port = world_->NewPort();
  const InitialCapability twice[] = {{.name = "a", .moved = &port},
                                     {.name = "b", .moved = &port}};
  EXPECT_EQ(ErrorOf(CreateProcess(world_->account(), "child", twice).status()),
            Error::invalid_args);
  EXPECT_EQ(Must(port.Info()).kind, ObjectKind::port);
  Capability empty;
  for (const InitialCapability& bad :
       {InitialCapability{"a", &empty}, InitialCapability{"a"},
        InitialCapability{.name = "a", .moved = &empty}})
    EXPECT_EQ(
        ErrorOf(CreateProcess(world_->account(), "child", {&bad, 1}).status()),
        Error::bad_handle);
}

TEST_F(ChildProcesses, AreToldOfOnce) {
  const NewProcess made = world_->NewProcess("child");
  for (const ExitStatus& bad : {Exited(256), Exited(-1), Signalled(0),
                                Signalled(127), Signalled(-1), Signalled(130)})
    EXPECT_EQ(ErrorOf(ReportExit(made.process, bad)), Error::invalid_args)
        << bad.number;
  Must(ReportExit(made.process, Signalled(126)));
  EXPECT_EQ(ErrorOf(ReportExit(made.process, Exited(0))), Error::bad_state);
  EXPECT_EQ(Must(WaitForExit(made.process, Soon())), Signalled(126));
}

TEST_F(ChildProcesses, AreNotThereWithoutACapability) {
  const Capability empty;
  EXPECT_EQ(ErrorOf(GetProcessInfo(empty).status()), Error::bad_handle);
  EXPECT_EQ(ErrorOf(EndProcess(empty, EndHow::kKill).status()),
            Error::bad_handle);
  EXPECT_EQ(ErrorOf(WaitForExit(empty, Soon()).status()), Error::bad_handle);
  EXPECT_EQ(ErrorOf(ReportExit(empty, Exited(0))), Error::bad_handle);
  ReportExitSoon(empty, Exited(0));
}

}  // namespace
}  // namespace ipc
