// RecordingReader: a recording's file, read piece by piece.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libipc/base/unique_fd.h"
#include "services/tracer/recording_decoder.h"

namespace keyport {

class RecordingReader {
 public:
  // "-" is standard input. Errors: with the path and the system's reason.
  static absl::StatusOr<RecordingReader> Open(const std::string& path);

  // Reads on, some hundred records. False at the end. Errors: as Decode, with
  // the path; not_supported at the end of what is too short to be a recording.
  absl::StatusOr<bool> ReadSome(const RecordingDecoder::Sink& sink);
  const RecordingDecoder& decoder() const { return decoder_; }
  // What is wrong with its end, for whoever reads; "" if nothing is.
  std::string EndComplaint() const;

 private:
  RecordingReader(std::string path, base::UniqueFd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  base::UniqueFd file_;
  std::vector<uint8_t> bytes_;  // not decoded yet
  RecordingDecoder decoder_;
};

}  // namespace keyport
