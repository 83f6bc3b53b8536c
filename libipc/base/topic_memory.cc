#include "libipc/base/topic_memory.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "libipc/base/clock.h"

namespace base {

Result<UniqueFd> TopicMemory::Create(uint32_t ring_bytes) {
  return CreateMemory("keyport-topic", abi::kControlBytes + ring_bytes);
}

Result<std::shared_ptr<TopicMemory>> TopicMemory::Map(int fd,
                                                      uint32_t ring_bytes,
                                                      uint64_t key,
                                                      Access access) {
  if (ring_bytes < abi::kRingBytesMin || ring_bytes > abi::kRingBytesMax ||
      (ring_bytes & (ring_bytes - 1)) != 0 ||
      !IsMemoryOf(fd, abi::kControlBytes + ring_bytes))
    return Error::invalid_args;
  KP_ASSIGN(Mapping mapping,
            Mapping::MapRing(fd, abi::kControlBytes, ring_bytes, access));
  return std::shared_ptr<TopicMemory>(
      new TopicMemory(std::move(mapping), ring_bytes, key));
}

Result<UniqueFd> SubscriberMemory::Create() {
  return CreateMemory("keyport-subscriber", sizeof(abi::SubscriberPage));
}

Result<SubscriberMemory> SubscriberMemory::Map(int fd, uint32_t seat,
                                               Access access) {
  if (!IsMemoryOf(fd, sizeof(abi::SubscriberPage))) return Error::invalid_args;
  KP_ASSIGN(Mapping mapping,
            Mapping::Map(fd, 0, sizeof(abi::SubscriberPage), access));
  return SubscriberMemory(std::move(mapping), seat);
}

abi::BlockClaims ReadClaim(const abi::BlockClaims& claims) {
  constexpr uint64_t kBlocksMost = uint64_t{1} << 32;
  return {std::min(ReadCount(claims.blocks), kBlocksMost),
          std::min(ReadCount(claims.bytes), abi::kRegionBytesMax),
          std::min(ReadCount(claims.since_ns), static_cast<uint64_t>(NowNs()))};
}

SubscriberClaims ReadClaims(int fd, uint32_t seat) {
  abi::SubscriberCursor cursor = {};
  const size_t at = offsetof(abi::SubscriberPage, cursor) +
                    abi::SubscriberPlace(seat) * sizeof(cursor);
  if (pread(fd, &cursor, sizeof(cursor), static_cast<off_t>(at)) !=
      static_cast<ssize_t>(sizeof(cursor)))
    return {};
  return {cursor.taken, cursor.lost, cursor.head, cursor.held,
          ReadClaim(cursor.holding)};
}

}  // namespace base
