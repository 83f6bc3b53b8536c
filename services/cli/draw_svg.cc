#include "services/cli/draw_svg.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ipc/status.h"
#include "libipc/base/unique_fd.h"
#include "services/tracer/recording_file.h"

namespace keyport {
namespace {

constexpr char kProgram[] = "dot";

absl::Status Failed(ipc::Error error, const std::string& why) {
  return ipc::MakeStatus(error, "the graph cannot be drawn: " + why);
}

absl::Status NoProgram(int number) {
  return Failed(ipc::Error::not_found,
                std::string("dot of Graphviz cannot be started (") +
                    std::strerror(number) +
                    "); install graphviz, or draw what --dot prints elsewhere");
}

bool WriteAll(int file, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t bytes = write(file, text.data() + done, text.size() - done);
    if (bytes <= 0) return false;
    done += static_cast<size_t>(bytes);
  }
  return lseek(file, 0, SEEK_SET) == 0;
}

std::string ReadAll(int file) {
  std::string text;
  char part[64 << 10];
  lseek(file, 0, SEEK_SET);
  for (ssize_t bytes; (bytes = read(file, part, sizeof(part))) > 0;)
    text.append(part, static_cast<size_t>(bytes));
  return text;
}

// 0, or why it could not be started. `status`: as of waitpid.
int RunDot(int input, int output, int* status) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  char program[sizeof(kProgram)];
  std::memcpy(program, kProgram, sizeof(program));
  char format[] = "-Tsvg";
  char* argv[] = {program, format, nullptr};
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, program, &files, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&files);
  if (error == 0)
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
    }
  return error;
}

}  // namespace

absl::Status DrawSvg(const std::string& dot, const std::string& path) {
  const base::UniqueFd input(memfd_create("graph.dot", MFD_CLOEXEC));
  const base::UniqueFd output(memfd_create("graph.svg", MFD_CLOEXEC));
  if (!input.valid() || !output.valid() || !WriteAll(input.get(), dot))
    return Failed(ipc::Error::quota_exceeded, std::strerror(errno));
  int status = 0;
  if (const int error = RunDot(input.get(), output.get(), &status); error != 0)
    return NoProgram(error);
  const std::string svg = ReadAll(output.get());
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || svg.empty())
    return Failed(ipc::Error::bad_state,
                  "dot has failed; what it says stands above");
  auto file = RecordingFile::Create(path);
  if (!file.ok()) return file.status();
  return file->Write(svg);
}

}  // namespace keyport
