// RingReader over a half full of anything: what it calls a record lies inside
// the ring and has known flags; what it calls malformed or empty is left alone.
#include <cstdint>
#include <cstdlib>

#include "libipc/base/half.h"
#include "tests/fuzz/input.h"

namespace {

constexpr uint32_t kRingBytes = 4096;
constexpr uint64_t kKey = 0x1234'5678'9abc'def0;

std::shared_ptr<base::Half> NewHalf() {
  auto memory = base::Half::Create(kRingBytes);
  if (!memory.ok()) abort();
  auto half = base::Half::Map(memory->get(), kRingBytes, kKey,
                              base::Access::kReadWrite);
  if (!half.ok()) abort();
  return *half;
}

void Require(bool holds) {
  if (!holds) abort();
}

// Fills the ring, and puts a true stamp at some position that lies before
// whatever the input has there.
uint64_t Fill(const base::Half& half, fuzz::Input& input) {
  const uint64_t position = input.Take<uint64_t>() & ~uint64_t{63};
  const auto bytes = input.TakeBytes(kRingBytes);
  const uint64_t start = position & (kRingBytes - 1);
  // The ring is mapped twice in a row, so this may run over its end.
  std::memset(half.ring(), 0, kRingBytes);
  if (!bytes.empty())
    std::memcpy(half.ring() + start, bytes.data(), bytes.size());
  const uint64_t stamp = kKey + position;
  std::memcpy(half.ring() + start, &stamp, sizeof(stamp));
  return position;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::shared_ptr<base::Half> theirs = NewHalf();
  static const std::shared_ptr<base::Half> own = NewHalf();
  fuzz::Input input(data, size);
  base::RingReader reader(theirs, Fill(*theirs, input));
  Require(reader.Ready());
  ipc::abi::RecordHeader header;
  while (reader.Peek(&header) == base::RingReader::State::kRecord) {
    Require(ipc::abi::RecordBytes(header.payload_bytes) <= kRingBytes);
    Require((header.flags & ~ipc::abi::kRecordFlagsAll) == 0);
    uint8_t sum = 0;
    for (uint32_t i = 0; i < header.payload_bytes; ++i)
      sum = static_cast<uint8_t>(sum + reader.Payload()[i]);
    volatile uint8_t used = sum;
    (void)used;
    const uint64_t before = reader.position();
    reader.Consume(header, own.get());
    Require(reader.position() - before >= sizeof(header));
    Require(own->head().load() == reader.position());
  }
  return 0;
}
