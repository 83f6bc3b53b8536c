#include "libipc/base/half.h"

namespace base {

Result<UniqueFd> Half::Create(uint32_t ring_bytes) {
  return CreateMemory("keyport-half", abi::kControlBytes + ring_bytes);
}

Result<std::shared_ptr<Half>> Half::Map(int fd, uint32_t ring_bytes,
                                        uint64_t key, Access access) {
  if (ring_bytes < abi::kRingBytesMin || ring_bytes > abi::kRingBytesMax ||
      (ring_bytes & (ring_bytes - 1)) != 0)
    return Error::invalid_args;
  if (!IsMemoryOf(fd, abi::kControlBytes + ring_bytes))
    return Error::invalid_args;
  KP_ASSIGN(Mapping mapping,
            Mapping::MapRing(fd, abi::kControlBytes, ring_bytes, access));
  return std::shared_ptr<Half>(new Half(std::move(mapping), ring_bytes, key));
}

}  // namespace base
