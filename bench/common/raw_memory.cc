#include "bench/common/raw_memory.h"

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "bench/common/raw_ring.h"
#include "bench/common/shared_memory.h"

namespace bench {
namespace {

struct alignas(128) Line {
  std::atomic<uint64_t> value;

  void Put(uint64_t number) { value.store(number, std::memory_order_release); }
  void Await(uint64_t number) {
    PollUntil([&] { return value.load(std::memory_order_acquire) == number; });
  }
};

constexpr size_t kMessageBytes = 64;

void WriteNumbered(RawRing* ring, int messages, int publish_every) {
  RawWriter writer(ring);
  std::byte message[kMessageBytes];
  for (int i = 0; i < messages; ++i) {
    FillContent(message, static_cast<uint64_t>(i));
    writer.Write(message);
    if ((i + 1) % publish_every == 0) writer.Publish();
  }
  writer.Publish();
}

void ReadNumbered(RawRing* ring, int messages) {
  RawReader reader(ring);
  std::byte message[kMessageBytes];
  for (int i = 0; i < messages; ++i) {
    reader.Read(message);
    Expect(HasContent(message, static_cast<uint64_t>(i)), "order and content");
  }
}

}  // namespace

Times LineRoundTrips(Placement placement, int rounds) {
  const Shared<Line> line;
  Times times;
  RunPair(
      placement,
      [&] {
        times = TimeEach(rounds, [&](int i) {
          line->Put(2 * static_cast<uint64_t>(i) + 1);
          line->Await(2 * static_cast<uint64_t>(i) + 2);
        });
      },
      [&] {
        for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
          line->Await(2 * i + 1);
          line->Put(2 * i + 2);
        }
      });
  return times;
}

double RingOneWay(Placement placement, int messages, int publish_every) {
  const Shared<RawRing> ring;
  const Shared<Line> done;
  double took = 0;
  RunPair(
      placement,
      [&] {
        took = TimeAll([&] {
          WriteNumbered(ring.get(), messages, publish_every);
          done->Await(1);
        });
      },
      [&] {
        ReadNumbered(ring.get(), messages);
        done->Put(1);
      });
  return took / messages;
}

}  // namespace bench
