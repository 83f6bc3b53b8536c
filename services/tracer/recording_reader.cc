#include "services/tracer/recording_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ipc/status.h"

namespace keyport {
namespace {

constexpr size_t kPieceBytes = 65'536;

absl::Status Failed(const std::string& path) {
  return absl::UnavailableError(path +
                                ": cannot be read: " + std::strerror(errno));
}

}  // namespace

absl::StatusOr<RecordingReader> RecordingReader::Open(const std::string& path) {
  base::UniqueFd file(
      path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                  : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return Failed(path);
  return RecordingReader(path, std::move(file));
}

absl::StatusOr<bool> RecordingReader::ReadSome(
    const RecordingDecoder::Sink& sink) {
  const size_t before = bytes_.size();
  bytes_.resize(before + kPieceBytes);
  ssize_t got;
  do {
    got = read(file_.get(), bytes_.data() + before, kPieceBytes);
  } while (got < 0 && errno == EINTR);
  bytes_.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got < 0) return Failed(path_);
  const absl::StatusOr<size_t> used = decoder_.Decode(bytes_, sink);
  if (!used.ok())
    return absl::Status(used.status().code(),
                        path_ + ": " + std::string(used.status().message()));
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ssize_t>(*used));
  if (got == 0 && !decoder_.begun())
    return ipc::MakeStatus(
        ipc::Error::not_supported,
        path_ + ": this is no pcapng file: it ends within its first block");
  return got > 0;
}

std::string RecordingReader::EndComplaint() const {
  if (!bytes_.empty())
    return path_ + ": its last " + std::to_string(bytes_.size()) +
           " bytes are no whole block";
  if (!decoder_.ended())
    return path_ + ": its recorder did not come to the end";
  return "";
}

}  // namespace keyport
