// Region: shared memory that the kernel made and never maps.
#pragma once

#include "kernel/cap/account.h"

namespace kernel {

class Region : public Object {
 public:
  Region(uint64_t object_id, uint64_t size)
      : Object(ObjectKind::region, object_id), bytes(size) {}

  // Seals it. Errors: bad_state.
  Result<void> Seal(abi::SealMode mode);
  // A descriptor to map it with, open for reading only or for writing too.
  // Errors: bad_state (writing, once sealed), quota_exceeded (no descriptor).
  Result<UniqueFd> Grant(abi::MapAccess access);

  static Charges ChargesOf(uint64_t bytes) {
    return Charges::Of(AccountItem::regions).Add(AccountItem::bytes, bytes);
  }
  Charges charges() const { return ChargesOf(bytes); }

  const uint64_t bytes;
  UniqueFd memory;  // closed when nobody can ask for it any more
  uint64_t owner_process = 0;
  Account* charged = nullptr;
  abi::Guarantee guarantee = abi::kGuaranteeNone;
  uint32_t grants = 0;
  uint32_t attachments = 0;
};

}  // namespace kernel
