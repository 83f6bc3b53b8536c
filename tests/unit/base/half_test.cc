#include "libipc/base/half.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "libipc/base/spinner.h"

namespace base {
namespace {

using State = RingReader::State;
constexpr uint64_t kKey = 0x1234'5678'9abc'def0;

// Both halves, each as its writer and as its reader maps it.
struct Pair {
  explicit Pair(uint32_t bytes) {
    for (int i = 0; i < 2; ++i) {
      UniqueFd fd = *Half::Create(bytes);
      own[i] = *Half::Map(fd.get(), bytes, kKey, Access::kReadWrite);
      EXPECT_TRUE(SealMemory(fd.get(), Seal::kSingleWriter).ok());
      seen[i] = *Half::Map(fd.get(), bytes, kKey, Access::kRead);
    }
  }
  std::shared_ptr<Half> own[2];
  std::shared_ptr<Half> seen[2];
};

void Put(RingWriter& writer, const std::string& text, uint32_t label) {
  std::memcpy(writer.Payload(), text.data(), text.size());
  abi::RecordHeader header = {};
  header.payload_bytes = static_cast<uint32_t>(text.size());
  header.label = label;
  writer.Publish(header);
}

TEST(Ring, CarriesRecordsOverManyWraps) {
  Pair pair(4096);
  RingWriter writer(pair.own[0], 0);
  RingReader reader(pair.seen[0], 0);
  std::mt19937 random(1);
  for (uint32_t i = 0; i < 5000; ++i) {
    const std::string text(random() % 1500, static_cast<char>(i));
    ASSERT_TRUE(writer.HasRoom(text.size(), pair.seen[1].get()));
    Put(writer, text, i);
    abi::RecordHeader header = {};
    ASSERT_EQ(reader.Peek(&header), State::kRecord);
    ASSERT_EQ(header.label, i);
    ASSERT_EQ(std::string(reinterpret_cast<const char*>(reader.Payload()),
                          header.payload_bytes),
              text);
    reader.Consume(header, pair.own[1].get());
    ASSERT_EQ(reader.Peek(&header), State::kEmpty);
  }
}

TEST(Ring, OverwritesItsOldestAndSaysWhereTheRestBegins) {
  Pair pair(4096);
  RingWriter writer(pair.own[0], 0);
  RingReader reader(pair.seen[0], 0);
  std::mt19937 random(1);
  for (uint32_t i = 0; i < 5000; ++i) {
    const std::string text(random() % 1025, static_cast<char>(i));
    writer.MakeRoom(text.size());
    Put(writer, text, i);
    const uint64_t oldest = pair.seen[0]->oldest().load();
    ASSERT_LE(writer.position() - oldest, 4096u);
    if (i > 100) {
      ASSERT_GE(writer.position() - oldest, 4096u * 3 / 4 - 128);
    }
    if (i % 50 != 0) continue;
    // All that stands is whole.
    if (reader.IsOverrun()) {
      ASSERT_TRUE(reader.SkipToOldest(nullptr));
    }
    ASSERT_FALSE(reader.IsOverrun());
    abi::RecordHeader header = {};
    uint32_t last = 0;
    while (reader.Peek(&header) == State::kRecord) {
      last = header.label;
      const auto* at = reinterpret_cast<const char*>(reader.Payload());
      ASSERT_EQ(std::string(at, header.payload_bytes),
                std::string(header.payload_bytes, static_cast<char>(last)));
      reader.Consume(header, nullptr);
    }
    ASSERT_EQ(last, i);
  }
}

TEST(Ring, NothingTornIsTakenWhileItIsOverwritten) {
  constexpr uint32_t kCount = 100'000;
  Pair pair(4096);
  std::thread writes([&] {
    RingWriter writer(pair.own[0], 0);
    for (uint32_t i = 1; i <= kCount; ++i) {
      const std::vector<uint64_t> words(i % 120, i);
      const size_t bytes = words.size() * sizeof(uint64_t);
      writer.MakeRoom(bytes);
      CopyInOver(writer.Payload(), words.data(), bytes);
      abi::RecordHeader header = {};
      header.payload_bytes = static_cast<uint32_t>(bytes);
      header.label = i;
      writer.Publish(header);
    }
  });
  RingReader reader(pair.seen[0], 0);
  // A torn header may tell of any size up to the ring's.
  std::vector<uint64_t> copy((4096 + abi::kLineBytes) / sizeof(uint64_t));
  uint64_t overruns = 0;
  for (uint32_t last = 0; last < kCount;) {
    abi::RecordHeader header = {};
    const bool found = reader.Peek(&header) == State::kRecord;
    if (found) CopyOutOver(copy.data(), reader.Payload(), header.payload_bytes);
    if (reader.IsOverrun()) {
      ASSERT_TRUE(reader.SkipToOldest(nullptr));
      ++overruns;
      continue;
    }
    if (!found) continue;
    ASSERT_GT(header.label, last);
    last = header.label;
    ASSERT_EQ(header.payload_bytes, last % 120 * sizeof(uint64_t));
    for (uint32_t word = 0; word < last % 120; ++word)
      ASSERT_EQ(copy[word], last);
    reader.Consume(header, nullptr);
  }
  writes.join();
  EXPECT_GT(overruns, 0u);  // else nothing was tried
}

TEST(Ring, AnOldestThatCannotBeIsALie) {
  Pair pair(4096);
  RingReader reader(pair.seen[0], 128);
  for (const uint64_t lie :
       {uint64_t{1}, uint64_t{200}, ~uint64_t{0}, (uint64_t{1} << 62) + 64}) {
    pair.own[0]->oldest().store(lie);
    EXPECT_FALSE(reader.SkipToOldest(nullptr));
    EXPECT_EQ(reader.position(), 128u);
  }
  pair.own[0]->oldest().store(64);  // backwards
  EXPECT_TRUE(reader.SkipToOldest(nullptr));
  EXPECT_EQ(reader.position(), 128u);
}

TEST(Ring, IsFullUntilTheReaderGoesOn) {
  Pair pair(4096);
  RingWriter writer(pair.own[0], 0);
  RingReader reader(pair.seen[0], 0);
  int count = 0;
  for (; writer.HasRoom(100, pair.seen[1].get()); ++count)
    Put(writer, std::string(100, 'x'), 0);
  EXPECT_EQ(count, 4096 / 192);
  abi::RecordHeader header = {};
  ASSERT_EQ(reader.Peek(&header), State::kRecord);
  reader.Consume(header, pair.own[1].get());
  EXPECT_TRUE(writer.HasRoom(100, pair.seen[1].get()));
}

TEST(Ring, OldContentNeverPassesForARecord) {
  Pair pair(4096);
  RingWriter writer(pair.own[0], 0);
  RingReader reader(pair.seen[0], 0);
  abi::RecordHeader header = {};
  // A lap of records of one size; then the reader looks where the first lap's
  // stamps still stand.
  for (int i = 0; i < 64; ++i) {
    ASSERT_TRUE(writer.HasRoom(8, pair.seen[1].get()));
    Put(writer, "12345678", 0);
    ASSERT_EQ(reader.Peek(&header), State::kRecord);
    reader.Consume(header, pair.own[1].get());
    ASSERT_EQ(reader.Peek(&header), State::kEmpty);
  }
}

TEST(Ring, RefusesSizesAndFlagsThatCannotBe) {
  Pair pair(4096);
  auto* header = reinterpret_cast<abi::RecordHeader*>(pair.own[0]->ring());
  RingReader reader(pair.seen[0], 0);
  abi::RecordHeader copy;
  header->stamp = kKey;
  for (const uint32_t bytes : {4097u, 65'601u, 0xffff'ffffu}) {
    header->payload_bytes = bytes;
    EXPECT_EQ(reader.Peek(&copy), State::kMalformed) << bytes;
  }
  header->payload_bytes = 8;
  header->flags = 0x8000;
  EXPECT_EQ(reader.Peek(&copy), State::kMalformed);
}

TEST(Ring, AnyGarbageIsEmptyMalformedOrBounded) {
  Pair pair(4096);
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t position = (random() % 64) * 64;
    RingReader reader(pair.seen[0], position);
    auto* at = pair.own[0]->ring() + position;
    auto* words = reinterpret_cast<uint64_t*>(at);
    words[0] = random() % 2 == 0 ? kKey + position : random();
    words[1] = random() >> (random() % 64);
    abi::RecordHeader header = {};
    if (reader.Peek(&header) != State::kRecord) continue;
    ASSERT_LE(abi::RecordBytes(header.payload_bytes), 4096u);
    // All of it can be read.
    volatile uint8_t sum = 0;
    for (uint32_t i = 0; i < header.payload_bytes; ++i)
      sum = static_cast<uint8_t>(sum + reader.Payload()[i]);
  }
}

TEST(Ring, AWriterBelievesNoHeadBeyondItsTail) {
  Pair pair(4096);
  RingWriter writer(pair.own[0], 0);
  while (writer.HasRoom(100, pair.seen[1].get()))
    Put(writer, std::string(100, 'x'), 0);
  for (const uint64_t head :
       {~uint64_t{0}, uint64_t{1} << 63, uint64_t{4160}}) {
    pair.own[1]->head().store(head);
    EXPECT_FALSE(writer.HasRoom(4000, pair.seen[1].get())) << head;
  }
}

TEST(Ring, TwoThreadsLoseNothing) {
  Pair pair(4096);
  constexpr uint32_t kCount = 100'000;
  std::thread sender([&] {
    RingWriter writer(pair.own[0], 0);
    for (uint32_t i = 0; i < kCount; ++i) {
      while (!writer.HasRoom(i % 100, pair.seen[1].get())) {
        CpuRelax();
        std::this_thread::yield();
      }
      Put(writer, std::string(i % 100, static_cast<char>(i)), i);
    }
  });
  RingReader reader(pair.seen[0], 0);
  for (uint32_t i = 0; i < kCount; ++i) {
    abi::RecordHeader header = {};
    while (reader.Peek(&header) == State::kEmpty) {
      CpuRelax();
      std::this_thread::yield();
    }
    ASSERT_EQ(header.label, i);
    ASSERT_EQ(header.payload_bytes, i % 100);
    reader.Consume(header, pair.own[1].get());
  }
  sender.join();
}

TEST(HalfMapping, RefusesWhatIsNoHalf) {
  UniqueFd small = *CreateMemory("small", 4096);
  EXPECT_EQ(Half::Map(small.get(), 4096, 0, Access::kRead).error(),
            Error::invalid_args);
  UniqueFd right = *Half::Create(4096);
  EXPECT_EQ(Half::Map(right.get(), 5000, 0, Access::kRead).error(),
            Error::invalid_args);
  EXPECT_EQ(Half::Map(-1, 4096, 0, Access::kRead).error(), Error::invalid_args);
  EXPECT_TRUE(Half::Map(right.get(), 4096, 0, Access::kRead).ok());
}

// A ring beside the pair's first half, as its writer and its reader map it.
struct Beside {
  Beside(const Pair& pair, uint32_t bytes, uint64_t key) {
    UniqueFd fd = *Half::CreateRing(bytes);
    own =
        *Half::WithRing(pair.own[0], fd.get(), bytes, key, Access::kReadWrite);
    EXPECT_TRUE(SealMemory(fd.get(), Seal::kSingleWriter).ok());
    seen = *Half::WithRing(pair.seen[0], fd.get(), bytes, key, Access::kRead);
  }
  std::shared_ptr<Half> own;
  std::shared_ptr<Half> seen;
};

TEST(Ring, BesideAHalfSharesItsControlWordsOnly) {
  Pair pair(4096);
  const Beside beside(pair, 8192, 1);
  EXPECT_EQ(beside.own->control(), pair.own[0]->control());
  EXPECT_NE(beside.own->ring(), pair.own[0]->ring());
  EXPECT_EQ(beside.own->ring_bytes(), 8192u);
  // It keeps them, whoever lets the half go.
  const auto tail = beside.seen->tail_word();
  pair.seen[0].reset();
  pair.own[0]->tail().store(64);
  EXPECT_EQ(*tail, 64u);
}

TEST(Ring, BesideAHalfIsRefusedIfItIsNotThatSize) {
  Pair pair(4096);
  UniqueFd fd = *Half::CreateRing(8192);
  for (const uint32_t bytes : {0u, 4096u, 12'288u, 16'384u, 1u << 31})
    EXPECT_FALSE(
        Half::WithRing(pair.own[0], fd.get(), bytes, 1, Access::kRead).ok());
  EXPECT_FALSE(Half::WithRing(pair.own[0], -1, 8192, 1, Access::kRead).ok());
}

TEST(Ring, HasAllItsRoomWhenTheWriterComesToIt) {
  Pair pair(4096);
  RingWriter writer(pair.own[0], 0);
  while (writer.HasRoom(32, pair.seen[1].get()))
    Put(writer, std::string(32, 'x'), 0);
  const Beside beside(pair, 8192, 1);
  writer.GoOnIn(beside.own);
  EXPECT_EQ(writer.Unread(pair.seen[1].get()), 4096u);
  int count = 0;
  for (; writer.HasRoom(32, pair.seen[1].get()); ++count)
    Put(writer, std::string(32, 'x'), 0);
  EXPECT_EQ(count, 8192 / 64);
  // What is taken from the ring before makes no room here.
  pair.own[1]->head().store(4096);
  EXPECT_FALSE(writer.HasRoom(32, pair.seen[1].get()));
  pair.own[1]->head().store(4096 + 64);
  EXPECT_TRUE(writer.HasRoom(32, pair.seen[1].get()));
  // Nor does a successor who starts below it.
  writer.SetKnownHead(64);
  EXPECT_EQ(writer.known_head(), 4096u);
}

// Where the writer has gone, and the reader not yet.
struct Next {
  uint64_t start;
  std::shared_ptr<Half> half;
};

TEST(Ring, CarriesEveryByteWhileItGrowsAndShrinks) {
  Pair pair(4096);
  RingWriter writer(pair.own[0], 0);
  RingReader reader(pair.seen[0], 0);
  std::mt19937 random(7);
  std::deque<Next> turns;
  std::deque<std::string> queued;
  uint32_t sent = 0;
  uint32_t taken = 0;
  int changes = 0;
  while (taken < 50'000) {
    const std::string text(random() % 900, static_cast<char>(sent));
    if (random() % 2 == 0 && writer.HasRoom(text.size(), pair.seen[1].get())) {
      Put(writer, text, sent++);
      queued.push_back(text);
    }
    if (random() % 64 == 0 && turns.empty()) {
      ++changes;
      const bool base = writer.half() != pair.own[0] && random() % 2 == 0;
      const Beside beside(pair, 4096u << random() % 4, random());
      turns.push_back({writer.position(), base ? pair.seen[0] : beside.seen});
      writer.GoOnIn(base ? pair.own[0] : beside.own);
    }
    if (!turns.empty() && reader.position() == turns.front().start) {
      ASSERT_FALSE(reader.Ready());
      reader.GoOnIn(turns.front().half);
      turns.pop_front();
    }
    abi::RecordHeader header = {};
    if (random() % 2 == 0 || reader.Peek(&header) == State::kEmpty) continue;
    ASSERT_EQ(header.label, taken);
    ASSERT_EQ(std::string(reinterpret_cast<const char*>(reader.Payload()),
                          header.payload_bytes),
              queued.front());
    queued.pop_front();
    reader.Consume(header, pair.own[1].get());
    ++taken;
  }
  EXPECT_GT(changes, 500);
}

}  // namespace
}  // namespace base
