// A thousand and ten thousand sessions at one kernel process: what making one
// takes, what it weighs, and what an empty call costs among them.
#include <stdio.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bench/capabilities/many.h"
#include "bench/capabilities/process_memory.h"
#include "bench/capabilities/rows.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/socket.h"

namespace bench {
namespace {

namespace abi = ipc::abi;

constexpr int kFew = 1'000;
constexpr int kMany = 10'000;
constexpr int kDescriptorsEach = 2;  // in the kernel process
constexpr int kDescriptorsMore = 500;

std::string Among(int count) {
  return " (of " + std::to_string(count) + " sessions)";
}

// Many, or as many as this process, and so the kernel process that it starts,
// may have descriptors for.
int Many() {
  constexpr rlim_t kNeeded = kMany * kDescriptorsEach + kDescriptorsMore;
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit more = {.rlim_cur = std::max(limit.rlim_cur, kNeeded),
                       .rlim_max = std::max(limit.rlim_max, kNeeded)};
  if (setrlimit(RLIMIT_NOFILE, &more) == 0) return kMany;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return (static_cast<int>(limit.rlim_max) - kDescriptorsMore) /
         kDescriptorsEach;
}

// A session that has begun and maps nothing on this side.
base::UniqueFd BeginIdle(KernelProcess& kernel) {
  base::UniqueFd socket = kernel.NewSocket("idle");
  abi::Hello hello = {};
  hello.magic = abi::kMagic;
  hello.kind = abi::SocketKind::hello;
  hello.version = abi::kVersion;
  Must(base::SendMessage(socket.get(), &hello, sizeof(hello)));
  Expect(base::WaitReadable(socket.get(), base::kNoDeadline), "a welcome");
  abi::Welcome welcome = {};
  Must(base::ReceiveMessage(socket.get(), &welcome, sizeof(welcome)));
  Expect(welcome.kind == abi::SocketKind::welcome, "a welcome");
  const abi::SocketMessage ready = {abi::kMagic, abi::SocketKind::ready, 0};
  Must(base::SendMessage(socket.get(), &ready, sizeof(ready)));
  return socket;
}

Times EmptyCalls(KernelProcess& kernel, int rounds) {
  return TimeEach(rounds, [&](int) {
    CallOne(kernel.session(), {abi::Syscall::session_info, abi::kNoHandle});
  });
}

void MeasureCount(Figures& figures, Effort effort, int count) {
  KernelProcess kernel(kApart.second);
  const PinnedTo pinned(kApart.first);
  EmptyCalls(kernel, 100);
  const ProcessMemory before = MemoryOf(kernel.pid());
  std::vector<base::UniqueFd> sockets;
  const double ns = TimeAll([&] {
    for (int i = 0; i < count; ++i) sockets.push_back(BeginIdle(kernel));
    EmptyCalls(kernel, 1);
  });
  figures.Add("setting up a session" + Among(count), "us", ns / 1e3 / count);
  const ProcessMemory after = MemoryOf(kernel.pid());
  figures.Add("memory of a session, kernel process's own" + Among(count), "B",
              static_cast<double>(after.anonymous - before.anonymous) / count);
  figures.AddTimes("empty call" + Among(count),
                   EmptyCalls(kernel, effort.Rounds(20'000)));
}

}  // namespace

void MeasureSessions(Figures& figures, Effort effort) {
  const int many = Many();
  MeasureCount(figures, effort, kFew);
  if (many > kFew)
    MeasureCount(figures, effort, many);
  else
    fprintf(stderr,
            "10,000 sessions are left out: they need two descriptors each, "
            "and the hard limit (ulimit -Hn) allows too few\n");
}

void ConcludeSessions(Figures& figures) {
  const int many = Many();
  const auto flat = [&](const std::string& what) {
    const std::string more = what + Among(many);
    if (figures.Has(more))
      figures.Compare(what + ", many / 1,000", more, what + Among(kFew),
                      AtMost(1.1, 1.5));
  };
  flat("setting up a session");
  flat("memory of a session, kernel process's own");
  flat("empty call");
}

}  // namespace bench
