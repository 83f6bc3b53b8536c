#include "bench/common/isolated.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

using base::UniqueFd;

void WriteAll(int fd, const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = write(fd, &bytes[done], bytes.size() - done);
    Expect(wrote > 0, "writing the figures");
    done += static_cast<size_t>(wrote);
  }
}

std::string ReadAll(int fd) {
  std::string bytes;
  char part[65536];
  ssize_t got;
  while ((got = read(fd, part, sizeof(part))) > 0)
    bytes.append(part, static_cast<size_t>(got));
  return bytes;
}

// What Fail said first, by whichever process; else the last line.
std::string Reason(int fd) {
  lseek(fd, 0, SEEK_SET);
  std::string text = ReadAll(fd);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t failed = text.find("the benchmark failed");
  const size_t begin =
      failed != std::string::npos ? failed : text.rfind('\n') + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string WhyItEnded(int status, int said) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return "it took too long";
  const std::string reason = Reason(said);
  return reason.empty() ? "its process died" : reason;
}

}  // namespace

IsolatedBytes RunIsolated(unsigned seconds_max,
                          const std::function<std::string()>& body) {
  int ends[2];
  Expect(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  const UniqueFd said(memfd_create("said", MFD_CLOEXEC));
  const pid_t child = Fork(kAnywhere, [&] {
    alarm(seconds_max);
    dup2(said.get(), STDERR_FILENO);
    WriteAll(to.get(), body());
  });
  to.Reset();
  IsolatedBytes result;
  result.bytes = ReadAll(from.get());
  int status = 0;
  waitpid(child, &status, 0);
  result.why = WhyItEnded(status, said.get());
  if (!result.why.empty()) result.bytes.clear();
  return result;
}

}  // namespace bench
