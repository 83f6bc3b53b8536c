// A topic's ring: overwritten by its writer while readers copy, and written by
// one who lies.
#include "libipc/base/topic_ring.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "libipc/base/audience.h"
#include "libipc/base/socket.h"
#include "tests/unit/base/subscriber_page.h"

namespace base {
namespace {

using TopicState = TopicReader::State;
constexpr uint64_t kTopicKey = 0x1234'5678'9abc'def0;
constexpr uint64_t kNobody = Audience::kNobody;

struct Both {
  explicit Both(uint32_t bytes) {
    UniqueFd fd = *TopicMemory::Create(bytes);
    own = *TopicMemory::Map(fd.get(), bytes, kTopicKey, Access::kReadWrite);
    EXPECT_TRUE(SealMemory(fd.get(), Seal::kSingleWriter).ok());
    seen = *TopicMemory::Map(fd.get(), bytes, kTopicKey, Access::kRead);
    EXPECT_FALSE(
        TopicMemory::Map(fd.get(), bytes, kTopicKey, Access::kReadWrite).ok());
  }
  std::shared_ptr<TopicMemory> own;
  std::shared_ptr<TopicMemory> seen;
};

void Put(TopicWriter& writer, const std::vector<uint64_t>& words) {
  const size_t bytes = words.size() * sizeof(uint64_t);
  writer.MakeRoom(writer.OverwritesBelow(bytes), kNobody);
  writer.Publish(7, words.data(), bytes);
}

struct Taker {
  Taker(const std::shared_ptr<TopicMemory>& memory, TopicReader::From from)
      : reader(memory, from) {}
  TopicState Take() { return reader.Take(&header, payload.data()); }
  uint64_t Word(size_t i = 0) const {
    uint64_t word;
    std::memcpy(&word, payload.data() + i * sizeof(word), sizeof(word));
    return word;
  }
  TopicReader reader;
  abi::TopicHeader header = {};
  std::vector<uint8_t> payload = std::vector<uint8_t>(128 << 10);
};

TEST(TopicRing, CarriesRecordsOverManyWrapsToReadersThatKeepUp) {
  Both both(4096);
  TopicWriter writer(both.own, 0, 1);
  Taker one(both.seen, TopicReader::From::kLatest);
  Taker two(both.seen, TopicReader::From::kOldest);
  std::mt19937 random(1);
  for (uint64_t i = 1; i <= 5000; ++i) {
    Put(writer, std::vector<uint64_t>(random() % 250, i));
    for (Taker* taker : {&one, &two}) {
      ASSERT_EQ(taker->Take(), TopicState::kRecord);
      ASSERT_EQ(taker->header.sequence, i);
      ASSERT_EQ(taker->header.label, 7u);
      ASSERT_EQ(taker->reader.missed(), 0u);
      for (size_t word = 0; word < taker->header.payload_bytes / 8; ++word)
        ASSERT_EQ(taker->Word(word), i);
      ASSERT_EQ(taker->Take(), TopicState::kEmpty);
    }
  }
}

TEST(TopicRing, OverrunReaderGoesOnAtTheOldestAndKnowsWhatItMissed) {
  Both both(4096);
  TopicWriter writer(both.own, 0, 1);
  Taker taker(both.seen, TopicReader::From::kLatest);
  for (uint64_t i = 1; i <= 1000; ++i) Put(writer, {i});
  EXPECT_EQ(taker.Take(), TopicState::kOverrun);
  ASSERT_TRUE(taker.reader.SkipToOldest());
  ASSERT_EQ(taker.Take(), TopicState::kRecord);
  EXPECT_EQ(taker.Word(), taker.header.sequence);
  EXPECT_EQ(taker.reader.missed(), taker.header.sequence - 1);
  uint64_t last = taker.header.sequence;
  while (taker.Take() == TopicState::kRecord) EXPECT_EQ(taker.Word(), ++last);
  EXPECT_EQ(last, 1000u);
}

TEST(TopicRing, NothingIsGivenUpThatIsKept) {
  Both both(4096);
  TopicWriter writer(both.own, 0, 1);
  for (uint64_t i = 1; i <= 62; ++i) Put(writer, {i});
  const uint64_t kept = 3 * 64;
  writer.MakeRoom(kept, kept);
  EXPECT_EQ(writer.oldest(), kept);
  EXPECT_EQ(both.seen->oldest().load(), kept);
  writer.MakeRoom(kept + 64, kNobody);
  EXPECT_GT(writer.oldest(), kept + 64);  // some more, so that it rests
  EXPECT_LE(writer.oldest(), kept + 64 + 512);
}

TEST(TopicRing, OldContentDoesNotPassForARecord) {
  Both both(4096);
  TopicWriter writer(both.own, 0, 1);
  // Content that looks like the stamps of what comes one ring later.
  std::vector<uint64_t> forged(200);
  for (size_t i = 0; i < forged.size(); ++i)
    forged[i] = kTopicKey + 4096 + (i * 8 + 32) / 64 * 64;
  Put(writer, forged);
  Taker taker(both.seen, TopicReader::From::kOldest);
  ASSERT_EQ(taker.Take(), TopicState::kRecord);
  for (uint64_t i = 2; i < 70; ++i) {  // beyond one ring
    Put(writer, {i});
    ASSERT_EQ(taker.Take(), TopicState::kRecord);
    ASSERT_EQ(taker.Word(), i);
    ASSERT_EQ(taker.Take(), TopicState::kEmpty);
  }
}

TEST(TopicRing, StartIsExactAtEachStepOfAPublishing) {
  Both both(4096);
  TopicWriter writer(both.own, 640, 10);
  for (uint64_t i = 10; i < 20; ++i) Put(writer, {i});
  // Stamped, and the words behind it not moved yet: as before the last one.
  both.own->tail().store(writer.position() - 64);
  for (const uint64_t next : {19u, 20u}) {
    both.own->next_sequence().store(next);
    Taker taker(both.seen, TopicReader::From::kLatest);
    EXPECT_EQ(taker.reader.sequence(), 19u);
    ASSERT_EQ(taker.Take(), TopicState::kRecord);
    EXPECT_EQ(taker.Word(), 19u);
    const TopicEnd end = MeasureTopic(both.seen, {640, 10});
    EXPECT_EQ(end.position, writer.position());
    EXPECT_EQ(end.sequence, 20u);
  }
}

TEST(TopicRing, BelievesNoWordOfALyingPublisher) {
  Both both(4096);
  TopicWriter writer(both.own, 0, 1);
  for (uint64_t i = 1; i <= 20; ++i) Put(writer, {i});
  auto* words = reinterpret_cast<uint64_t*>(both.own->ring());
  const uint64_t lies[] = {0,          1,          63,           64,
                           65,         4096,       1u << 20,     1ull << 32,
                           1ull << 62, 1ull << 63, ~uint64_t{0}, ~uint64_t{63}};
  std::mt19937_64 random(2);
  for (int round = 0; round < 300; ++round) {
    const uint64_t lie = lies[random() % std::size(lies)];
    const uint64_t other = lies[random() % std::size(lies)];
    both.own->tail().store(lie);
    both.own->oldest().store(other);
    both.own->next_sequence().store(random() % 2 == 0 ? lie : random());
    Taker taker(both.seen, random() % 2 == 0 ? TopicReader::From::kLatest
                                             : TopicReader::From::kOldest);
    ASSERT_EQ(taker.reader.position() % 64, 0u);
    const uint64_t at = taker.reader.position() & 4095;
    words[at / 8 % 512] = kTopicKey + taker.reader.position();
    words[(at / 8 + 1) % 512] = random() % 2 == 0 ? lie : random() % 5000;
    for (int i = 0; i < 4; ++i)
      if (taker.Take() == TopicState::kOverrun && !taker.reader.SkipToOldest())
        break;
    const TopicEnd end = MeasureTopic(both.seen, {1280, 21});
    EXPECT_GE(end.position, 1280u);
    EXPECT_GE(end.sequence, 21u);
    EXPECT_EQ(end.position % 64, 0u);
  }
}

// seen + lost == published for every reader, and nothing torn, whoever is fast.
TEST(TopicRing, ConcurrentReadersMissNothingUncounted) {
  constexpr uint64_t kRecords = 20'000;
  Both both(8192);
  TopicWriter writer(both.own, 0, 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&both, i] {
      Taker taker(both.seen, TopicReader::From::kLatest);
      uint64_t next = taker.reader.sequence();
      while (next <= kRecords) {
        switch (taker.Take()) {
          case TopicState::kEmpty:
            std::this_thread::yield();
            break;
          case TopicState::kOverrun:
            ASSERT_TRUE(taker.reader.SkipToOldest());
            break;
          case TopicState::kMalformed:
            FAIL() << "at " << next;
          case TopicState::kRecord:
            ASSERT_EQ(taker.header.sequence, next + taker.reader.missed());
            next = taker.header.sequence + 1;
            for (size_t word = 0; word < taker.header.payload_bytes / 8; ++word)
              ASSERT_EQ(taker.Word(word), taker.header.sequence);
            if (i == 2) std::this_thread::yield();
            break;
        }
      }
    });
  for (uint64_t i = 1; i <= kRecords; ++i) {
    Put(writer, std::vector<uint64_t>(i % 90, i));
    if (i % 64 == 0) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
}

// ---- Audience

TEST(Audience, SlowestReliableOneCountsAndALiarHarmsItselfOnly) {
  SubscriberPage honest(0);
  SubscriberPage liar(33);
  SubscriberPage lossy(2);
  Audience audience;
  EXPECT_EQ(audience.LowestHead(6400), kNobody);
  audience.Add(1, std::move(honest.seen), Audience::Kind::kReliable,
               {640, 640});
  audience.Add(2, std::move(liar.seen), Audience::Kind::kReliable, {640, 640});
  audience.Add(3, std::move(lossy.seen), Audience::Kind::kLossy, {640, 640});
  EXPECT_EQ(audience.LowestHead(6400), 640u);
  liar.own.head().store(6464);  // ahead of what there is
  honest.own.head().store(1280);
  EXPECT_EQ(audience.LowestHead(6400), 640u);
  EXPECT_EQ(audience.FirstBelow(1280, 6400).id, 2u);
  liar.own.head().store(6400);
  EXPECT_EQ(audience.LowestHead(6400), 1280u);
  liar.own.head().store(0);  // and back again
  EXPECT_EQ(audience.LowestHead(6400), 1280u);
  EXPECT_EQ(audience.FirstBelow(6400, 6400).id, 1u);
  EXPECT_TRUE(audience.Remove(1));
  EXPECT_FALSE(audience.Remove(1));
  EXPECT_EQ(audience.LowestHead(6400), 6400u);
}

TEST(Audience, NobodyKeepsTheOthersAsleep) {
  SubscriberPage awake(0);
  SubscriberPage asleep(1);
  Audience audience;
  audience.Add(1, std::move(awake.seen), Audience::Kind::kLossy, {});
  audience.Add(2, std::move(asleep.seen), Audience::Kind::kLossy, {});
  EXPECT_FALSE(audience.AnyArmed());
  asleep.own.armed().store(0x101);
  awake.own.armed().store(0);
  ASSERT_TRUE(audience.AnyArmed());
  EXPECT_TRUE(audience.TakeSleepers(64).on_word);
  EXPECT_TRUE(audience.TakeSleepers(128).on_word);  // twice: see Woken
  EXPECT_FALSE(audience.TakeSleepers(192).on_word);
  asleep.own.armed().store(0x201);
  EXPECT_TRUE(audience.TakeSleepers(256).on_word);
}

TEST(Audience, RingsThoseOnlyWhoSleepOnTheirBells) {
  SubscriberPage awake(0);
  SubscriberPage asleep(1);
  SocketPair awake_bell = *CreateSocketPair();
  SocketPair asleep_bell = *CreateSocketPair();
  Audience audience;
  audience.Add(1, std::move(awake.seen), Audience::Kind::kLossy, {},
               std::move(awake_bell.second));
  audience.Add(2, std::move(asleep.seen), Audience::Kind::kLossy, {},
               std::move(asleep_bell.second));
  asleep.own.armed().store(abi::kArmGeneration | abi::kArmRecordsBell);
  const Audience::Sleepers sleepers = audience.TakeSleepers(64);
  EXPECT_FALSE(sleepers.on_word);
  EXPECT_EQ(sleepers.rung, 1u);
  EXPECT_TRUE(WaitReadable(asleep_bell.first.get(), 0));
  EXPECT_FALSE(WaitReadable(awake_bell.first.get(), 0));
  DrainBell(asleep_bell.first.get());
  EXPECT_FALSE(WaitReadable(asleep_bell.first.get(), 0));
}

TEST(Audience, WhoNeverTakesItsRingsOrHasNoBellStopsNobody) {
  SubscriberPage full(0);
  SubscriberPage without(1);
  SocketPair bell = *CreateSocketPair();
  Audience audience;
  audience.Add(1, std::move(full.seen), Audience::Kind::kLossy, {},
               std::move(bell.second));
  audience.Add(2, std::move(without.seen), Audience::Kind::kLossy, {});
  for (uint32_t i = 1; i <= 10'000; ++i) {
    full.own.armed().store(i * abi::kArmGeneration | abi::kArmRecordsBell);
    without.own.armed().store(i * abi::kArmGeneration | abi::kArmRecordsBell);
    ASSERT_EQ(audience.TakeSleepers(i * 64).rung, 1u);
  }
}

}  // namespace
}  // namespace base
