// Region: shared memory that the kernel process made. It looks at no byte of
// it, and writes none but to erase.
//
// Its memory spans `bytes_most` from birth and is sealed against changes of
// that size: no mapping can ever fault, and to grow is to count more of it.
#pragma once

#include <map>

#include "absl/container/flat_hash_map.h"
#include "kernel/cap/account.h"
#include "kernel/object/answer.h"
#include "kernel/object/lock.h"
#include "libipc/base/memory.h"

namespace kernel {

class Region : public Object {
 public:
  struct Making {
    uint64_t bytes;
    uint64_t bytes_most;
    uint32_t options;  // abi::RegionOptions
    abi::RegionPages pages = abi::RegionPages::normal;
  };
  Region(uint64_t object_id, const Making& making, UniqueFd shared_memory)
      : Object(ObjectKind::region, object_id),
        bytes_most(making.bytes_most),
        pages(making.pages),
        bytes(making.bytes),
        options(making.options),
        memory(std::move(shared_memory)) {}

  // Seals it. Errors: bad_state; quota_exceeded (no room to map an erasable
  // one).
  Result<void> Seal(abi::SealMode mode);
  // A descriptor to map it with, open for reading only or for writing too.
  // Errors: bad_state (writing, once sealed; its contents were destroyed),
  // quota_exceeded (no descriptor).
  Result<UniqueFd> Grant(abi::MapAccess access);
  // Nobody has it, or can ask for it, any more: its memory goes. That of
  // those who mapped it stays.
  void DropIfUnused();

  // Destroying its contents: begun, then done step by step. EraseSome returns
  // whether there is more to do.
  void BeginErasing() { state = abi::RegionState::destroying; }
  bool EraseSome();
  Answer Receipt() const;

  // It grows no more.
  void Fix() { options &= ~uint32_t{abi::kRegionGrowable}; }
  bool growable() const { return (options & abi::kRegionGrowable) != 0; }
  uint32_t Writers() const;
  abi::RegionFacts Facts() const;
  static Charges ChargesOf(uint64_t bytes) {
    return Charges::Of(AccountItem::regions).Add(AccountItem::bytes, bytes);
  }
  Charges charges() const { return ChargesOf(bytes); }

  // Constant after construction.
  const uint64_t bytes_most;
  const abi::RegionPages pages;
  uint64_t owner_process = 0;
  Account* charged = nullptr;

  uint64_t bytes;
  uint32_t options;
  abi::Guarantee guarantee = abi::kGuaranteeNone;
  abi::RegionState state = abi::RegionState::whole;
  uint32_t grants = 0;
  uint32_t sessions = 0;  // that were given memory
  // Of those that live: descriptors that they were given and did not say to
  // have unmapped. Who has some keeps the region, and its charge.
  absl::flat_hash_map<Session*, uint64_t> given;
  uint32_t attachments = 0;
  UniqueFd memory;  // closed when nobody can ask for it any more
  std::map<uint64_t, std::unique_ptr<Lock>> locks;  // by offset, in use

 private:
  static constexpr uint64_t kEraseBytes = 512u << 10;  // a step

  // Whether there is something to erase from `erase_at_` on, which it moves.
  bool FindBytes();
  bool EraseBytes(uint64_t bytes);
  void EndErasing(abi::RegionState reached);

  // Open for reading: opened once, before anybody else has a descriptor and
  // could forbid it (fchmod).
  UniqueFd reader_;
  base::Mapping eraser_;  // of an erasable one that is sealed for one writer
  uint32_t writers_ = 0;  // sessions that were given memory before
  uint64_t erase_at_ = 0;
};

}  // namespace kernel
