#include "services/cli/export_ctf.h"

#include <sys/stat.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "services/cli/recording_end.h"
#include "services/tracer/ctf_trace.h"
#include "services/tracer/recording_file.h"
#include "services/tracer/recording_reader.h"

namespace keyport {
namespace {

absl::Status MakeFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) return absl::OkStatus();
  if (errno != EEXIST)
    return absl::UnavailableError(folder +
                                  ": cannot be made: " + std::strerror(errno));
  std::error_code failed;
  const bool empty = std::filesystem::is_empty(folder, failed);
  if (failed || !std::filesystem::is_directory(folder, failed))
    return absl::UnavailableError(folder + ": this is no folder");
  if (!empty)
    return absl::AlreadyExistsError(
        folder + ": the folder is not empty; a trace has one of its own");
  return absl::OkStatus();
}

// The files of a folder, written one after the other.
class FolderWriter {
 public:
  explicit FolderWriter(std::string folder) : folder_(std::move(folder)) {}
  void Add(const std::string& name, const std::string& piece) {
    if (!written_.ok()) return;
    if (name != name_) {
      auto file = RecordingFile::Create(folder_ + "/" + name);
      if (!file.ok()) {
        written_ = file.status();
        return;
      }
      name_ = name;
      file_ = *std::move(file);
    }
    written_ = file_->Write(piece);
  }
  const absl::Status& written() const { return written_; }

 private:
  const std::string folder_;
  std::string name_;
  std::optional<RecordingFile> file_;
  absl::Status written_;
};

}  // namespace

absl::Status ExportCtf(const std::string& recording,
                       const std::string& folder) {
  auto reader = RecordingReader::Open(recording);
  if (!reader.ok()) return reader.status();
  CtfTrace trace;
  const RecordingDecoder::Sink sink = {
      [&](const RecordingDecoder::Recorded& recorded) { trace.Add(recorded); },
      [&](const LostRecords& lost) { trace.AddLoss(lost); }};
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = reader->ReadSome(sink);
  if (!more.ok()) return more.status();
  TellOfEnd(*reader);
  if (absl::Status made = MakeFolder(folder); !made.ok()) return made;
  FolderWriter files(folder);
  trace.Write(reader->decoder(),
              [&](const std::string& file, const std::string& piece) {
                files.Add(file, piece);
              });
  if (trace.left_out() > 0)
    std::fprintf(stderr, "keyport: the last %" PRIu64 " records are left out\n",
                 trace.left_out());
  return files.written();
}

}  // namespace keyport
