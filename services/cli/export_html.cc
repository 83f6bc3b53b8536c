#include "services/cli/export_html.h"

#include <cinttypes>
#include <cstdio>

#include "services/cli/recording_end.h"
#include "services/decode/decode_message.h"
#include "services/tracer/html_page.h"
#include "services/tracer/page_messages.h"
#include "services/tracer/recorded_messages.h"
#include "services/tracer/recording_file.h"

namespace keyport {
namespace {

absl::Status ReadAll(RecordingReader* reader, const PayloadSchemas& schemas,
                     PageMessages* messages) {
  const absl::Status read = ForEachMessage(
      reader,
      [&](const RecordingDecoder::Recorded& recorded) {
        if (recorded.record.kind ==
            static_cast<uint16_t>(ipc::TraceKind::block))
          messages->AddBlock(recorded.record);
        return true;
      },
      [&](TracedMessage message) {
        const std::string port = reader->decoder().PortName(message.port);
        if (!messages->HasRoomForPayload()) {
          message.request.clear();
          message.answer.clear();
        }
        DecodeMessage(schemas, port, &message);
        messages->Add(message, port);
        messages->AddPayload(message);
      },
      [&](const LostRecords& lost) { messages->AddLoss(lost); });
  messages->Sort();
  return read;
}

PageRecording Known(const RecordingReader& reader, const absl::Status& read) {
  const RecordingDecoder& decoder = reader.decoder();
  return {decoder.comment(),
          read.ok() ? reader.EndComplaint() : std::string(read.message()),
          decoder.loss(), decoder.clock()};
}

void TellOfSample(const PageMessages& messages, const PageSample& sample) {
  const uint64_t all = messages.summary().messages();
  if (sample.chosen.size() == all) return;
  std::fprintf(stderr,
               "keyport: the page shows %zu of %" PRIu64
               " messages and counts all\n",
               sample.chosen.size(), all);
}

}  // namespace

absl::Status ExportHtml(const std::string& recording,
                        const PayloadSchemas& schemas, const std::string& out) {
  auto reader = RecordingReader::Open(recording);
  if (!reader.ok()) return reader.status();
  PageMessages messages;
  // What is there before a damage is shown; the page says so.
  const absl::Status read = ReadAll(&*reader, schemas, &messages);
  if (!read.ok() && messages.kept().empty()) return read;
  const PageSample sample = ChooseForPage(messages.kept(), kPageMessagesMost);
  auto file = RecordingFile::Create(out);
  if (!file.ok()) return file.status();
  const absl::Status written = file->Write(HtmlPage(PageJson(
      Known(*reader, read), messages, sample,
      [&](uint64_t port) { return reader->decoder().PortName(port); })));
  TellOfSample(messages, sample);
  if (read.ok()) TellOfEnd(*reader);
  return written.ok() ? read : written;
}

}  // namespace keyport
