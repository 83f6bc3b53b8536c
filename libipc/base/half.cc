#include "libipc/base/half.h"

namespace base {
namespace {

bool IsRingSize(uint32_t bytes) {
  return bytes >= abi::kRingBytesMin && bytes <= abi::kRingBytesMax &&
         (bytes & (bytes - 1)) == 0;
}

}  // namespace

Result<UniqueFd> Half::Create(uint32_t ring_bytes, const char* name) {
  return CreateMemory(name, abi::kControlBytes + ring_bytes);
}

Result<std::shared_ptr<Half>> Half::Map(int fd, uint32_t ring_bytes,
                                        uint64_t key, Access access) {
  if (!IsRingSize(ring_bytes) ||
      !IsMemoryOf(fd, abi::kControlBytes + ring_bytes))
    return Error::invalid_args;
  KP_ASSIGN(Mapping mapping,
            Mapping::MapRing(fd, abi::kControlBytes, ring_bytes, access));
  return std::shared_ptr<Half>(new Half(std::move(mapping), ring_bytes, key));
}

Result<UniqueFd> Half::CreateRing(uint32_t ring_bytes) {
  return CreateMemory("keyport-ring", ring_bytes);
}

Result<std::shared_ptr<Half>> Half::WithRing(std::shared_ptr<Half> base, int fd,
                                             uint32_t ring_bytes, uint64_t key,
                                             Access access) {
  if (!IsRingSize(ring_bytes) || !IsMemoryOf(fd, ring_bytes))
    return Error::invalid_args;
  KP_ASSIGN(Mapping mapping, Mapping::MapRing(fd, 0, ring_bytes, access));
  return std::shared_ptr<Half>(
      new Half(std::move(base), std::move(mapping), ring_bytes, key));
}

void RingWriter::MakeRoom(uint64_t payload_bytes) {
  const uint64_t end = position_ + abi::RecordBytes(payload_bytes);
  if (end - oldest_ <= ring_bytes_) return;
  const uint64_t needed = end - ring_bytes_;
  // Its own words: nobody else can have changed them.
  const auto record_bytes = [this](uint64_t at) {
    const auto* words = reinterpret_cast<const uint64_t*>(At(at));
    return abi::RecordBytes(static_cast<uint32_t>(words[1]));
  };
  oldest_ = NextOldest({.oldest = oldest_,
                        .end = position_,
                        .needed = needed,
                        .goal = needed + ring_bytes_ / 8},
                       record_bytes);
  SayOldest(own_->oldest(), oldest_);
}

}  // namespace base
