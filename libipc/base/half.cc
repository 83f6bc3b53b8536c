#include "libipc/base/half.h"

namespace base {
namespace {

bool IsRingSize(uint32_t bytes) {
  return bytes >= abi::kRingBytesMin && bytes <= abi::kRingBytesMax &&
         (bytes & (bytes - 1)) == 0;
}

}  // namespace

Result<UniqueFd> Half::Create(uint32_t ring_bytes) {
  return CreateMemory("keyport-half", abi::kControlBytes + ring_bytes);
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

}  // namespace base
