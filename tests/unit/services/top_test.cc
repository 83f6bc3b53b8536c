// Rates, columns and the screen of `keyport top`, of made-up samples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "libipc/base/times.h"
#include "services/cli/top_listing.h"
#include "services/cli/top_screen.h"
#include "tests/unit/services/made_up_graph.h"

namespace keyport {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr int64_t kSecondNs = 1'000'000'000;

// client sends to files, which server serves; idle is a port without lanes.
class TopTest : public testing::Test {
 protected:
  TopTest() {
    server_ = graph_.Process("server");
    client_ = graph_.Process("client");
    files_ = graph_.Port("files", server_);
    idle_ = graph_.Port("idle", server_);
    graph_.Lane(files_, client_, server_);
    sample_.before = graph_.snapshot();
    for (ipc::PortEntry& port : sample_.before.ports) {
      port.ring_bytes = 4096;
      port.listener_process = server_;
    }
    sample_.before.ports[0].lanes = 1;
    sample_.before.taken_ns = 5 * kSecondNs;
    sample_.now = sample_.before;
    sample_.now.taken_ns = 7 * kSecondNs;
  }
  ipc::PortEntry& files() { return sample_.now.ports[0]; }
  TopRow FilesRow() {
    return PortRows(sample_.before, sample_.now, "files").at(0);
  }
  TopScreen Screen(TopScreen::Options options = {}) {
    TopScreen screen(std::move(options));
    screen.Show(sample_);
    return screen;
  }
  static std::string Text(const TopScreen& screen, ScreenSize size = {}) {
    std::string text;
    for (const ScreenLine& line : screen.Lines(size)) text += line.text + "\n";
    return text;
  }
  static std::string Selected(const TopScreen& screen, ScreenSize size = {}) {
    for (const ScreenLine& line : screen.Lines(size))
      if (line.style == LineStyle::kSelected) return line.text;
    return "";
  }

  MadeUpGraph graph_;
  uint64_t server_ = 0;
  uint64_t client_ = 0;
  uint64_t files_ = 0;
  uint64_t idle_ = 0;
  TopSample sample_;
};

TEST_F(TopTest, RatesAreWhatWasAddedInTheTimeBetween) {
  sample_.before.ports[0].sender_counters.messages = 1000;
  files().sender_counters.messages = 1500;
  files().sender_counters.message_bytes = 4000;
  files().receiver_counters = {.messages = 100,
                               .message_bytes = 2000,
                               .wakes = 10,
                               .full = 4,
                               .taken = 480,
                               .spins_lost = 6,
                               .sleeps = 8};
  files().sender_counters.wakes = 20;
  const TopRow row = FilesRow();
  EXPECT_EQ(row.messages, 250);
  EXPECT_EQ(row.replies, 50);
  EXPECT_EQ(row.bytes, 3000);
  EXPECT_EQ(row.wakes, 15);
  EXPECT_EQ(row.full, 2);
  EXPECT_EQ(row.taken, 240);
  EXPECT_EQ(row.lost, 3);
  EXPECT_EQ(row.sleeps, 4);
}

TEST_F(TopTest, SpinsPaidAreAPartOfThoseOfTheTimeBetween) {
  EXPECT_EQ(FilesRow().paid_percent, std::nullopt);
  sample_.before.ports[0].receiver_counters.spins_lost = 100;
  files().receiver_counters.spins_lost = 101;
  files().receiver_counters.spins_paid = 2;
  files().sender_counters.spins_paid = 1;
  EXPECT_EQ(FilesRow().paid_percent, 75);
}

TEST_F(TopTest, WhatIsNewHasCountedFromNothing) {
  sample_.before.ports.clear();
  files().sender_counters.messages = 10;
  EXPECT_EQ(FilesRow().messages, 5);
}

TEST_F(TopTest, AFigureThatFellIsNoRate) {
  sample_.before.ports[0].sender_counters.messages = 10;
  EXPECT_EQ(FilesRow().messages, 0);
  sample_.now.taken_ns = sample_.before.taken_ns;
  files().sender_counters.messages = 11;
  EXPECT_GT(FilesRow().messages, 0);
}

TEST_F(TopTest, HighWaterIsWhatListenersFoundWaiting) {
  files().receiver_counters.queued_bytes_most = 640;
  files().sender_counters.queued_bytes_most = 4096;  // of replies
  EXPECT_EQ(FilesRow().queued_bytes_most, 640u);
  EXPECT_EQ(ColumnCell(TopColumn::kHigh, FilesRow()), "640");
  files().receiver_counters.queued_bytes_most = 4032;
  EXPECT_EQ(ColumnCell(TopColumn::kHigh, FilesRow()), "3.9K!");
}

TEST_F(TopTest, SeveralListenersAreCounted) {
  EXPECT_EQ(FilesRow().listener, "server");
  files().listeners = 3;
  EXPECT_EQ(FilesRow().listener, "server +2");
  files().listeners = 0;
  files().listener_process = 0;
  EXPECT_EQ(FilesRow().listener, "nobody");
}

TEST_F(TopTest, APortIsNamedByNameOrNumber) {
  EXPECT_TRUE(IsPortNamed(files(), "files"));
  EXPECT_TRUE(IsPortNamed(files(), std::to_string(files_)));
  EXPECT_TRUE(IsPortNamed(files(), ":" + std::to_string(files_)));
  EXPECT_TRUE(IsPortNamed(files(), ""));
  EXPECT_FALSE(IsPortNamed(files(), "file"));
  EXPECT_FALSE(IsPortNamed(files(), ":"));
  EXPECT_FALSE(IsPortNamed(files(), std::to_string(files_) + "x"));
}

TEST_F(TopTest, LanesTellWhoSends) {
  sample_.now.lanes[0].sender_counters.messages = 8;
  sample_.now.lanes[0].queued_bytes = 192;
  const auto rows = LaneRows(sample_.before, sample_.now, "files");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].sender, "client");
  EXPECT_EQ(rows[0].listener, "server");
  EXPECT_EQ(rows[0].messages, 4);
  EXPECT_EQ(rows[0].queued_bytes_most, 192u);  // it is waiting now
  EXPECT_TRUE(LaneRows(sample_.before, sample_.now, "idle").empty());
}

TEST_F(TopTest, RowsAreSortedByTheColumnThenByMessages) {
  const auto first = [this](TopColumn column) {
    return RowsOf(sample_, TopScope::kPorts, column, "").at(0).name;
  };
  EXPECT_EQ(first(TopColumn::kPort), "files");
  EXPECT_EQ(first(TopColumn::kLanes), "files");
  sample_.now.ports[1].sender_counters.messages = 2;
  EXPECT_EQ(first(TopColumn::kQueue), "idle");
  files().queued_bytes = 64;
  EXPECT_EQ(first(TopColumn::kQueue), "files");
  EXPECT_EQ(first(TopColumn::kMessages), "idle");
}

TEST(RateText, HasThreeDigits) {
  EXPECT_EQ(RateText(0), "0");
  EXPECT_EQ(RateText(2.5), "2.5");
  EXPECT_EQ(RateText(12), "12");
  EXPECT_EQ(RateText(812.4), "812");
  EXPECT_EQ(RateText(999.7), "1.00k");
  EXPECT_EQ(RateText(24'360), "24.4k");
  EXPECT_EQ(RateText(1'234'567), "1.23M");
  EXPECT_EQ(RateText(123e9), "123G");
  EXPECT_EQ(RateText(1e18), "1000000T");
}

// Of figures none is shown in part.
bool EndsWithATitle(const std::string& heading) {
  std::istringstream words(heading);
  std::string last = "PORT";
  while (words >> last) {
  }
  if (last.back() == '~') return true;  // a name, cut short
  const auto columns = ColumnsOf(TopScope::kPorts);
  return std::any_of(columns.begin(), columns.end(), [&](TopColumn column) {
    return ColumnTitle(column) == last;
  });
}

TEST_F(TopTest, NarrowScreensLoseColumnsFromTheRight) {
  const auto rows = RowsOf(sample_, TopScope::kPorts, TopColumn::kQueue, "");
  for (size_t columns = 0; columns < 150; ++columns) {
    const TopTable table = LayOut(rows, ColumnsOf(TopScope::kPorts), columns);
    EXPECT_EQ(table.heading.size(), columns);
    ASSERT_THAT(table.rows, SizeIs(2));
    for (const std::string& row : table.rows) EXPECT_EQ(row.size(), columns);
    EXPECT_TRUE(EndsWithATitle(table.heading)) << table.heading;
  }
  EXPECT_THAT(LayOut(rows, ColumnsOf(TopScope::kPorts), 150).heading,
              HasSubstr("LOST/S  TAKEN/S"));
  const std::string narrow =
      LayOut(rows, ColumnsOf(TopScope::kPorts), 60).heading;
  EXPECT_THAT(narrow, HasSubstr("MSG/S"));
  EXPECT_THAT(narrow, Not(HasSubstr("TAKEN/S")));
}

TEST_F(TopTest, LongNamesAreCutShort) {
  std::strcpy(files().name, "a-very-long-name-of-a-port");
  const auto rows = RowsOf(sample_, TopScope::kPorts, TopColumn::kPort, "");
  EXPECT_THAT(LayOut(rows, ColumnsOf(TopScope::kPorts), 80).rows,
              testing::Contains(StartsWith(":3 a-very-long-~  server")));
  EXPECT_THAT(LayOut(rows, ColumnsOf(TopScope::kPorts), 30).rows,
              testing::Contains(StartsWith(":3 a-~  server")));
}

TEST(FitText, IsAsciiOfThatWidth) {
  EXPECT_EQ(FitText("files", 5), "files");
  EXPECT_EQ(FitText("files", 4), "fil~");
  EXPECT_EQ(FitText("files", 0), "");
  EXPECT_EQ(FitText("caf\xc3\xa9", 9), "caf?");
  EXPECT_EQ(FitText("a\x1b[2J\x9b", 9), "a?[2J");
}

TEST_F(TopTest, AScreenHasSummaryHeadingRowsAndKeys) {
  files().sender_counters.messages = 1624;
  const auto lines = Screen().Lines({100, 10});
  ASSERT_THAT(lines, SizeIs(10));
  EXPECT_EQ(lines[0].text,
            "keyport top  2 ports: 812 messages/s, 0 bytes/s (over 2.00 s)");
  EXPECT_THAT(lines[1].text, StartsWith("PORT"));
  EXPECT_EQ(lines[1].style, LineStyle::kHeading);
  EXPECT_THAT(lines[2].text, StartsWith(":3 files  server"));
  EXPECT_EQ(lines[2].style, LineStyle::kSelected);
  EXPECT_THAT(lines[3].text, StartsWith(":4 idle   server"));
  EXPECT_EQ(lines[9].text, "q quit  s sort: queue  l lanes  space pause");
}

TEST_F(TopTest, FitsAnyScreen) {
  TopScreen screen = Screen();
  for (size_t lines = 0; lines < 8; ++lines)
    for (size_t columns = 0; columns < 90; ++columns) {
      const auto drawn = screen.Lines({columns, lines});
      EXPECT_EQ(drawn.size(), lines);
      for (const ScreenLine& line : drawn) EXPECT_LE(line.text.size(), columns);
    }
}

TEST_F(TopTest, BeforeTheFirstSampleItCounts) {
  EXPECT_THAT(Text(TopScreen({})), StartsWith("keyport top  (counting)\n"));
}

TEST_F(TopTest, KeysQuitSortAndPause) {
  TopScreen screen = Screen();
  EXPECT_FALSE(screen.Press('q'));
  EXPECT_TRUE(screen.Press('x'));
  EXPECT_TRUE(screen.Press('s'));
  EXPECT_THAT(Text(screen), HasSubstr("sort: queue-p99"));
  for (size_t i = 1; i < ColumnsOf(TopScope::kPorts).size(); ++i)
    screen.Press('s');
  EXPECT_THAT(Text(screen), HasSubstr("sort: queue  "));
  screen.Press(' ');
  sample_.now.ports.clear();
  screen.Show(sample_);
  EXPECT_THAT(Text(screen), HasSubstr("PAUSED"));
  EXPECT_THAT(Text(screen), HasSubstr("2 ports"));
  screen.Press(' ');
  screen.Show(sample_);
  EXPECT_THAT(Text(screen), HasSubstr("0 ports"));
}

TEST_F(TopTest, TheCursorStaysOnItsPortThoughRowsMove) {
  TopScreen screen = Screen();
  screen.Press(kKeyDown);
  EXPECT_THAT(Selected(screen), StartsWith(":4 idle"));
  screen.Press(kKeyDown);
  EXPECT_THAT(Selected(screen), StartsWith(":4 idle"));
  sample_.now.ports[1].queued_bytes = 64;
  screen.Show(sample_);
  EXPECT_THAT(Selected(screen), StartsWith(":4 idle"));
  screen.Press(kKeyUp);
  EXPECT_THAT(Selected(screen), StartsWith(":4 idle"));  // it is the first now
  screen.Press(kKeyDown);
  EXPECT_THAT(Selected(screen), StartsWith(":3 files"));
  // Where only one row has room, it is the cursor's.
  EXPECT_THAT(Selected(screen, {80, 4}), StartsWith(":3 files"));
}

TEST_F(TopTest, LanesOfThePortUnderTheCursorAndBack) {
  TopScreen screen = Screen();
  screen.Press('l');
  EXPECT_THAT(Selected(screen), StartsWith("client  :3 files  server"));
  EXPECT_THAT(Text(screen), HasSubstr("1 lane: "));
  EXPECT_THAT(Text(screen), HasSubstr("of :3 files"));
  screen.Press('p');
  EXPECT_THAT(Selected(screen), StartsWith(":3 files"));
  screen.Press(kKeyDown);
  screen.Press(kKeyEnter);
  EXPECT_THAT(Text(screen), HasSubstr("no lanes: nobody has used it yet"));
  screen.Press(kKeyEscape);
  EXPECT_THAT(Selected(screen), StartsWith(":4 idle"));
}

TEST_F(TopTest, APortThatVanishesIsSaidToBeGone) {
  TopScreen one = Screen({.port = "files"});
  TopScreen lanes = Screen();
  lanes.Press('l');
  sample_.now.ports.clear();
  sample_.now.lanes.clear();
  one.Show(sample_);
  lanes.Show(sample_);
  EXPECT_THAT(Text(one), HasSubstr("port \"files\" is gone"));
  EXPECT_THAT(Text(lanes), HasSubstr("port :3 files is gone"));
  EXPECT_THAT(Text(Screen()), HasSubstr("there are no ports"));
}

TEST_F(TopTest, ASampleIsATableAndAJsonLine) {
  files().sender_counters.messages = 20;
  files().receiver_counters.spins_lost = 4;
  files().queued_bytes = 128;
  const auto rows = RowsOf(sample_, TopScope::kPorts, TopColumn::kQueue, "");
  const Listing listing =
      ListTop(sample_, rows, TopScope::kPorts, ColumnsOf(TopScope::kPorts));
  EXPECT_THAT(listing.text, StartsWith("2 ports: 10 messages/s, 0 bytes/s "
                                       "(over 2.00 s)\nPORT      LISTENER"));
  EXPECT_THAT(listing.json, EndsWith("}\n"));
  const auto json = nlohmann::json::parse(listing.json);
  EXPECT_EQ(json["elapsed_ns"], 2 * kSecondNs);
  const auto& port = json["ports"].at(0);
  EXPECT_EQ(port["port"], "files");
  EXPECT_EQ(port["listener"], "server");
  EXPECT_EQ(port["messages_per_s"], 10);
  EXPECT_EQ(port["queued_bytes"], 128);
  EXPECT_EQ(port["spins_paid_percent"], 0);
  EXPECT_EQ(port["senders"]["messages"], 20);
  EXPECT_TRUE(json["ports"].at(1)["spins_paid_percent"].is_null());
}

TEST_F(TopTest, TimesAreThoseOfTheTimeBetween) {
  EXPECT_EQ(ColumnCell(TopColumn::kQueueP99, FilesRow()), "-");
  base::AddTime(3'000'000, 5, &sample_.before.times[files_].queue);
  sample_.now.times = sample_.before.times;
  EXPECT_EQ(FilesRow().queue_p99_ns, std::nullopt);
  base::AddTime(1'000, 7, &sample_.now.times[files_].queue);
  base::AddTime(41'000'000, 1, &sample_.now.times[files_].call);
  const TopRow row = FilesRow();
  EXPECT_EQ(row.queue_p99_ns, 1'023u);
  EXPECT_EQ(row.work_p99_ns, std::nullopt);
  EXPECT_EQ(ColumnCell(TopColumn::kTotalP99, row), "41.0ms");
  EXPECT_EQ(row.samples, 2u);
}

TEST_F(TopTest, WhoWaitsIsNamedTheLongestFirst) {
  EXPECT_EQ(ColumnCell(TopColumn::kWaits, FilesRow()), "-");
  const uint64_t other = graph_.Process("other");
  sample_.now.processes = graph_.snapshot().processes;
  const auto add = [&](uint64_t process, int64_t waited_ns) {
    ipc::ThreadEntry thread = {};
    thread.process = process;
    thread.state = static_cast<uint32_t>(ipc::ThreadState::calling);
    thread.port = files_;
    thread.lane = sample_.now.lanes[0].id;
    thread.awaited = server_;
    thread.since_ns = static_cast<uint64_t>(sample_.now.taken_ns - waited_ns);
    sample_.now.threads.push_back(thread);
  };
  add(client_, 1'000);
  EXPECT_EQ(ColumnCell(TopColumn::kWaits, FilesRow()), "client 1.00us");
  add(other, 41'000'000);
  EXPECT_EQ(ColumnCell(TopColumn::kWaits, FilesRow()), "other 41.0ms +1");
  EXPECT_EQ(PortRows(sample_.before, sample_.now, "idle")[0].waiting, 0u);
}

TEST_F(TopTest, EightyColumnsShowWhoWaitsHowLong) {
  const auto rows = RowsOf(sample_, TopScope::kPorts, TopColumn::kQueue, "");
  EXPECT_THAT(LayOut(rows, ColumnsOf(TopScope::kPorts), 80).heading,
              HasSubstr("Q-P99   W-P99   T-P99  WAITS"));
}

TEST_F(TopTest, ColumnsCanBeChosen) {
  const TopColumn chosen[] = {TopColumn::kPort, TopColumn::kTotalP99};
  const auto rows = RowsOf(sample_, TopScope::kPorts, TopColumn::kQueue, "");
  EXPECT_THAT(ListTop(sample_, rows, TopScope::kPorts, chosen).text,
              HasSubstr("\nPORT      T-P99\n"));
  EXPECT_THAT(Text(Screen({.columns = {TopColumn::kMessages}}), {40, 5}),
              HasSubstr("\n MSG/S  "));
}

TEST_F(TopTest, ASampleOfLanesNamesSendersAndPorts) {
  const auto rows = RowsOf(sample_, TopScope::kLanes, TopColumn::kQueue, "");
  const auto json = nlohmann::json::parse(
      ListTop(sample_, rows, TopScope::kLanes, ColumnsOf(TopScope::kLanes))
          .json);
  const auto& lane = json["lanes"].at(0);
  EXPECT_EQ(lane["sender"], "client");
  EXPECT_EQ(lane["port"], "files");
  EXPECT_EQ(lane["port_id"], files_);
}

}  // namespace
}  // namespace keyport
