// Futex waits, bells, trace rings, names.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "libipc/base/clock.h"
#include "libipc/base/futex.h"
#include "libipc/base/names.h"
#include "libipc/base/socket.h"
#include "libipc/base/spinner.h"
#include "libipc/base/trace_ring.h"

namespace base {
namespace {

TEST(Futex, AChangedWordDoesNotSleep) {
  const uint32_t word = 1;
  const FutexWait waits[] = {{&word, 0}};
  EXPECT_EQ(WaitOnWords(waits, kNoDeadline), WaitResult::kWoken);
}

TEST(Futex, TheDeadlineEndsTheWait) {
  const uint32_t word = 1;
  const FutexWait waits[] = {{&word, 1}};
  EXPECT_EQ(WaitOnWords(waits, NowNs() + 1'000'000), WaitResult::kTimedOut);
}

TEST(Futex, AWakeOfAnyWordEndsTheWait) {
  std::atomic<uint32_t> first{0};
  std::atomic<uint32_t> second{0};
  std::thread waker([&] {
    second.store(1);
    WakeWord(reinterpret_cast<const uint32_t*>(&second), 1);
  });
  const FutexWait waits[] = {{reinterpret_cast<const uint32_t*>(&first), 0},
                             {reinterpret_cast<const uint32_t*>(&second), 0}};
  while (second.load() == 0)
    EXPECT_EQ(WaitOnWords(waits, NowNs() + 60'000'000'000), WaitResult::kWoken);
  waker.join();
}

TEST(Bell, RingsTheOtherEndOnly) {
  SocketPair pair = *CreateSocketPair();
  EXPECT_FALSE(WaitReadable(pair.second.get(), NowNs()));
  RingBell(pair.first.get());
  EXPECT_TRUE(WaitReadable(pair.second.get(), NowNs() + 60'000'000'000));
  EXPECT_FALSE(WaitReadable(pair.first.get(), NowNs()));
  // The ringer cannot take its ring back.
  DrainBell(pair.first.get());
  EXPECT_TRUE(WaitReadable(pair.second.get(), NowNs()));
  DrainBell(pair.second.get());
  EXPECT_FALSE(WaitReadable(pair.second.get(), NowNs()));
}

TEST(Bell, NeverBlocksHoweverOftenItIsRung) {
  SocketPair pair = *CreateSocketPair();
  for (int i = 0; i < 100'000; ++i) RingBell(pair.first.get());
  DrainBell(pair.second.get());
  EXPECT_FALSE(WaitReadable(pair.second.get(), NowNs()));
}

TEST(SpinnerTest, LearnsThatPollingDoesNotPay) {
  if (OnlineProcessors() < 2) GTEST_SKIP() << "one processor: never polls";
  Spinner spinner;
  EXPECT_TRUE(spinner.Spin([] { return true; }));
  int looks = 0;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(spinner.Spin([] { return false; }));
  EXPECT_FALSE(spinner.Spin([&] {
    ++looks;
    return false;
  }));
  EXPECT_EQ(looks, 0);
}

TEST(SpinnerTest, TriesLongEnoughForAPeerThatHasToBeWoken) {
  if (OnlineProcessors() < 2) GTEST_SKIP() << "one processor: never polls";
  constexpr int64_t kWakeNs = 20'000;
  Spinner spinner;
  for (int i = 0; i < 10; ++i) spinner.Spin([] { return false; });
  bool paid = false;
  for (int i = 0; i < 1'000 && !paid; ++i) {
    const int64_t woken_ns = NowNs() + kWakeNs;
    paid = spinner.Spin([&] { return NowNs() >= woken_ns; });
  }
  EXPECT_TRUE(paid);
}

TEST(TraceRing, SeenAndLostAddUp) {
  UniqueFd fd = *Half::Create(4096);
  auto half = *Half::Map(fd.get(), 4096, 0, Access::kReadWrite);
  TraceRingWriter writer(half);
  TraceRingReader reader(half, TraceRingReader::From::kNow);
  uint64_t written = 0;
  uint64_t seen = 0;
  uint64_t last = 0;
  for (const int burst : {1, 10, 63, 64, 65, 200, 5, 1000}) {
    for (int i = 0; i < burst; ++i) {
      abi::TraceRecord record = {};
      record.flow = ++written;
      writer.Append(record);
    }
    seen += reader.Drain([&](const abi::TraceRecord& record) {
      EXPECT_GT(record.flow, last);
      last = record.flow;
    });
    EXPECT_EQ(last, written);
    EXPECT_EQ(seen + reader.lost(), written);
  }
  EXPECT_GT(reader.lost(), 0u);
}

TEST(TraceRing, AReaderFromTheFirstCountsWhatItMissed) {
  UniqueFd fd = *Half::Create(4096);
  auto half = *Half::Map(fd.get(), 4096, 0, Access::kReadWrite);
  TraceRingWriter writer(half);
  for (int i = 0; i < 200; ++i) writer.Append({});
  TraceRingReader reader(half, TraceRingReader::From::kFirst);
  const uint64_t seen = reader.Drain([](const abi::TraceRecord&) {});
  EXPECT_EQ(seen + reader.lost(), 200u);
  EXPECT_GT(reader.lost(), 0u);
}

TEST(TraceRing, AReaderBesideARunningWriterNeverSeesATornRecord) {
  UniqueFd fd = *Half::Create(4096);
  auto half = *Half::Map(fd.get(), 4096, 0, Access::kReadWrite);
  TraceRingReader reader(half, TraceRingReader::From::kNow);
  constexpr uint64_t kCount = 200'000;
  std::thread thread([&] {
    TraceRingWriter writer(half);
    for (uint64_t i = 1; i <= kCount; ++i) {
      abi::TraceRecord record = {};
      record.flow = record.port = record.lane = record.interval_ns = i;
      writer.Append(record);
    }
  });
  uint64_t seen = 0;
  while (seen + reader.lost() < kCount) {
    seen += reader.Drain([&](const abi::TraceRecord& record) {
      ASSERT_EQ(record.flow, record.interval_ns);
      ASSERT_EQ(record.port, record.lane);
    });
  }
  thread.join();
  EXPECT_EQ(seen + reader.lost(), kCount);
}

TEST(Names, ComeFromTheLists) {
  EXPECT_STREQ(ErrorName(Error::peer_closed), "peer_closed");
  EXPECT_STREQ(SyscallName(abi::Syscall::port_create), "port_create");
  EXPECT_EQ(RightsText(abi::kRightSend | abi::kRightDuplicate),
            "Duplicate|Send");
  EXPECT_EQ(RightByName("TraceMeta"), abi::kRightTraceMeta);
  EXPECT_EQ(RightByName("Fly"), std::nullopt);
}

TEST(Names, OfTraceLimitsSayWhatIsLimited) {
  EXPECT_EQ(TraceLimitsText({}), "-");
  EXPECT_EQ(TraceLimitsText({.snaplen_max = 96,
                             .label_first = 4,
                             .label_last = 9,
                             .rate_max = 10}),
            "snaplen 96, labels 4-9, rate 10");
  EXPECT_EQ(TraceLimitsText({.snaplen_max = 0, .label_last = 0}),
            "snaplen 0, label 0");
  EXPECT_EQ(TraceLimitsText({.label_first = 4}), "labels from 4");
}

}  // namespace
}  // namespace base
