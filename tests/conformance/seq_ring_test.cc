// SeqCell and SeqRing: whole values, in order, from one writer.
#include "ipc/seq_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "ipc/seq_cell.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;

// Torn ones do not add up.
struct Value {
  std::array<uint64_t, 23> words;
  uint32_t last;  // no whole word
  static Value Of(uint64_t n) {
    Value value = {};
    value.words.fill(n);
    value.last = static_cast<uint32_t>(n);
    return value;
  }
  bool whole() const {
    for (const uint64_t word : words)
      if (word != words[0]) return false;
    return last == static_cast<uint32_t>(words[0]);
  }
};

class SeqTest : public ::testing::Test {
 protected:
  // Only this mapping can write.
  std::span<std::byte> Writable() { return writer_.bytes(); }
  std::span<std::byte> Readable() { return reader_.bytes(); }

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
  Region region_ = Must(Region::Create(world_->root(), 16'384));
  Mapping writer_ = Must(region_.MapWrite());
  Mapping reader_ = [this] {
    Must(region_.SealSingleWriter());
    return Must(region_.MapRead());
  }();
};

using SeqRing = SeqTest;
using SeqCell = SeqTest;

TEST_F(SeqRing, AReaderGetsEachValueInOrder) {
  auto writer = Must(SeqRingWriter<Value>::Create(Writable(), 8));
  auto reader = Must(SeqRingReader<Value>::Create(Readable()));
  EXPECT_EQ(ErrorOf(reader.Next(Deadline::Immediately()).status()),
            Error::should_wait);
  for (uint64_t n = 0; n < 100; ++n) {
    writer.Publish(Value::Of(n));
    const auto got = Must(reader.Next());
    EXPECT_EQ(got.number, n);
    EXPECT_EQ(got.missed, 0u);
    EXPECT_EQ(got.value.words[0], n);
  }
}

TEST_F(SeqRing, AReaderLearnsHowManyItMissed) {
  auto writer = Must(SeqRingWriter<Value>::Create(Writable(), 8));
  auto reader = Must(SeqRingReader<Value>::Create(Readable()));
  for (uint64_t n = 0; n < 20; ++n) writer.Publish(Value::Of(n));
  const auto got = Must(reader.Next());
  EXPECT_EQ(got.number, 12u);
  EXPECT_EQ(got.missed, 12u);
  for (uint64_t n = 13; n < 20; ++n) EXPECT_EQ(Must(reader.Next()).number, n);
}

TEST_F(SeqRing, AWriterThatDiedInTheMiddleLeavesTheLastValues) {
  auto writer = Must(SeqRingWriter<Value>::Create(Writable(), 2));
  for (uint64_t n = 0; n < 4; ++n) writer.Publish(Value::Of(n));
  // Of number 4, half.
  auto* place = Writable().data() + sizeof(SeqHeader) +
                4 % 3 * SeqBytes::EntryBytes(sizeof(Value));
  std::memset(place, 0xee, sizeof(Value) / 2);
  auto reader = Must(SeqRingReader<Value>::Create(Readable()));
  for (uint64_t n = 2; n < 4; ++n) {
    const auto got = Must(reader.Next());
    EXPECT_TRUE(got.value.whole());
    EXPECT_EQ(got.number, n);
  }
  EXPECT_EQ(ErrorOf(reader.Next(Deadline::Immediately()).status()),
            Error::should_wait);
}

TEST_F(SeqRing, RefusesWhatDoesNotFit) {
  EXPECT_EQ(ErrorOf(SeqRingWriter<Value>::Create(Writable(), 1'000).status()),
            Error::out_of_range);
  EXPECT_EQ(ErrorOf(SeqRingWriter<Value>::Create(Writable(), 0).status()),
            Error::invalid_args);
  EXPECT_EQ(ErrorOf(SeqRingReader<Value>::Create(Readable()).status()),
            Error::invalid_args);
  Must(SeqRingWriter<Value>::Create(Writable(), 8));
  EXPECT_EQ(ErrorOf(SeqRingReader<int>::Create(Readable()).status()),
            Error::invalid_args);
  // A hostile writer's header.
  reinterpret_cast<SeqHeader*>(Writable().data())->count = 0xffff'ffff;
  EXPECT_EQ(ErrorOf(SeqRingReader<Value>::Create(Readable()).status()),
            Error::out_of_range);
}

// What is read is a value that was the latest at some time during the read:
// not older than what was published before it, not newer than afterwards.
TEST_F(SeqCell, ReadsAreLinearizable) {
  auto writer = Must(SeqCellWriter<Value>::Create(Writable()));
  writer.Store(Value::Of(0));
  std::atomic<uint64_t> begun{0};
  std::atomic<uint64_t> done{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      auto reader = Must(SeqCellReader<Value>::Create(Readable()));
      uint64_t last = 0;
      while (!stop.load()) {
        const uint64_t least = done.load();
        const Value value = Must(reader.Load(Soon()));
        const uint64_t most = begun.load();
        ASSERT_TRUE(value.whole());
        ASSERT_GE(value.words[0], std::max(least, last));
        ASSERT_LE(value.words[0], most);
        last = value.words[0];
      }
    });
  for (uint64_t n = 1; n <= 20'000; ++n) {
    begun.store(n);
    writer.Store(Value::Of(n));
    done.store(n);
  }
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
}

TEST_F(SeqRing, FastWritersMakeReadersMissNothingUncounted) {
  auto writer = Must(SeqRingWriter<Value>::Create(Writable(), 8));
  constexpr uint64_t kValues = 20'000;
  auto reader = Must(SeqRingReader<Value>::Create(Readable()));
  std::thread reads([&] {
    for (uint64_t next = 0; next < kValues;) {
      const auto got = Must(reader.Next(Soon()));
      ASSERT_TRUE(got.value.whole());
      ASSERT_EQ(got.value.words[0], got.number);
      ASSERT_EQ(got.number, next + got.missed);
      next = got.number + 1;
    }
  });
  for (uint64_t n = 0; n < kValues; ++n) writer.Publish(Value::Of(n));
  writer.Wake();
  reads.join();
}

TEST_F(SeqCell, NextWaitsForAValueNotLoadedYet) {
  auto writer = Must(SeqCellWriter<int>::Create(Writable()));
  auto reader = Must(SeqCellReader<int>::Create(Readable()));
  std::thread writes([&] {
    writer.Store(1);
    writer.Wake();
  });
  EXPECT_EQ(Must(reader.Next(Soon())), 1);
  writes.join();
  EXPECT_EQ(
      ErrorOf(reader.Next(Deadline::After(absl::Milliseconds(1))).status()),
      Error::timed_out);
  EXPECT_EQ(Must(reader.Load()), 1);
}

}  // namespace
}  // namespace ipc
