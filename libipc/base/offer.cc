#include "libipc/base/offer.h"

namespace base {

Result<UniqueFd> Offer::Create() {
  KP_ASSIGN(UniqueFd memory,
            CreateMemory("keyport-offer", ipc::abi::kControlBytes));
  KP_TRY(SealMemory(memory.get(), Seal::kSize));
  return memory;
}

Result<std::shared_ptr<Offer>> Offer::Map(int fd) {
  if (!IsMemoryOf(fd, ipc::abi::kControlBytes)) return Error::invalid_args;
  KP_ASSIGN(Mapping mapping,
            Mapping::Map(fd, 0, ipc::abi::kControlBytes, Access::kReadWrite));
  return std::shared_ptr<Offer>(new Offer(std::move(mapping)));
}

}  // namespace base
