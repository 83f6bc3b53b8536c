// keyport-tracer: a service that records what passes through its graph into a
// series of files of bounded size, so that nobody else waits for a disk.
//
// It never stops for a file that cannot be written: what passes meanwhile is
// lost, counted, and told in the file as soon as there is room again.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "services/common/text_table.h"
#include "services/recording/trace_words.h"

namespace keyport {
namespace {

constexpr int kExitUsage = 2;
constexpr uint64_t kRotateBytes = uint64_t{64} << 20;
constexpr uint64_t kKeepFiles = 16;

int Complain(const absl::Status& status) {
  std::fprintf(stderr, "keyport-tracer: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

class Log : public RecordingObserver {
 public:
  explicit Log(const RecordOptions& options) : options_(options) {}
  void Begun() override {
    std::fprintf(stderr, "recording to %s, at most %" PRIu64 " files of %s\n",
                 options_.files.path.c_str(), options_.files.keep_files,
                 BytesText(options_.files.rotate_bytes).c_str());
  }
  void Waits(const absl::Status& why) override {
    std::fprintf(stderr,
                 "%s; what passes now is lost and counted, until there is "
                 "room\n",
                 std::string(why.message()).c_str());
  }
  void GoesOn(uint64_t lost) override {
    std::fprintf(stderr, "writing again; %" PRIu64 " records were lost\n",
                 lost);
  }

 private:
  const RecordOptions& options_;
};

// In a graph with what its manifest gives it; by hand as a tool.
absl::StatusOr<std::unique_ptr<LiveTrace>> StartTrace(
    const RecordOptions& options, std::optional<ipc::Session>* session) {
  if (!options.socket.empty() || std::getenv("KEYPORT_SESSION_FD") == nullptr)
    return LiveTrace::Start(options.socket, "keyport-tracer",
                            options.seconds_max,
                            AtSource(options.filter, options.source));
  absl::StatusOr<ipc::Session> own = ipc::Session::FromEnvironment();
  if (!own.ok()) return own.status();
  session->emplace(*std::move(own));
  // Ctrl-C in the graph's terminal is for the supervisor, which ends the others
  // first.
  setpgid(0, 0);
  return LiveTrace::StartAsService(&**session, options.seconds_max,
                                   AtSource(options.filter, options.source));
}

void SaySums(const RecordingLoop& loop, const TraceLoss& loss) {
  std::fprintf(stderr,
               "%" PRIu64 " messages, %" PRIu64 " records kept, %s in %" PRIu64
               " files\n%" PRIu64 " records seen, %" PRIu64 " lost, %" PRIu64
               " written\n",
               loop.messages(), loop.written(),
               BytesText(loop.files().bytes()).c_str(), loop.files().files(),
               loss.seen, loss.lost, loss.seen + loss.lost);
  if (loss.waits) std::fprintf(stderr, "%s\n", WaitsText(loss).c_str());
  if (loop.unwritten() > 0)
    std::fprintf(stderr,
                 "the last %" PRIu64 " records kept could not be written\n",
                 loop.unwritten());
}

int Record(const RecordOptions& options) {
  // A file at its limit is like a full disk (EFBIG).
  signal(SIGXFSZ, SIG_IGN);
  const Recorder::Clocks clocks = RecordingLoop::ClocksNow();
  std::optional<ipc::Session> session;
  auto trace = StartTrace(options, &session);
  if (!trace.ok()) return Complain(trace.status());
  auto files = RecordingSeries::Create(options.files);
  if (!files.ok()) return Complain(files.status());
  if (const std::string left = CutDownText(options, (*trace)->granted());
      !left.empty())
    std::fprintf(stderr,
                 "trace_limits allow less than was asked for: %s is recorded\n",
                 left.c_str());
  Log log(options);
  RecordingLoop loop(options, clocks, trace->get(), *std::move(files), &log);
  const absl::Status written = loop.Run("keyport-tracer");
  const TraceLoss loss = (*trace)->loss();
  SaySums(loop, loss);
  if (!written.ok()) return Complain(written);
  return options.loss == LossIs::kAnError && loss.lost > 0 ? kExitLost : 0;
}

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app("Records what passes through a graph, in files of bounded size",
               "keyport-tracer");
  RecordOptions options;
  options.files = {.rotate_bytes = kRotateBytes,
                   .keep_files = kKeepFiles,
                   .keeps = RecordingSeries::Keeps::kAllOfTheName};
  options.when_unwritable = WhenUnwritable::kWaitForRoom;
  const RecordingWords words = AddRecording(&app, &options);
  words.file->description("out.pcapng: out.00001.pcapng and so on")
      ->check([](const std::string& path) {
        return path == "-" ? "standard output is no series of files" : "";
      });
  words.rotate->default_str("64M");
  words.keep
      ->description(
          "keep this many files of that name, the newest; those of earlier "
          "lives count")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return Record(options);
}

}  // namespace keyport

int main(int argc, char** argv) { return keyport::Main(argc, argv); }
