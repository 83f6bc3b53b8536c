#include "services/tracer/recording_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace keyport {
namespace {

absl::Status Failed(const std::string& path, const char* what) {
  const std::string text = path + ": " + what + ": " + std::strerror(errno);
  if (errno == EEXIST) return absl::AlreadyExistsError(text);
  return errno == EPIPE ? absl::CancelledError(text)
                        : absl::UnavailableError(text);
}

int OpenPrivately(const std::string& path, RecordingFile::Existing existing) {
  if (path == "-") return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int how = existing == RecordingFile::Existing::kEmptied
                      ? O_TRUNC
                      : O_EXCL | O_NOFOLLOW;
  return open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | how,
              0600);
}

}  // namespace

absl::StatusOr<RecordingFile> RecordingFile::Create(const std::string& path,
                                                    Existing existing) {
  base::UniqueFd file(OpenPrivately(path, existing));
  if (!file.valid()) return Failed(path, "cannot be written");
  struct stat state;
  if (path != "-" && fstat(file.get(), &state) == 0 && S_ISREG(state.st_mode) &&
      fchmod(file.get(), 0600) != 0)
    return Failed(path, "cannot be made private");
  return RecordingFile(path, std::move(file));
}

absl::Status RecordingFile::Write(std::string_view blocks) {
  while (!blocks.empty()) {
    const ssize_t written = write(file_.get(), blocks.data(), blocks.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(path_, "cannot be written");
    blocks.remove_prefix(static_cast<size_t>(written));
    bytes_ += static_cast<uint64_t>(written);
  }
  return absl::OkStatus();
}

}  // namespace keyport
