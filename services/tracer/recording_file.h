// RecordingFile: where a recording goes. Nobody but its owner may read it, and
// it holds whole blocks at any moment (its end may be cut if this process is
// killed within a write).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libipc/base/unique_fd.h"

namespace keyport {

class RecordingFile {
 public:
  // What becomes of a file, or a link, that is there.
  enum class Existing { kEmptied, kRefused };
  // "-" is standard output. A file that is emptied becomes private. Errors:
  // with the path and the system's reason; already exists.
  static absl::StatusOr<RecordingFile> Create(
      const std::string& path, Existing existing = Existing::kEmptied);

  // All of it, or an error: cancelled when nobody reads the pipe any more.
  absl::Status Write(std::string_view blocks);
  uint64_t bytes() const { return bytes_; }

 private:
  RecordingFile(std::string path, base::UniqueFd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  base::UniqueFd file_;
  uint64_t bytes_ = 0;
};

}  // namespace keyport
