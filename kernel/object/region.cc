#include "kernel/object/region.h"

#include <fcntl.h>

#include "libipc/base/memory.h"

namespace kernel {

Result<void> Region::Seal(abi::SealMode mode) {
  const abi::Guarantee wanted = mode == abi::kSealImmutable
                                    ? abi::kGuaranteeImmutable
                                    : abi::kGuaranteeSingleWriter;
  if (guarantee == wanted) return {};
  if (guarantee != abi::kGuaranteeNone) return Error::bad_state;
  KP_TRY(base::SealMemory(memory.get(), mode == abi::kSealImmutable
                                            ? base::Seal::kImmutable
                                            : base::Seal::kSingleWriter));
  guarantee = wanted;
  return {};
}

Result<UniqueFd> Region::Grant(abi::MapAccess access) {
  if (access == abi::kMapWrite) {
    if (guarantee != abi::kGuaranteeNone) return Error::bad_state;
    UniqueFd copy(fcntl(memory.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) return Error::quota_exceeded;
    ++grants;
    return copy;
  }
  KP_ASSIGN(UniqueFd reader, base::ReopenReadOnly(memory.get()));
  ++grants;
  return reader;
}

}  // namespace kernel
