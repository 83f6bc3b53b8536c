// Mapping: a region's place in this process's memory.
//
// Its bytes can be read without a system call and never fault: a region never
// shrinks. But another process may write them at any moment (unless the region
// is immutable), and whoever may manage the region may destroy them
// (Region::DestroyContents). A plain reader of destroyed contents finds zeros,
// or what was there; Read finds that out and says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ipc/status.h"
#include "libipc/base/memory.h"

namespace ipc {

class RegionWatch;

// How well a read-only grant is enforced by Linux.
enum class Guarantee : uint32_t {
  kNone = 0,          // advisory among processes of one user
  kSingleWriter = 1,  // only mappings made before sealing can write
  kImmutable = 2,     // nobody can write
};
const char* GuaranteeName(Guarantee guarantee);
// What is not enforced, as a sentence; empty for kImmutable.
const char* NotEnforced(Guarantee guarantee);

// Owns an address range. Move-only; outlives the region's handle. Not
// inherited by fork. Thread: any may read; moving and Refresh one at a time.
class Mapping {
 public:
  Mapping();
  Mapping(Mapping&&) noexcept;
  Mapping& operator=(Mapping&&) noexcept;
  ~Mapping();

  bool valid() const { return mapping_.valid(); }
  // As many as the region had when it was mapped, or at the last Refresh.
  std::span<std::byte> bytes() const {
    return {reinterpret_cast<std::byte*>(mapping_.data()),
            static_cast<size_t>(visible_)};
  }
  // What held when it was mapped.
  Guarantee guarantee() const { return guarantee_; }

  // The guarded read: copies the bytes from `offset` on into `to`, and then
  // looks whether they are still the region's contents.
  // Errors: out_of_range beyond bytes(); bad_state when the contents were
  // destroyed before or meanwhile (`to` is then of no use); peer_closed when
  // the kernel process is gone and it is not known.
  // Thread: any; a copy and one load, and a call of the kernel process once
  // after some region of this session was destroyed.
  absl::Status Read(uint64_t offset, std::span<std::byte> to) const;

  // Shows what the region has grown by: bytes() gets longer and stays where it
  // is, so that pointers into it stay good.
  // Errors: as Read; bad_state too for a mapping of several regions.
  // Thread: one at a time; waits for the kernel process.
  absl::Status Refresh();

 private:
  friend class Region;
  friend class RegionMapper;
  Mapping(base::Mapping mapping, uint64_t visible, Guarantee guarantee,
          std::vector<std::unique_ptr<RegionWatch>> regions);

  base::Mapping mapping_;
  uint64_t visible_ = 0;
  uint64_t offset_ = 0;  // in its region
  Guarantee guarantee_ = Guarantee::kNone;
  std::vector<std::unique_ptr<RegionWatch>> regions_;  // in their order
};

}  // namespace ipc
