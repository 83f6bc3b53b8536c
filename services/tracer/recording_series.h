// RecordingSeries: where a recording goes: one file, or, when that grows too
// large, one after the other: out.00001.pcapng, out.00002.pcapng, …
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "services/tracer/recording_file.h"

namespace keyport {

class RecordingSeries {
 public:
  // Which files count where only the newest are kept.
  enum class Keeps { kOwn, kAllOfTheName };
  struct Options {
    std::string path;           // "-": standard output, of one file only
    uint64_t rotate_bytes = 0;  // 0: one file, of that path
    uint64_t keep_files = 0;    // 0: all
    // With kAllOfTheName those of earlier recordings are removed too.
    Keeps keeps = Keeps::kOwn;
  };
  // A series goes on behind the files of its name that are there. Errors: as
  // RecordingFile.
  static absl::StatusOr<RecordingSeries> Create(Options options);

  // On failure bytes() says how much was written.
  absl::Status Write(std::string_view blocks);
  // Whether the file has as many bytes as it should have at most.
  bool IsFull() const {
    return options_.rotate_bytes > 0 && file_->bytes() >= options_.rotate_bytes;
  }
  // Goes on with a new file, and removes the oldest beyond those to keep. On
  // failure it may be tried again.
  absl::Status Next() { return Open(); }

  uint64_t bytes() const { return bytes_; }  // of all files
  uint64_t files() const { return files_; }
  // Of the file that is written now.
  std::string path() const;

 private:
  explicit RecordingSeries(Options options) : options_(std::move(options)) {}
  absl::Status Open();
  absl::StatusOr<RecordingFile> CreateNext();
  void RemoveOld();

  Options options_;
  std::optional<RecordingFile> file_;
  uint64_t number_ = 0;  // of the file, when there are several
  // Of the files of which the newest are kept; the oldest first.
  std::deque<uint64_t> own_;
  uint64_t files_ = 0;
  uint64_t bytes_ = 0;
};

// "out.pcapng", 3: "out.00003.pcapng"
std::string SeriesPath(const std::string& path, uint64_t number);

}  // namespace keyport
