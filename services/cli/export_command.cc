#include "services/cli/export_command.h"

#include <cinttypes>
#include <cstdio>

#include "services/cli/inspect_commands.h"
#include "services/tracer/chrome_trace.h"
#include "services/tracer/recorded_messages.h"
#include "services/tracer/recording_file.h"

namespace keyport {
namespace {

constexpr size_t kPieceBytes = 1u << 20;

absl::Status WriteChrome(ChromeTrace* trace, const std::string& path) {
  auto file = RecordingFile::Create(path);
  if (!file.ok()) return file.status();
  absl::Status written;
  std::string piece;
  trace->Write([&](const std::string& text) {
    piece += text;
    if (piece.size() < kPieceBytes || !written.ok()) return;
    written = file->Write(piece);
    piece.clear();
  });
  if (!written.ok()) return written;
  return file->Write(piece);
}

}  // namespace

int RunExport(const ExportOptions& options) {
  auto reader = RecordingReader::Open(options.file);
  if (!reader.ok()) return Complain(reader.status());
  ChromeTrace trace;
  uint64_t left_out = 0;
  absl::Status done = ForEachMessage(
      &*reader, [](const RecordingDecoder::Recorded&) { return true; },
      [&](const TracedMessage& message) {
        const std::string port = reader->decoder().PortName(message.port);
        if (!trace.Add(message, port)) ++left_out;
      });
  if (done.ok()) done = WriteChrome(&trace, options.chrome);
  if (!done.ok()) return Complain(done);
  if (left_out > 0)
    std::fprintf(stderr,
                 "keyport: the last %" PRIu64 " messages are left out\n",
                 left_out);
  return 0;
}

}  // namespace keyport
