// Region: a shared-memory object, and Mapping, its place in this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ipc/capability.h"
#include "libipc/base/memory.h"

namespace ipc {

class Session;

// How well a read-only grant is enforced by Linux.
enum class Guarantee : uint32_t {
  kNone = 0,          // advisory among processes of one user
  kSingleWriter = 1,  // only mappings made before sealing can write
  kImmutable = 2,     // nobody can write
};
const char* GuaranteeName(Guarantee guarantee);

struct RegionInfo {
  uint64_t bytes = 0;
  Guarantee guarantee = Guarantee::kNone;
  uint64_t grants = 0;  // descriptors given out for mapping
  uint64_t object_id = 0;
};

// Owns an address range. Move-only; outlives the region's handle.
class Mapping {
 public:
  Mapping() = default;
  Mapping(base::Mapping mapping, Guarantee guarantee)
      : mapping_(std::move(mapping)), guarantee_(guarantee) {}
  std::span<std::byte> bytes() const {
    return {reinterpret_cast<std::byte*>(mapping_.data()),
            static_cast<size_t>(mapping_.bytes())};
  }
  bool valid() const { return mapping_.valid(); }
  // What held when it was mapped.
  Guarantee guarantee() const { return guarantee_; }

 private:
  base::Mapping mapping_;
  Guarantee guarantee_ = Guarantee::kNone;
};

class Region {
 public:
  // Fresh zero bytes, rounded up to pages, charged to the session's account.
  // Errors: invalid_args for 0; out_of_range; quota_exceeded.
  static absl::StatusOr<Region> Create(const Session& session, uint64_t bytes);
  static absl::StatusOr<Region> Create(
      const std::shared_ptr<SessionCore>& session, uint64_t bytes);
  // Owns: the capability. Errors: wrong_type.
  static absl::StatusOr<Region> Adopt(Capability capability);

  // Rights: Map and Read. Errors: access_denied; out_of_range.
  absl::StatusOr<Mapping> MapRead() const;
  // Rights: Map and Write. Errors: access_denied; bad_state once sealed.
  absl::StatusOr<Mapping> MapWrite() const;
  // From now on nobody can get a new writable mapping; those that there are
  // go on. Rights: Write. Errors: bad_state (sealed otherwise already).
  absl::Status SealSingleWriter() const;
  // From now on nobody can write. Rights: Write. Errors: bad_state while a
  // writable mapping exists.
  absl::Status SealImmutable() const;

  absl::StatusOr<RegionInfo> Info() const;
  uint64_t bytes() const { return bytes_; }
  const Capability& capability() const { return capability_; }
  Capability TakeCapability() { return std::move(capability_); }

 private:
  Region(Capability capability, uint64_t bytes)
      : capability_(std::move(capability)), bytes_(bytes) {}
  Capability capability_;
  uint64_t bytes_ = 0;
};

}  // namespace ipc
