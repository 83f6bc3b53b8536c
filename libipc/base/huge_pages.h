// Huge pages: memory made of them, and whether asking for them helps.
//
// Source: memfd_create(2) MFD_HUGETLB, Linux's
// Documentation/admin-guide/mm/{hugetlbpage,transhuge}.rst.
#pragma once

#include <cstdint>
#include <string_view>

#include "libipc/base/result.h"
#include "libipc/base/unique_fd.h"

namespace base {

inline constexpr uint64_t kHugePageBytes = 2u << 20;

// As CreateMemory, of huge pages that are set aside for it, so that no mapping
// of it fails later for want of them. `bytes` is a multiple of kHugePageBytes.
// Errors: quota_exceeded when not enough are free; not_supported.
Result<UniqueFd> CreateHugeMemory(const char* name, uint64_t bytes);

// Whether Linux gives shared memory huge pages where madvise asks for them.
bool HugePageAdviceHelps();
// The same, from the content of .../transparent_hugepage/shmem_enabled, where
// the word in brackets holds.
bool AdviceHelps(std::string_view shmem_enabled);

}  // namespace base
