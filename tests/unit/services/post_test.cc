// What keyport post finds and says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ipc/inspect.h"
#include "ipc/status.h"
#include "services/cli/post_listing.h"
#include "services/cli/post_words.h"
#include "tests/unit/services/made_up_recording.h"

namespace keyport {
namespace {

using Kind = ipc::TraceKind;
using testing::HasSubstr;

ipc::FlightSource Source(uint64_t process, const char* name,
                         uint64_t ended_ns = 0) {
  return {.process_id = process,
          .pid = static_cast<int>(process) + 100,
          .name = name,
          .ended_ns = ended_ns,
          .thread_id = 7};
}

// ---- which process

class PostChoice : public testing::Test {
 protected:
  PostChoice() {
    processes_.Add(Source(1, "store.1", 500));
    processes_.Add(Source(2, "store.2", 900));
    processes_.Add(Source(3, "store.1"));
    processes_.Add(Source(4, "client"));
    processes_.Add(Source(5, "client"));
  }
  uint64_t Chosen(const char* name, std::optional<int> pid = std::nullopt) {
    const auto chosen = processes_.Choose(name, pid);
    return chosen.ok() ? chosen->source.process_id : 0;
  }
  std::string Complaint(const char* name) {
    return std::string(
        processes_.Choose(name, std::nullopt).status().message());
  }
  FlightProcesses processes_;
};

TEST_F(PostChoice, TakesTheInstanceThatEndedLast) {
  EXPECT_EQ(Chosen("store"), 2u);
  EXPECT_EQ(Chosen("store.1"), 1u);
}

TEST_F(PostChoice, TakesTheYoungestWhereAllLive) {
  EXPECT_EQ(Chosen("client"), 5u);
}

TEST_F(PostChoice, TakesAnyByItsNumber) { EXPECT_EQ(Chosen("", 103), 3u); }

TEST_F(PostChoice, SaysWhatThereIs) {
  EXPECT_THAT(Complaint("sture"), HasSubstr("did you mean \"store\"?"));
  EXPECT_THAT(Complaint("nobody"), HasSubstr("store.1, store.2, client"));
  EXPECT_THAT(
      std::string(
          FlightProcesses().Choose("x", std::nullopt).status().message()),
      HasSubstr("none yet"));
}

// ---- what happened

ipc::FlightLog Log(std::vector<ipc::TraceRecord> records, uint32_t thread = 7) {
  ipc::FlightLog log = {.source = Source(2, "server", 10'000),
                        .records = std::move(records)};
  log.source.thread_id = thread;
  return log;
}

TEST(FlightStory, PutsThreadsTogetherByTime) {
  const FlightStory story(
      {Log({MadeUpRecord(Kind::receive, 100), MadeUpRecord(Kind::receive, 300)},
           1),
       Log({MadeUpRecord(Kind::receive, 200)}, 2)});
  std::vector<uint32_t> threads;
  for (const FlightStep& step : story.steps())
    threads.push_back(step.thread_id);
  EXPECT_THAT(threads, testing::ElementsAre(1, 2, 1));
}

TEST(FlightStory, FindsHowLongCallsTookAndWhichWereNotAnswered) {
  const FlightStory story({Log({MadeUpRecord(Kind::receive, 100, 0, 1),
                                MadeUpRecord(Kind::reply, 150, 0, 1),
                                MadeUpRecord(Kind::receive, 200, 0, 2),
                                MadeUpRecord(Kind::send, 300, 0, 3),
                                MadeUpRecord(Kind::outcome, 370, 0, 3)})});
  EXPECT_EQ(story.steps()[1].record.interval_ns, 50u);
  EXPECT_EQ(story.steps()[4].record.interval_ns, 70u);
  ASSERT_EQ(story.open_calls().size(), 1u);
  EXPECT_EQ(story.open_calls()[0].taken.correlation, 2u);
}

TEST(FlightStory, KnowsThePortThatAThreadWaitsOnByItsLane) {
  ipc::TraceRecord wait = MadeUpRecord(Kind::wait, 200);
  wait.port = 0;
  const FlightStory story({Log({MadeUpRecord(Kind::send, 100), wait})});
  EXPECT_EQ(story.threads()[0].last.port, kMadeUpPort);
}

// ---- words

class Post : public testing::Test {
 protected:
  Post() { LearnMadeUp(&directory_); }
  Listing List(std::vector<ipc::TraceRecord> records, size_t most = 10,
               uint32_t exit = 0) {
    ipc::FlightLog log = Log(std::move(records));
    log.source.exit = exit;
    const ipc::FlightSource source = log.source;
    std::vector<ipc::FlightLog> logs;
    logs.push_back(std::move(log));
    return ListPost(source, FlightStory(std::move(logs)), directory_, most,
                    {.clock = WallClock(0), .now_ns = 20'000});
  }
  TraceDirectory directory_;
};

TEST_F(Post, SaysHowItEndedAndWhatItWasAt) {
  ipc::TraceRecord wait = MadeUpRecord(Kind::wait, 9'000);
  wait.label = static_cast<uint32_t>(ipc::ThreadState::calling);
  const std::string text =
      List({MadeUpRecord(Kind::receive, 8'000, 0, 4), wait}, 10,
           ipc::abi::kExitKnown | 9u)
          .text;
  EXPECT_THAT(text, HasSubstr("server, pid 102: killed by signal 9 (KILL)"));
  EXPECT_THAT(text, HasSubstr("takes call 4 of client on store: label 5, "
                              "40 bytes"));
  EXPECT_THAT(text, HasSubstr("waits for an answer from store"));
  EXPECT_THAT(text, HasSubstr("thread 7: waiting for an answer from store"));
  EXPECT_THAT(text, HasSubstr("not answered: call 4 of client on store, taken "
                              "2.00us before"));
}

TEST_F(Post, ShowsTheLastAndSaysHowManyThereAre) {
  const Listing listing =
      List({MadeUpRecord(Kind::send, 1), MadeUpRecord(Kind::send, 2),
            MadeUpRecord(Kind::send, 3)},
           2);
  EXPECT_THAT(listing.text, HasSubstr("3 records, 0 older ones overwritten; "
                                      "the last 2:"));
  EXPECT_EQ(std::count(listing.json.begin(), listing.json.end(), '\n'), 3);
}

TEST_F(Post, TellsWhatWasNotRecorded) {
  ipc::TraceRecord passed = MadeUpRecord(Kind::passed, 5);
  passed.label = static_cast<uint32_t>(Kind::receive);
  passed.payload_bytes = 1'200;
  EXPECT_THAT(List({passed}).text,
              HasSubstr("(1200 messages taken on store before, not recorded)"));
}

TEST_F(Post, SaysExitsInWords) {
  EXPECT_EQ(HowItEnded(ipc::abi::kExitKnown | 3u << 8), "exited with 3");
  EXPECT_THAT(HowItEnded(0), HasSubstr("nobody told"));
}

// Whatever a writer puts into its own ring is printed, not believed.
TEST_F(Post, PrintsWhatAHostileWriterMadeUp) {
  std::vector<ipc::TraceRecord> records;
  for (uint32_t i = 0; i < 4'096; ++i) {
    ipc::TraceRecord record;
    auto* bytes = reinterpret_cast<uint8_t*>(&record);
    for (size_t at = 0; at < sizeof(record); ++at)
      bytes[at] = static_cast<uint8_t>(i * 31 + at * (i % 7) * 131);
    if (i % 2 == 0) record.kind = static_cast<uint16_t>(i % 40);
    records.push_back(record);
  }
  const Listing listing = List(std::move(records), 5'000);
  for (const char c : listing.text)
    ASSERT_TRUE(c == '\n' || (c >= ' ' && c < 127)) << static_cast<int>(c);
  std::istringstream lines(listing.json);
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    ASSERT_TRUE(nlohmann::json::accept(line)) << line;
  EXPECT_EQ(count, 4'097u);
}

}  // namespace
}  // namespace keyport
