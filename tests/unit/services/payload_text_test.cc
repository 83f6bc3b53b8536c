#include "services/tracer/payload_text.h"

#include <gtest/gtest.h>

#include "tests/unit/services/made_up_recording.h"

namespace keyport {
namespace {

TEST(PayloadText, TextIsShownAsItIs) {
  TracedMessage message;
  message.request = "what time is it?";
  message.answer = "late";
  EXPECT_EQ(PayloadLines(message),
            "    > what time is it?\n"
            "    < late\n");
}

TEST(PayloadText, NothingIsShownOfNothing) {
  EXPECT_EQ(PayloadLines(TracedMessage()), "");
}

TEST(PayloadText, WhatIsNoTextIsShownInHexadecimal) {
  TracedMessage message;
  message.request = std::string("\x1b[2J\0\xff", 6) + std::string(16, 'a');
  EXPECT_EQ(PayloadLines(message),
            "    > 0000  1b 5b 32 4a 00 ff 61 61 61 61 61 61 61 61 61 61  "
            ".[2J..aaaaaaaaaa\n"
            "    > 0010  61 61 61 61 61 61                                "
            "aaaaaa\n");
}

TEST(PayloadText, OfTextNoByteReachesTheTerminalAsAControl) {
  TracedMessage message;
  message.request = "a\nb\tc";
  const std::string lines = PayloadLines(message);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
}

TEST(PayloadText, HexIsTwoDigitsAByte) {
  EXPECT_EQ(HexOf(std::string("\x00\x0f\xf0", 3)), "000ff0");
}

TEST(PayloadText, IsRecordedAndReadAgain) {
  MadeUpRecording recording;
  recording.Begin();
  const std::string payload(30, 'p');  // of 40
  recording.Add(kMadeUpClient, MadeUpRecord(ipc::TraceKind::send, 2'000),
                payload);
  recording.Add(kMadeUpServer,
                MadeUpRecord(ipc::TraceKind::receive, 2'030, 30));
  recording.End();
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  ASSERT_EQ(decoded.records.size(), 2u);
  EXPECT_EQ(decoded.records[0].payload, payload);
  EXPECT_EQ(decoded.records[1].payload, "");
}

TEST(PayloadText, AReaderTakesNoMoreThanTheMessageHad) {
  MadeUpRecording recording;
  recording.Begin();
  recording.Add(kMadeUpClient, MadeUpRecord(ipc::TraceKind::send, 2'000),
                std::string(1'000, 'p'));
  recording.End();
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  ASSERT_EQ(decoded.records.size(), 1u);
  EXPECT_EQ(decoded.records[0].payload.size(), 40u);
}

}  // namespace
}  // namespace keyport
