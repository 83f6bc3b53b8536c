// Replaying: what of a recording is sent again, in which order, and what is
// said of the answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "services/replay/replay_player.h"
#include "services/replay/replay_report.h"
#include "services/replay/replay_script.h"
#include "tests/unit/services/made_up_recording.h"

namespace keyport {
namespace {

using ipc::TraceKind;
using testing::HasSubstr;

// A recording on disk, read as a script.
absl::StatusOr<ReplayScript> ScriptOf(const MadeUpRecording& recording,
                                      const ReplayChoice& choice = {}) {
  char path[] = "/tmp/keyport-replay.XXXXXX";
  close(mkstemp(path));
  const std::vector<uint8_t> bytes = recording.bytes();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  auto reader = RecordingReader::Open(path);
  std::filesystem::remove(path);
  if (!reader.ok()) return reader.status();
  return ReadReplayScript(&*reader, choice);
}

struct MadeUpCall {
  uint64_t time_ns = 2'000;
  uint32_t correlation = 1;
  std::string request = "hello";
  uint32_t request_bytes = 5;
  uint8_t handles = 0;
  bool ends = true;
  bool answers = true;  // as far as it was recorded
};

void Add(const MadeUpCall& call, MadeUpRecording* recording) {
  auto send = MadeUpRecord(TraceKind::send, call.time_ns, 0, call.correlation);
  send.payload_bytes = call.request_bytes;
  send.handle_count = call.handles;
  recording->Add(kMadeUpClient, send, call.request);
  auto receive =
      MadeUpRecord(TraceKind::receive, call.time_ns + 30, 30, call.correlation);
  receive.payload_bytes = call.request_bytes;
  receive.handle_count = call.handles;
  recording->Add(kMadeUpServer, receive);
  auto reply =
      MadeUpRecord(TraceKind::reply, call.time_ns + 90, 60, call.correlation);
  reply.payload_bytes = 2;
  if (call.answers) recording->Add(kMadeUpServer, reply, "ok");
  if (call.ends)
    recording->Add(kMadeUpClient,
                   MadeUpRecord(TraceKind::outcome, call.time_ns + 100, 100,
                                call.correlation));
}

TEST(ReplayScript, HoldsWholeCallsInTheOrderOfTheirSending) {
  MadeUpRecording recording;
  recording.Begin();
  Add({.time_ns = 5'000, .correlation = 2}, &recording);
  Add({.time_ns = 2'000, .correlation = 1}, &recording);
  recording.End();
  const auto script = ScriptOf(recording);
  ASSERT_TRUE(script.ok()) << script.status();
  ASSERT_EQ(script->requests.size(), 2u);
  EXPECT_EQ(script->requests[0].recorded.time_ns, 2'000u);
  EXPECT_EQ(script->requests[0].ended_ns(), 2'100u);
  EXPECT_EQ(script->requests[0].recorded.request, "hello");
  EXPECT_EQ(script->requests[0].recorded.answer, "ok");
  EXPECT_EQ(script->requests[0].recorded.answer_bytes, 2u);
  EXPECT_EQ(script->requests[0].port, "store");
  EXPECT_EQ(script->refused.sum(), 0u);
}

TEST(ReplayScript, CountsWhatCannotBeSentAgain) {
  MadeUpRecording recording;
  recording.Begin();
  Add({.correlation = 1, .request_bytes = 50}, &recording);
  Add({.correlation = 2, .handles = 1}, &recording);
  Add({.correlation = 3, .ends = false}, &recording);
  recording.Add(kMadeUpServer, MadeUpRecord(TraceKind::receive, 3'000, 0, 4));
  Add({.correlation = 5}, &recording);
  Add({.correlation = 6, .answers = false}, &recording);
  recording.End();
  const auto script = ScriptOf(recording);
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_EQ(script->requests.size(), 1u);
  EXPECT_EQ(script->refused.cut, 1u);
  EXPECT_EQ(script->refused.capabilities, 1u);
  EXPECT_EQ(script->refused.unended, 2u);
  EXPECT_EQ(script->refused.unseen, 1u);
  EXPECT_THAT(RefusalsText(script->refused),
              HasSubstr("1 without their whole payload"));
}

TEST(ReplayScript, LeavesOutWhatWasNotChosen) {
  MadeUpRecording recording;
  recording.Begin();
  Add({}, &recording);
  recording.End();
  EXPECT_TRUE(ScriptOf(recording, {"client", "store"}).ok());
  for (const ReplayChoice& other :
       {ReplayChoice{"server", "store"}, ReplayChoice{"", "front"}}) {
    const auto none = ScriptOf(recording, other);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(ipc::ErrorOf(none.status()), ipc::Error::not_found);
  }
}

ReplayRequest RequestAt(uint64_t time_ns, uint64_t total_ns) {
  ReplayRequest request;
  request.recorded.time_ns = time_ns;
  request.recorded.is_call = true;
  request.recorded.total_ns = total_ns;
  return request;
}

// What the player hands out, call by call, when the test lets it.
class Calls {
 public:
  ReplayOutcome Make(const ReplayRequest& request) {
    std::unique_lock lock(mutex_);
    const uint64_t time_ns = request.recorded.time_ns;
    under_way_.insert(time_ns);
    changed_.notify_all();
    changed_.wait(lock, [&] { return let_go_.contains(time_ns); });
    under_way_.erase(time_ns);
    order_.push_back(time_ns);
    changed_.notify_all();
    ReplayOutcome outcome;
    outcome.sent = true;
    return outcome;
  }
  void WaitFor(const std::set<uint64_t>& under_way) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60),
                                  [&] { return under_way_ == under_way; }));
  }
  void LetGo(uint64_t time_ns) {
    const std::lock_guard lock(mutex_);
    let_go_.insert(time_ns);
    changed_.notify_all();
  }
  const std::vector<uint64_t>& order() const { return order_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<uint64_t> under_way_;
  std::set<uint64_t> let_go_;
  std::vector<uint64_t> order_;
};

TEST(ReplayPlayer, SendsNothingBeforeWhatHadEndedBeforeIt) {
  ReplayScript script;
  script.requests = {RequestAt(100, 50), RequestAt(120, 100),
                     RequestAt(160, 10), RequestAt(300, 1)};
  const ReplayPace pace = {.speed = 0};
  Calls calls;
  ReplayPlayer player(script, pace, [&](const ReplayRequest& request) {
    return calls.Make(request);
  });
  std::vector<ReplayOutcome> outcomes;
  std::thread playing([&] { outcomes = player.Play(); });
  calls.WaitFor({100, 120});  // these overlapped
  calls.LetGo(120);
  calls.WaitFor({100});  // 160 was sent after the first had ended
  calls.LetGo(100);
  calls.WaitFor({160});
  calls.LetGo(160);
  calls.WaitFor({300});
  calls.LetGo(300);
  playing.join();
  EXPECT_THAT(calls.order(), testing::ElementsAre(120, 100, 160, 300));
  ASSERT_EQ(outcomes.size(), 4u);
  for (const ReplayOutcome& outcome : outcomes) EXPECT_TRUE(outcome.sent);
}

TEST(ReplayPlayer, KeepsTheRecordedPauses) {
  ReplayScript script;
  script.requests = {RequestAt(1'000'000, 1), RequestAt(61'000'000, 1)};
  const ReplayPace pace = {.speed = 2};
  ReplayPlayer player(script, pace, [](const ReplayRequest&) {
    return ReplayOutcome{.sent = true};
  });
  const auto begin = std::chrono::steady_clock::now();
  player.Play();
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(30));
}

TEST(ReplayPlayer, StopsWhileItWaits) {
  ReplayScript script;
  script.requests = {RequestAt(0, 1), RequestAt(uint64_t{1} << 62, 1)};
  const ReplayPace pace = {.speed = 1};
  Calls calls;
  ReplayPlayer player(script, pace, [&](const ReplayRequest& request) {
    return calls.Make(request);
  });
  std::vector<ReplayOutcome> outcomes;
  std::thread playing([&] { outcomes = player.Play(); });
  calls.WaitFor({0});
  calls.LetGo(0);
  player.Stop();
  playing.join();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_TRUE(outcomes[0].sent);
  EXPECT_FALSE(outcomes[1].sent);
}

TracedMessage AnsweredWith(const std::string& answer) {
  TracedMessage message;
  message.is_call = true;
  message.answer_seen = true;
  message.answer = answer;
  message.answer_bytes = static_cast<uint32_t>(answer.size());
  message.total_ns = 1'000;
  return message;
}

ReplayOutcome Replayed(const std::string& answer) {
  return {.answer = answer,
          .answer_bytes = answer.size(),
          .total_ns = 2'000,
          .sent = true};
}

TEST(ReplayDifference, IsTheFirstByteThenTheSizeThenTheCapabilities) {
  const TracedMessage recorded = AnsweredWith("abc");
  EXPECT_FALSE(DifferenceOf(recorded, Replayed("abc")));
  EXPECT_EQ(DifferenceOf(recorded, Replayed("aXc")),
            "answers differ at byte 1: recorded 62 'b', replayed 58 'X'");
  EXPECT_EQ(DifferenceOf(recorded, Replayed(std::string("ab\0d", 4))),
            "answers differ at byte 2: recorded 63 'c', replayed 00");
  EXPECT_EQ(DifferenceOf(recorded, Replayed("abcd")),
            "recorded an answer of 3 bytes, replayed one of 4");
  ReplayOutcome with = Replayed("abc");
  with.answer_handles = 2;
  EXPECT_EQ(DifferenceOf(recorded, with),
            "recorded an answer with 0 capabilities, replayed one with 2");
}

TEST(ReplayDifference, OfErrorsIsTheirNames) {
  TracedMessage recorded = AnsweredWith("");
  ReplayOutcome failed = Replayed("");
  failed.error = ipc::Error::dropped;
  EXPECT_EQ(DifferenceOf(recorded, failed), "recorded ok, replayed dropped");
  recorded.error = ipc::Error::dropped;
  EXPECT_FALSE(DifferenceOf(recorded, failed));
  EXPECT_EQ(DifferenceOf(recorded, Replayed("x")),
            "recorded dropped, replayed ok");
}

TEST(ReplayDifference, OfACutAnswerIsOfItsPartAndItsSize) {
  TracedMessage recorded = AnsweredWith("ab");
  recorded.answer_bytes = 4;
  EXPECT_FALSE(DifferenceOf(recorded, Replayed("abXY")));
  EXPECT_TRUE(DifferenceOf(recorded, Replayed("abXYZ")));
  EXPECT_TRUE(DifferenceOf(recorded, Replayed("aXXY")));
}

TEST(ReplayReport, CountsAllAndListsSome) {
  ReplayScript script;
  std::vector<ReplayOutcome> outcomes;
  for (int i = 0; i < 5; ++i) {
    ReplayRequest request;
    request.recorded = AnsweredWith("ok");
    request.recorded.from = "client";
    request.port = "store";
    script.requests.push_back(request);
    outcomes.push_back(Replayed(i < 3 ? "no" : "ok"));
  }
  outcomes[4].sent = false;
  script.refused.cut = 7;
  const ReplayReport report = MakeReplayReport(script, outcomes, {}, 2);
  EXPECT_EQ(report.sums.sent, 4u);
  EXPECT_EQ(report.sums.equal, 1u);
  EXPECT_EQ(report.sums.differ, 3u);
  EXPECT_EQ(report.sums.unsent, 1u);
  EXPECT_THAT(report.text, HasSubstr("#1 client->store label 0"));
  EXPECT_THAT(report.text, testing::Not(HasSubstr("#3 client->store")));
  EXPECT_THAT(report.text, HasSubstr("1 more differences"));
  EXPECT_THAT(report.text, HasSubstr("4 requests sent, 1 equal, 3 differ"));
  EXPECT_THAT(report.json, HasSubstr("\"not_sent\":8"));
}

}  // namespace
}  // namespace keyport
