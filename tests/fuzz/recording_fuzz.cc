// Trace records that their writers made up, recorded, damaged, decoded and
// shown.
#include <algorithm>
#include <cstdlib>

#include "services/tracer/flow_tree.h"
#include "services/tracer/message_table.h"
#include "services/tracer/payload_text.h"
#include "services/tracer/trace_summary.h"
#include "tests/fuzz/input.h"
#include "tests/unit/services/made_up_recording.h"

namespace {

constexpr int kDamagesMax = 8;

// Some bytes of a forged record are small, so that several are of one message.
ipc::TraceRecord Forged(fuzz::Input* input) {
  ipc::TraceRecord record =
      keyport::MadeUpRecord(ipc::TraceKind::send, 2'000, input->Byte());
  const uint8_t how = input->Byte();
  record.kind = how < 200 ? how % 7 : input->Take<uint16_t>();
  record.correlation = input->Byte() % 4;
  if (how % 3 == 0) record.time_ns = input->Take<uint64_t>();
  if (how % 5 == 0) record.interval_ns = input->Take<uint64_t>();
  if (how % 7 == 0) record.lane = input->Take<uint64_t>();
  if (how % 11 == 0) record.port = input->Take<uint64_t>();
  record.error = input->Byte();
  return record;
}

// Of any length, whatever its record says.
std::string ForgedPayload(fuzz::Input* input) {
  const uint8_t bytes = input->Byte();
  return std::string(bytes < 128 ? 0 : bytes - 128,
                     static_cast<char>(input->Byte()));
}

std::vector<uint8_t> MadeUp(fuzz::Input* input) {
  keyport::MadeUpRecording recording;
  recording.Begin();
  while (!input->empty()) {
    const uint8_t step = input->Byte();
    if (step % 8 == 0) {
      recording.EndPass(input->Take<uint64_t>(), {step / 8u, 1, 2});
      continue;
    }
    if (step % 8 == 1 && step > 128) break;
    recording.Add(step % 8 == 2   ? keyport::kMadeUpKernel
                  : step % 2 == 0 ? keyport::kMadeUpClient
                                  : keyport::kMadeUpServer,
                  Forged(input), ForgedPayload(input));
  }
  recording.End();
  std::vector<uint8_t> bytes = recording.bytes();
  for (int i = input->Byte() % kDamagesMax; i > 0; --i)
    bytes[input->Take<uint32_t>() % bytes.size()] ^= input->Byte();
  return bytes;
}

void Show(const std::vector<keyport::TracedMessage>& messages) {
  for (const keyport::TracedMessage& message : messages)
    if (keyport::PayloadLines(message).size() >
            8 * (message.request.size() + message.answer.size()) + 256 ||
        keyport::TraceLine(message, "port", keyport::WallClock()).empty() ||
        keyport::TraceJson(message, "port", keyport::WallClock()).empty())
      std::abort();
  if (keyport::FlowTree(messages).size() !=
      std::min(messages.size(), keyport::kFlowMessagesMax))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const bool raw = input.Byte() % 4 == 0;
  const std::vector<uint8_t> bytes =
      raw ? std::vector<uint8_t>(data, data + size) : MadeUp(&input);
  keyport::RecordingDecoder decoder;
  keyport::MessageTable table(64);
  keyport::TraceSummary summary;
  std::vector<keyport::TracedMessage> messages;
  uint64_t seen = 0;
  const auto used = decoder.Decode(
      bytes, {[&](const keyport::RecordingDecoder::Recorded& recorded) {
                seen += 1 + uint64_t{recorded.header.parts};
                if (recorded.payload.size() > recorded.header.payload_bytes)
                  std::abort();
                table.Add(recorded.source, recorded.record, recorded.payload);
                summary.Add(recorded.record);
              },
              [](const keyport::LostRecords&) {}});
  if (used.ok() && *used > bytes.size()) std::abort();
  if (seen != decoder.loss().seen) std::abort();
  for (const keyport::TracedMessage& message : table.TakeRest())
    messages.push_back(message);
  Show(messages);
  summary.Text([&](uint64_t port) { return decoder.PortName(port); },
               decoder.loss());
  return 0;
}
