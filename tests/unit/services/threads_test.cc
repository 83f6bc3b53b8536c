// What `keyport ps` makes of what threads say: who waits for whom since when,
// and deadlocks. Of made-up snapshots.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "services/cli/deadlocks.h"
#include "services/cli/dot.h"
#include "services/cli/listing.h"
#include "tests/unit/services/made_up_graph.h"

namespace keyport {
namespace {

using ipc::ThreadState;

constexpr uint64_t kMillisecond = 1'000'000;

// a and b serve a port each, and so does clock. It is second 1.
class Threads : public testing::Test {
 protected:
  Threads() { graph_.TakenAt(1'000 * kMillisecond); }

  static uint64_t Ago(uint64_t ms) { return (1'000 - ms) * kMillisecond; }
  std::string Text(uint64_t process) const {
    return ActivityText(
        snapshot(), ActivityOf(snapshot(), *snapshot().FindProcess(process)));
  }
  std::vector<std::string> DeadlockTexts() const {
    std::vector<std::string> texts;
    for (const Deadlock& deadlock : FindDeadlocks(snapshot()))
      texts.push_back(DeadlockText(snapshot(), deadlock));
    return texts;
  }
  void CallEachOther() {
    graph_.Call(a_, port_b_, b_, Ago(50));
    graph_.Call(b_, port_a_, a_, Ago(40));
  }
  const Snapshot& snapshot() const { return graph_.snapshot(); }

  MadeUpGraph graph_;
  const uint64_t a_ = graph_.Process("a");                // 1
  const uint64_t b_ = graph_.Process("b");                // 2
  const uint64_t clock_ = graph_.Process("clock");        // 3
  const uint64_t port_a_ = graph_.Port("", a_);           // 4
  const uint64_t port_b_ = graph_.Port("store", b_);      // 5
  const uint64_t port_c_ = graph_.Port("clock", clock_);  // 6
};

const std::vector<std::string> kNone;
const std::vector<std::string> kEachOther = {
    "deadlock: a -> :5 store -> b -> :4 -> a"};

TEST_F(Threads, ACallTellsSinceWhenItWaits) {
  graph_.Call(a_, port_b_, b_, Ago(41));
  EXPECT_EQ(Text(a_), "call-blocked :5 store -> b, 41.0ms");
}

TEST_F(Threads, AReceiverTellsItsPortAndTime) {
  graph_.Thread(clock_, ThreadState::receiving, port_c_, Ago(5));
  EXPECT_EQ(Text(clock_), "recv :6 clock, 5.00ms");
  graph_.Thread(clock_, ThreadState::receiving, port_c_, Ago(9));
  EXPECT_EQ(Text(clock_), "recv :6 clock, 9.00ms +1");
}

TEST_F(Threads, TheLongestOfSeveralCallsIsShown) {
  graph_.Call(a_, port_c_, clock_, Ago(3));
  graph_.Call(a_, port_b_, b_, Ago(30));
  graph_.Call(a_, port_c_, clock_, Ago(20));
  graph_.Thread(a_, ThreadState::receiving, port_a_, Ago(90));
  graph_.Thread(a_, ThreadState::running, 0, 0);
  EXPECT_EQ(Text(a_), "call-blocked :5 store -> b, 30.0ms +2");
}

TEST_F(Threads, WhatAThreadSaysGoesBeforeTheWordsOfItsLane) {
  graph_.Call(a_, port_b_, b_, Ago(30));
  graph_.snapshot().lanes.back().sender_armed = ipc::kArmRoomFutex;
  EXPECT_EQ(Text(a_), "call-blocked :5 store -> b, 30.0ms");
  EXPECT_EQ(WaitEdges(snapshot()).size(), 1u);
  graph_.snapshot().threads.clear();
  EXPECT_EQ(Text(a_), "send-blocked :5 store -> b");
}

TEST_F(Threads, LiesAboutLanesAndTimesShowNothing) {
  graph_.Thread(a_, ThreadState::calling, 0, Ago(5));  // no lane of its own
  graph_.Thread(b_, static_cast<ThreadState>(77), 0, Ago(5));
  graph_.Thread(clock_, ThreadState::receiving, port_c_, ~uint64_t{0});
  EXPECT_EQ(Text(a_), "running");
  EXPECT_EQ(Text(b_), "running");
  EXPECT_EQ(Text(clock_), "recv :6 clock, 0ns");
}

TEST_F(Threads, EachHasARow) {
  graph_.Call(a_, port_b_, b_, Ago(30));
  graph_.Thread(a_, ThreadState::running, port_a_, Ago(30));
  const Listing listing = ListThreads(snapshot());
  EXPECT_EQ(listing.text,
            "SERVICE  THREAD  STATE         PORT      WAITS FOR  WAITED\n"
            "a             1  call-blocked  :5 store  b          30.0ms\n"
            "a             2  running       -         -               -\n");
  const auto row =
      nlohmann::json::parse(listing.json.substr(0, listing.json.find('\n')));
  EXPECT_EQ(row["waits_for"], "b");
  EXPECT_EQ(row["since_ns"], Ago(30));
  EXPECT_EQ(row["waited_ns"], 30 * kMillisecond);
}

TEST_F(Threads, AreOneArrowALaneInThePicture) {
  graph_.Call(a_, port_b_, b_, Ago(30));
  graph_.snapshot().threads.push_back(graph_.snapshot().threads.back());
  const std::string dot = GraphDot(snapshot());
  const size_t first = dot.find("p1 -> p2 [label=\"call-blocked\", style=dash");
  ASSERT_NE(first, std::string::npos) << dot;
  EXPECT_EQ(dot.find("dashed", dot.find('\n', first)), std::string::npos);
}

TEST_F(Threads, TheDeadTellHowTheyEnded) {
  auto dead = [this](uint32_t exit) {
    ipc::ProcessEntry& process = graph_.snapshot().processes[0];
    process.state = ipc::ProcessState::dead;
    process.exit = exit;
    return Text(a_);
  };
  EXPECT_EQ(dead(0), "dead");
  EXPECT_EQ(dead(ipc::abi::kExitKnown), "dead (exited 0)");
  EXPECT_EQ(dead(ipc::abi::kExitKnown | 3 << 8), "dead (exited 3)");
  EXPECT_EQ(dead(ipc::abi::kExitKnown | SIGKILL), "dead (signal 9)");
  const Listing listing =
      ListProcesses(snapshot(), [](int) { return std::nullopt; });
  const auto row =
      nlohmann::json::parse(listing.json.substr(0, listing.json.find('\n')));
  EXPECT_EQ(row["exit"]["signal"], 9) << row;
  EXPECT_EQ(row["state"], "dead");
}

TEST_F(Threads, CallsThatWaitForOneAnotherAreADeadlock) {
  CallEachOther();
  EXPECT_EQ(DeadlockTexts(), kEachOther);
  const Listing listing =
      ListProcesses(snapshot(), [](int) { return std::nullopt; });
  EXPECT_TRUE(listing.text.ends_with("\n" + kEachOther[0] + "\n"))
      << listing.text;
  EXPECT_NE(listing.json.find("\"deadlocked\":true"), std::string::npos);
}

TEST_F(Threads, WhoWaitsForADeadlockIsNoneOfIt) {
  CallEachOther();
  graph_.Call(clock_, port_a_, a_, Ago(10));
  EXPECT_EQ(DeadlockTexts(), kEachOther);
}

TEST_F(Threads, WhatOthersDoHidesNoDeadlock) {
  CallEachOther();
  graph_.Thread(clock_, ThreadState::receiving, port_c_, Ago(5));
  EXPECT_EQ(DeadlockTexts(), kEachOther);
}

TEST_F(Threads, ACallToOneselfIsADeadlock) {
  graph_.Call(a_, port_a_, a_, Ago(10));
  EXPECT_EQ(DeadlockTexts(),
            std::vector<std::string>{"deadlock: a -> :4 -> a"});
}

TEST_F(Threads, AChainIsNoDeadlock) {
  graph_.Call(a_, port_b_, b_, Ago(50));
  graph_.Call(b_, port_c_, clock_, Ago(40));
  EXPECT_EQ(DeadlockTexts(), kNone);
}

TEST_F(Threads, AThreadThatMayAnswerIsNoDeadlock) {
  CallEachOther();
  graph_.Thread(b_, ThreadState::running, port_b_, Ago(1));
  EXPECT_EQ(DeadlockTexts(), kNone);
}

TEST_F(Threads, ACallThatSomebodyElseMayAnswerIsNoDeadlock) {
  CallEachOther();
  graph_.Call(b_, port_c_, clock_, Ago(1));
  EXPECT_EQ(DeadlockTexts(), kNone);
}

TEST_F(Threads, WhatTheFirstLookDidNotSeeIsNoDeadlock) {
  CallEachOther();
  graph_.snapshot().threads_before.back().since_ns -= 1;
  EXPECT_EQ(DeadlockTexts(), kNone);
}

TEST_F(Threads, ACutLaneIsNoDeadlock) {
  CallEachOther();
  graph_.snapshot().lanes.back().cut = 1;
  EXPECT_EQ(DeadlockTexts(), kNone);
}

TEST_F(Threads, WithAsManyThreadsAsSlotsThereIsNoDeadlock) {
  CallEachOther();
  for (uint32_t i = 1; i < ipc::abi::kThreadSlots; ++i)
    graph_.Call(a_, port_b_, b_, Ago(10));
  EXPECT_EQ(DeadlockTexts(), kNone);
}

}  // namespace
}  // namespace keyport
