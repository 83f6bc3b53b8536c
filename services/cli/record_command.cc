#include "services/cli/record_command.h"

#include <cinttypes>
#include <cstdio>

#include "services/cli/inspect_commands.h"
#include "services/common/text_table.h"
#include "services/decode/payload_comment.h"

namespace keyport {
namespace {

class Begin : public RecordingObserver {
 public:
  Begin(const RecordOptions& options, RecordSays says)
      : seconds_max_(options.seconds_max), says_(says) {}
  void Begun() override {
    if (says_ == RecordSays::kErrorsOnly) return;
    if (seconds_max_ > 0)
      std::fprintf(stderr, "recording for %g s; Ctrl-C ends it sooner\n",
                   seconds_max_);
    else
      std::fprintf(stderr, "recording until Ctrl-C\n");
  }

 private:
  const double seconds_max_;
  const RecordSays says_;
};

std::string FilesText(const RecordOptions& options,
                      const RecordingSeries& files) {
  if (options.files.rotate_bytes == 0) return "";
  return " in " + std::to_string(files.files()) +
         (files.files() == 1 ? " file" : " files");
}

void SaySums(const RecordOptions& options, const RecordingLoop& loop,
             const TraceLoss& loss) {
  std::fprintf(stderr,
               "record: %" PRIu64 " messages, %" PRIu64
               " records kept, %s%s\n"
               "record: %" PRIu64 " records seen, %" PRIu64 " lost, %" PRIu64
               " written\n",
               loop.messages(), loop.written(),
               BytesText(loop.files().bytes()).c_str(),
               FilesText(options, loop.files()).c_str(), loss.seen, loss.lost,
               loss.seen + loss.lost);
  if (loss.waits) std::fprintf(stderr, "record: %s\n", WaitsText(loss).c_str());
}

}  // namespace

int RunRecord(RecordOptions options, const PayloadSchemas& schemas,
              RecordSays says) {
  if (!schemas.empty())
    options.comment = [&](const RecordedHeader& header, const std::string& port,
                          std::string_view payload) {
      return PayloadComment(schemas, port, header, payload);
    };
  const Recorder::Clocks clocks = RecordingLoop::ClocksNow();
  auto trace =
      LiveTrace::Start(options.socket, "keyport record", options.seconds_max,
                       AtSource(options.filter, options.source));
  if (!trace.ok()) return Complain(trace.status());
  auto files = RecordingSeries::Create(options.files);
  if (!files.ok()) return Complain(files.status());
  Begin begin(options, says);
  RecordingLoop loop(options, clocks, trace->get(), *std::move(files), &begin);
  const absl::Status written = loop.Run("keyport record");
  const TraceLoss loss = (*trace)->loss();
  const bool quiet = says == RecordSays::kErrorsOnly;
  if (!quiet) SaySums(options, loop, loss);
  // A reader that has seen enough is no error to one that is to be quiet.
  if (quiet && absl::IsCancelled(written)) return 0;
  if (!written.ok()) return Complain(written);
  return options.loss == LossIs::kAnError && loss.lost > 0 ? kExitLost : 0;
}

}  // namespace keyport
