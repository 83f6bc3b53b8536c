#include "tests/soak/scribbler.h"

#include <limits.h>

#include <string>

#include "libipc/base/futex.h"
#include "libipc/base/socket.h"

namespace soak {
namespace {

namespace abi = ipc::abi;

template <typename Word>
void Store(Word& word, uint64_t value) {
  std::atomic_ref<Word>(word).store(static_cast<Word>(value),
                                    std::memory_order_relaxed);
}

uint64_t AnyNumber(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return random.Below(8);
    case 1:
      return ~uint64_t{0} << random.Below(64);
    default:
      return random.Next() >> random.Below(64);
  }
}

}  // namespace

void Scribbler::Step(Random& random) {
  switch (random.Below(8)) {
    case 0:
    case 1:
    case 2:
      return ScribbleWord(random);
    case 3:
      return ScribbleRing(random);
    case 4:
      return Wake();
    default:
      return PutAny(random);
  }
}

void Scribbler::Put(const abi::RecordHeader& header, std::string_view payload) {
  if (!writer_.HasRoom(payload.size(), peer_.get())) return;
  abi::RecordHeader whole = header;
  std::memcpy(writer_.Payload(), payload.data(), payload.size());
  whole.payload_bytes = static_cast<uint32_t>(payload.size());
  writer_.Publish(whole);
}

void Scribbler::Wake() {
  base::WakeWord(half_->tail_word(), INT_MAX);
  base::WakeWord(half_->head_word(), INT_MAX);
  base::RingBell(bell_);
}

// Half of them could be true.
uint64_t Scribbler::AnyPosition(Random& random) {
  if (random.OneIn(2)) return AnyNumber(random);
  return writer_.position() + 64 * random.Below(64) - 64 * random.Below(64);
}

void Scribbler::ScribbleWord(Random& random) {
  abi::HalfControl& control = *half_->control();
  switch (random.Below(7)) {
    case 0:
      return Store(control.tail, AnyPosition(random));
    case 1:
      return Store(control.head, AnyPosition(random));
    case 2:
      return Store(control.armed, AnyNumber(random));
    case 3:
      return Store(control.unfenced, AnyNumber(random));
    case 4:
      return Store(control.barrier, AnyNumber(random));
    case 5:
      return Store(control.processor, AnyNumber(random));
    default:
      auto* counters = reinterpret_cast<uint64_t*>(&control.counters);
      const size_t words = sizeof(control.counters) / sizeof(uint64_t);
      return Store(counters[random.Below(words)], AnyNumber(random));
  }
}

// Anywhere, also in what is being read.
void Scribbler::ScribbleRing(Random& random) {
  const uint64_t line = random.Below(half_->ring_bytes() / abi::kLineBytes);
  uint8_t* at = half_->ring() + line * abi::kLineBytes;
  random.Fill(at + sizeof(uint64_t), random.Below(abi::kLineBytes));
  // Seldom: it ends the lane for the other side.
  if (random.OneIn(64))
    Store(*reinterpret_cast<uint64_t*>(half_->ring() + writer_.position() %
                                                           half_->ring_bytes()),
          half_->key() + writer_.position());
}

void Scribbler::PutAny(Random& random) {
  abi::RecordHeader header = {};
  // Seldom flags that do not exist, or capabilities: those lanes end soon.
  if (random.OneIn(2))
    header.flags = static_cast<uint16_t>(
        random.Next() & (random.OneIn(64) ? 0xffff : abi::kRecordFlagsAll));
  if (random.OneIn(16))
    header.handle_count = static_cast<uint16_t>(random.Below(80));
  header.correlation = static_cast<uint32_t>(AnyNumber(random));
  header.label = static_cast<uint32_t>(random.Next());
  header.flow = random.Next();
  std::string payload(random.Below(random.OneIn(8) ? 1000 : 64), '\0');
  random.Fill(payload.data(), payload.size());
  Put(header, payload);
}

}  // namespace soak
