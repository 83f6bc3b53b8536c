#include "bench/data/raw_blocks.h"

#include <vector>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "bench/common/raw_way.h"

namespace bench {
namespace {

struct HandOver {
  uint64_t offset;
  uint64_t bytes;
};

void Answer(RawWay& there, RawWay& back, const std::byte* memory, int rounds) {
  for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
    const auto block = there.Take<HandOver>();
    Expect(IsStamped({memory + block.offset, block.bytes}, i), "the block");
    back.Put(i);
  }
}

}  // namespace

Times RawBlocks(uint64_t bytes, int rounds, Fill fill) {
  const Shared<std::byte> memory(bytes);
  RawWay there, back;
  Times times;
  const auto client = [&] {
    std::vector<std::byte> own(fill == Fill::kCopied ? bytes : 0, std::byte{1});
    std::byte* source = fill == Fill::kCopied ? own.data() : memory.get();
    const int64_t clock = ClockNs();
    for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
      StampBlock({source, bytes}, i);
      const int64_t start = base::NowNs();
      if (fill == Fill::kCopied) memcpy(memory.get(), source, bytes);
      there.Put(HandOver{0, bytes});
      Expect(back.Take<uint64_t>() == i, "the answer");
      times.push_back(base::NowNs() - start - clock);
    }
  };
  RunPair(kApart, client, [&] { Answer(there, back, memory.get(), rounds); });
  return times;
}

Times PlainCopies(uint64_t bytes, int rounds) {
  const PinnedTo here(kApart.first);
  const Shared<std::byte> memory(bytes);
  std::vector<std::byte> own(bytes, std::byte{1});
  return TimeEach(rounds, [&](int i) {
    StampBlock(own, static_cast<uint64_t>(i));
    memcpy(memory.get(), own.data(), bytes);
    Expect(IsStamped({memory.get(), bytes}, static_cast<uint64_t>(i)),
           "the copy");
  });
}

}  // namespace bench
