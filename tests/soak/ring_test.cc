// The ring between two threads and between two processes: records of every
// size from nothing to the largest that fits, over many wraps, each byte
// compared with what the seed says it must be.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "libipc/base/clock.h"
#include "libipc/base/half.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"

namespace soak {
namespace {

using base::Access;
using base::Half;
using base::RingReader;
using base::RingWriter;
namespace abi = ipc::abi;

constexpr uint64_t kKey = 0x1234'5678'9abc'def0;
// The low half of the positions wraps soon, as futex words do.
constexpr uint64_t kStart = (uint64_t{1} << 32) - (uint64_t{64} << 10);

// A record that has not come by then never will.
constexpr int64_t kStuckNs = 20'000'000'000;

uint32_t LargestPayload(uint32_t ring_bytes) {
  return std::min(
      RingReader::kPayloadMax,
      ring_bytes - static_cast<uint32_t>(sizeof(abi::RecordHeader)));
}

// What the records are, one after the other.
class Script {
 public:
  Script(uint64_t seed, uint32_t largest)
      : random_(seed), largest_(largest), payload_(largest) {}

  void Next() {
    ++number_;
    header_ = {};
    header_.payload_bytes = Size();
    header_.label = static_cast<uint32_t>(number_);
    header_.flow = random_.Next();
    random_.Fill(payload_.data(), header_.payload_bytes);
  }
  const abi::RecordHeader& header() const { return header_; }
  const uint8_t* payload() const { return payload_.data(); }

 private:
  uint32_t Size() {
    const uint64_t kind = random_.Below(1024);
    if (kind == 0) return largest_;
    if (kind < 3) return static_cast<uint32_t>(random_.Below(largest_ + 1));
    return static_cast<uint32_t>(random_.Below(kind < 32 ? 2000 : 200));
  }

  Random random_;
  const uint32_t largest_;
  std::vector<uint8_t> payload_;
  abi::RecordHeader header_ = {};
  uint64_t number_ = 0;
};

struct Ends {
  std::shared_ptr<Half> own;
  std::shared_ptr<Half> peer;
};

// When to stop: after so many messages or, if that is 0, at some time.
struct Extent {
  uint64_t messages;
  int64_t end_ns;
};

// The last record; no other has a handle.
constexpr abi::RecordHeader kLast = {.handle_count = 1};

void AwaitRoom(RingWriter& writer, uint64_t bytes, const Half& peer) {
  while (!writer.HasRoom(bytes, &peer)) sched_yield();
}

void Write(const Ends& ends, uint64_t seed, const Extent& extent) {
  Script script(seed, LargestPayload(ends.own->ring_bytes()));
  Random pauses(seed + 1);
  RingWriter writer(ends.own, kStart);
  const auto is_over = [&](uint64_t written) {
    if (extent.messages != 0) return written == extent.messages;
    return written % 64 == 0 && base::NowNs() >= extent.end_ns;
  };
  for (uint64_t i = 0; !is_over(i); ++i) {
    script.Next();
    const abi::RecordHeader& header = script.header();
    AwaitRoom(writer, header.payload_bytes, *ends.peer);
    std::memcpy(writer.Payload(), script.payload(), header.payload_bytes);
    writer.Publish(header);
    if (pauses.OneIn(256)) sched_yield();
  }
  AwaitRoom(writer, 0, *ends.peer);
  writer.Publish(kLast);
}

RingReader::State AwaitRecord(const RingReader& reader,
                              abi::RecordHeader* header) {
  const int64_t end = base::NowNs() + kStuckNs;
  RingReader::State state;
  do {
    sched_yield();
    state = reader.Peek(header);
  } while (state == RingReader::State::kEmpty && base::NowNs() < end);
  return state;
}

bool Matches(const RingReader& reader, const abi::RecordHeader& header,
             const Script& script) {
  const abi::RecordHeader& right = script.header();
  return header.payload_bytes == right.payload_bytes &&
         header.label == right.label && header.flow == right.flow &&
         header.handle_count == 0 &&
         std::memcmp(reader.Payload(), script.payload(), right.payload_bytes) ==
             0;
}

// Reads to the last record. False if one is not what it should be.
bool Read(const Ends& ends, uint64_t seed) {
  Script script(seed, LargestPayload(ends.own->ring_bytes()));
  Random pauses(seed + 2);
  RingReader reader(ends.peer, kStart);
  for (uint64_t i = 0;; ++i) {
    abi::RecordHeader header;
    RingReader::State state = reader.Peek(&header);
    if (state == RingReader::State::kEmpty)
      state = AwaitRecord(reader, &header);
    if (state == RingReader::State::kRecord && header.handle_count != 0) {
      printf("%llu messages\n", static_cast<unsigned long long>(i));
      return header.payload_bytes == 0;
    }
    script.Next();
    if (state != RingReader::State::kRecord ||
        !Matches(reader, header, script)) {
      printf("not so message %llu\n", static_cast<unsigned long long>(i));
      return false;
    }
    reader.Consume(header, ends.own.get());
    if (pauses.OneIn(256)) sched_yield();
  }
}

[[noreturn]] void GiveUp() {
  fflush(stdout);
  _exit(1);
}

class Ring : public ::testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    for (base::UniqueFd& memory : memory_) memory = *Half::Create(GetParam());
    Map(1, Access::kReadWrite)->head().store(kStart);
  }
  std::shared_ptr<Half> Map(int which, Access access) {
    return *Half::Map(memory_[which].get(), GetParam(), kKey, access);
  }
  const uint64_t seed_ = CurrentOptions().seed + GetParam();
  const Extent extent_ = {
      CurrentOptions().messages,
      base::NowNs() + CurrentOptions().seconds* int64_t{150'000'000}};

 private:
  base::UniqueFd memory_[2];
};

TEST_P(Ring, CarriesEveryByteBetweenThreads) {
  // One mapping for both, so that the thread sanitizer sees their meeting.
  const auto requests = Map(0, Access::kReadWrite);
  const auto replies = Map(1, Access::kReadWrite);
  std::thread writer([&] { Write({requests, replies}, seed_, extent_); });
  const bool right = Read({replies, requests}, seed_);
  EXPECT_TRUE(right);
  // A writer whose reader has given up would wait for ever.
  if (!right) GiveUp();
  writer.join();
}

TEST_P(Ring, CarriesEveryByteBetweenProcesses) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    Write({Map(0, Access::kReadWrite), Map(1, Access::kRead)}, seed_, extent_);
    _exit(0);
  }
  const bool right =
      Read({Map(1, Access::kReadWrite), Map(0, Access::kRead)}, seed_);
  EXPECT_TRUE(right);
  if (!right) kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Ring,
                         ::testing::Values(abi::kRingBytesMin, 32u << 10,
                                           abi::kRingBytesDefault));

}  // namespace
}  // namespace soak
