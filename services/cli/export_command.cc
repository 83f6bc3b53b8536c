#include "services/cli/export_command.h"

#include <sys/stat.h>

#include <cinttypes>
#include <cstdio>
#include <optional>

#include "services/cli/export_ctf.h"
#include "services/cli/export_html.h"
#include "services/cli/graph_schemas.h"
#include "services/cli/inspect_commands.h"
#include "services/cli/recording_end.h"
#include "services/decode/payload_comment.h"
#include "services/tracer/chrome_trace.h"
#include "services/tracer/pcapng.h"
#include "services/tracer/perfetto_trace.h"
#include "services/tracer/prometheus_text.h"
#include "services/tracer/record_json.h"
#include "services/tracer/recorded_messages.h"
#include "services/tracer/recording_file.h"
#include "services/tracer/recording_summary.h"

namespace keyport {
namespace {

constexpr size_t kPieceBytes = 1u << 20;

// Writes in pieces that are worth a write. What is there is emptied by Open.
class Output {
 public:
  explicit Output(std::string path) : path_(std::move(path)) {}
  absl::Status Open() {
    if (file_) return absl::OkStatus();
    auto file = RecordingFile::Create(path_);
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    return absl::OkStatus();
  }
  void Add(const std::string& text) {
    piece_ += text;
    if (file_ && piece_.size() >= kPieceBytes) Flush();
  }
  bool empty() const { return !file_ && piece_.empty(); }
  absl::Status Finish() {
    if (file_) Flush();
    return written_;
  }

 private:
  void Flush() {
    if (written_.ok()) written_ = file_->Write(piece_);
    piece_.clear();
  }

  const std::string path_;
  std::optional<RecordingFile> file_;
  std::string piece_;
  absl::Status written_;
};

bool IsSameFile(const std::string& one, const std::string& other) {
  struct stat a = {};
  struct stat b = {};
  return stat(one.c_str(), &a) == 0 && stat(other.c_str(), &b) == 0 &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

absl::StatusOr<Output> OpenOutput(const std::string& path) {
  Output output(path);
  if (absl::Status opened = output.Open(); !opened.ok()) return opened;
  return output;
}

// What `sink` adds to the output, while it is read. The output is opened once
// something could be read: the file may be no recording.
absl::Status WriteWhileReading(RecordingReader* reader,
                               const RecordingDecoder::Sink& sink,
                               Output* output) {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) {
    more = reader->ReadSome(sink);
    if (!more.ok() && output->empty()) break;
    if (!reader->decoder().begun()) continue;
    if (absl::Status opened = output->Open(); !opened.ok()) return opened;
  }
  const absl::Status written = output->Finish();
  if (!more.ok()) return more.status();
  TellOfEnd(*reader);
  return written;
}

absl::Status ExportChrome(const ExportOptions& options) {
  auto reader = RecordingReader::Open(options.file);
  if (!reader.ok()) return reader.status();
  ChromeTrace trace;
  uint64_t left_out = 0;
  const absl::Status read = ForEachMessage(
      &*reader, [](const RecordingDecoder::Recorded&) { return true; },
      [&](const TracedMessage& message) {
        const std::string port = reader->decoder().PortName(message.port);
        if (!trace.Add(message, port)) ++left_out;
      });
  if (!read.ok()) return read;
  TellOfEnd(*reader);
  auto output = OpenOutput(options.chrome);
  if (!output.ok()) return output.status();
  trace.Write([&](const std::string& text) { output->Add(text); });
  if (left_out > 0)
    std::fprintf(stderr,
                 "keyport: the last %" PRIu64 " messages are left out\n",
                 left_out);
  return output->Finish();
}

absl::Status ExportPerfetto(const ExportOptions& options) {
  auto reader = RecordingReader::Open(options.file);
  if (!reader.ok()) return reader.status();
  PerfettoTrace trace;
  const absl::Status read = ForEachMessage(
      &*reader,
      [&](const RecordingDecoder::Recorded& recorded) {
        trace.SetPid(recorded.source.name, recorded.source.pid);
        return true;
      },
      [&](const TracedMessage& message) {
        trace.Add(message, reader->decoder().PortName(message.port));
      },
      [&](const LostRecords& lost) { trace.AddLoss(lost); });
  if (!read.ok()) return read;
  TellOfEnd(*reader);
  auto output = OpenOutput(options.perfetto);
  if (!output.ok()) return output.status();
  trace.Write(reader->decoder().clock(),
              [&](const std::string& text) { output->Add(text); });
  if (trace.left_out() > 0)
    std::fprintf(stderr, "keyport: %" PRIu64 " messages are left out\n",
                 trace.left_out());
  return output->Finish();
}

absl::Status ExportPrometheus(const ExportOptions& options) {
  auto reader = RecordingReader::Open(options.file);
  if (!reader.ok()) return reader.status();
  TraceSummary summary;
  const absl::Status read = SummarizeRecording(&*reader, &summary);
  if (!read.ok()) return read;
  TellOfEnd(*reader);
  auto output = OpenOutput(options.prometheus);
  if (!output.ok()) return output.status();
  const RecordingDecoder& decoder = reader->decoder();
  output->Add(PrometheusText(
      summary, [&](uint64_t port) { return decoder.PortName(port); },
      decoder.loss()));
  return output->Finish();
}

absl::Status ExportJson(const ExportOptions& options) {
  auto reader = RecordingReader::Open(options.file);
  if (!reader.ok()) return reader.status();
  Output output(options.json);
  const RecordingDecoder& decoder = reader->decoder();
  const RecordingDecoder::Sink sink = {
      [&](const RecordingDecoder::Recorded& recorded) {
        output.Add(RecordJson(recorded, decoder));
      },
      [&](const LostRecords& lost) {
        output.Add(LossJson(lost, decoder.clock().value_or(WallClock(0))));
      }};
  return WriteWhileReading(&*reader, sink, &output);
}

absl::Status ExportPage(const ExportOptions& options) {
  const auto schemas = SchemasGiven(options.schemas);
  return schemas.ok() ? ExportHtml(options.file, *schemas, options.html)
                      : schemas.status();
}

absl::Status ExportPcapng(const ExportOptions& options) {
  const auto schemas = SchemasGiven(options.schemas);
  if (!schemas.ok()) return schemas.status();
  if (schemas->empty())
    return absl::InvalidArgumentError(
        "--pcapng adds to the recording what a schema says of its payloads: "
        "give --schema PORT=FILE.capnp too");
  auto reader = RecordingReader::Open(options.file);
  if (!reader.ok()) return reader.status();
  Output output(options.pcapng);
  uint64_t too_long = 0;
  std::string comment;
  const RecordingDecoder::Sink sink = {
      [&](const RecordingDecoder::Recorded& recorded) {
        comment = PayloadComment(
            *schemas, reader->decoder().PortName(recorded.header.port),
            recorded.header, recorded.payload);
      },
      [](const LostRecords&) {},
      [&](std::span<const uint8_t> block) {
        const std::string said = std::exchange(comment, {});
        std::optional<std::string> commented;
        if (!said.empty())
          commented = CommentedPacket(TakeBlock(block).body, said);
        if (!said.empty() && !commented) ++too_long;
        output.Add(commented ? *commented
                             : std::string(block.begin(), block.end()));
      }};
  const absl::Status done = WriteWhileReading(&*reader, sink, &output);
  if (too_long > 0)
    std::fprintf(stderr,
                 "keyport: packets copied without what their schema says, "
                 "since with it they are longer than a block may be: %" PRIu64
                 "\n",
                 too_long);
  return done;
}

absl::Status CheckFiles(const ExportOptions& options) {
  int formats = 0;
  for (const std::string* out :
       {&options.chrome, &options.json, &options.html, &options.perfetto,
        &options.ctf, &options.prometheus, &options.pcapng}) {
    formats += out->empty() ? 0 : 1;
    // What is to be a folder is looked at when it is made.
    if (out != &options.ctf && IsSameFile(options.file, *out))
      return absl::InvalidArgumentError(
          *out + ": this is the recording itself; give another file");
  }
  if (!options.schemas.empty() && options.html.empty() &&
      options.pcapng.empty())
    return absl::InvalidArgumentError(
        "--schema is for --html and --pcapng: the other formats have the "
        "payloads' bytes, "
        "or nothing of them; `keyport trace --from` decodes as text and JSON");
  if (formats > 1 && options.file == "-")
    return absl::InvalidArgumentError(
        "standard input can be read once only: ask for one format, or give a "
        "file");
  return absl::OkStatus();
}

}  // namespace

int RunExport(const ExportOptions& options) {
  absl::Status done = CheckFiles(options);
  if (done.ok() && !options.chrome.empty()) done = ExportChrome(options);
  if (done.ok() && !options.json.empty()) done = ExportJson(options);
  if (done.ok() && !options.html.empty()) done = ExportPage(options);
  if (done.ok() && !options.perfetto.empty()) done = ExportPerfetto(options);
  if (done.ok() && !options.pcapng.empty()) done = ExportPcapng(options);
  if (done.ok() && !options.ctf.empty())
    done = ExportCtf(options.file, options.ctf);
  if (done.ok() && !options.prometheus.empty())
    done = ExportPrometheus(options);
  return done.ok() ? 0 : Complain(done);
}

}  // namespace keyport
