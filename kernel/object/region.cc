#include "kernel/object/region.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace kernel {

Result<void> Region::Seal(abi::SealMode mode) {
  const abi::Guarantee wanted = mode == abi::kSealImmutable
                                    ? abi::kGuaranteeImmutable
                                    : abi::kGuaranteeSingleWriter;
  if (state != abi::RegionState::whole) return Error::bad_state;
  if (guarantee == wanted) return {};
  if (guarantee != abi::kGuaranteeNone) return Error::bad_state;
  base::Mapping eraser;
  if (wanted == abi::kGuaranteeSingleWriter &&
      (options & abi::kRegionErasable) != 0) {
    KP_ASSIGN(eraser, base::Mapping::Map(memory.get(), 0, bytes_most,
                                         base::Access::kReadWrite));
  }
  KP_TRY(base::SealMemory(memory.get(), mode == abi::kSealImmutable
                                            ? base::Seal::kImmutable
                                            : base::Seal::kSingleWriter));
  if (wanted == abi::kGuaranteeImmutable) Fix();
  guarantee = wanted;
  writers_ = wanted == abi::kGuaranteeImmutable ? 0 : sessions;
  eraser_ = std::move(eraser);
  return {};
}

Result<UniqueFd> Region::Grant(abi::MapAccess access) {
  if (state != abi::RegionState::whole) return Error::bad_state;
  if (access == abi::kMapWrite && guarantee != abi::kGuaranteeNone)
    return Error::bad_state;
  UniqueFd opened;
  if (!reader_.valid()) {
    KP_ASSIGN(opened, base::ReopenReadOnly(memory.get()));
  }
  const UniqueFd& reader = reader_.valid() ? reader_ : opened;
  const UniqueFd& from = access == abi::kMapWrite ? memory : reader;
  UniqueFd copy(fcntl(from.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Error::quota_exceeded;
  if (opened.valid()) reader_ = std::move(opened);
  ++grants;
  return copy;
}

void Region::DropIfUnused() {
  if (capabilities != 0 || attachments != 0 ||
      state == abi::RegionState::destroying)
    return;
  memory.Reset();
  reader_.Reset();
  eraser_ = base::Mapping();
}

uint32_t Region::Writers() const {
  return guarantee == abi::kGuaranteeNone ? sessions : writers_;
}

abi::RegionFacts Region::Facts() const {
  return {.id = id,
          .bytes = bytes,
          .bytes_most = bytes_most,
          .options = options,
          .guarantee = guarantee,
          .writers = Writers(),
          .sessions = sessions,
          .grants = grants,
          .pages = pages,
          .state = state,
          .reserved = 0};
}

Answer Region::Receipt() const {
  return Answer::Of(capabilities, grants, sessions,
                    static_cast<uint64_t>(state));
}

bool Region::EraseSome() {
  if (guarantee == abi::kGuaranteeImmutable ||
      (guarantee == abi::kGuaranteeSingleWriter && !eraser_.valid())) {
    EndErasing(abi::RegionState::kept);
    return false;
  }
  if (!FindBytes()) {
    EndErasing(abi::RegionState::erased);
    return false;
  }
  const uint64_t step =
      pages == abi::RegionPages::reserved ? abi::kHugePageBytes : kEraseBytes;
  const uint64_t now = std::min(step, bytes_most - erase_at_);
  if (!EraseBytes(now)) {
    EndErasing(abi::RegionState::kept);
    return false;
  }
  erase_at_ += now;
  return true;
}

// Passes over what was never written. Memory that cannot tell is taken as it
// comes.
bool Region::FindBytes() {
  if (erase_at_ >= bytes_most) return false;
  const off_t data =
      lseek(memory.get(), static_cast<off_t>(erase_at_), SEEK_DATA);
  if (data < 0) return errno != ENXIO;
  erase_at_ = std::max(erase_at_, static_cast<uint64_t>(data));
  return erase_at_ < bytes_most;
}

bool Region::EraseBytes(uint64_t count) {
  if (eraser_.valid()) {
    std::memset(eraser_.data() + erase_at_, 0, count);
    return true;
  }
  return fallocate(memory.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                   static_cast<off_t>(erase_at_),
                   static_cast<off_t>(count)) == 0;
}

// Who could still map it for writing cannot do so any more, if Linux lets it.
void Region::EndErasing(abi::RegionState reached) {
  if (guarantee == abi::kGuaranteeNone)
    (void)base::SealMemory(memory.get(), base::Seal::kSingleWriter);
  state = reached;
  eraser_ = base::Mapping();
  DropIfUnused();
}

}  // namespace kernel
