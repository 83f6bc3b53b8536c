// Region: a shared-memory object, made by the kernel process and charged to an
// account. docs/regions.md has the whole of what it can do in which state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ipc/capability.h"
#include "ipc/mapping.h"

namespace ipc {

class Session;

// The pages that a region got.
enum class RegionPages : uint32_t {
  kNormal = 0,
  kAdvised = 1,   // huge ones as far as there are some when it is touched
  kReserved = 2,  // huge ones, set aside: its size is a multiple of theirs
};
// "normal pages: ...": a word about what was got, and why not more.
const char* PagesName(RegionPages pages);

// What became of a region's contents.
enum class RegionState : uint32_t {
  kWhole = 0,
  kDestroying = 1,
  kErased = 2,  // the bytes are gone, out of every mapping
  kKept = 3,    // a seal forbids erasing: who has mapped it can read on
};
const char* StateName(RegionState state);

enum class HugePages { kNo, kIfThereAre };
// Whether DestroyContents can erase it after SealSingleWriter. Costs the kernel
// process a mapping from then on.
enum class Erasable { kUntilSealed, kAlways };

struct RegionOptions {
  uint64_t bytes = 0;
  // More than 0: it may grow to that. Costs address space only.
  uint64_t bytes_most = 0;
  HugePages huge_pages = HugePages::kNo;  // a region that grows has none set
                                          // aside
  Erasable erasable = Erasable::kUntilSealed;
};

struct RegionInfo {
  uint64_t bytes = 0;
  Guarantee guarantee = Guarantee::kNone;
  uint64_t grants = 0;  // descriptors given out for mapping
  uint64_t object_id = 0;
  uint64_t bytes_most = 0;  // that its memory spans
  bool growable = false;
  // Sessions that may have a writable mapping: those that were given memory
  // before it was sealed, or all while it is not.
  uint32_t writers = 0;
  uint32_t sessions = 0;  // that were given memory, ever
  RegionPages pages = RegionPages::kNormal;
  RegionState state = RegionState::kWhole;
};

// A part of a region. Units: bytes; offset is a multiple of pages (of
// abi::kHugePageBytes with RegionPages::kReserved); bytes 0: to the end.
struct RegionPart {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

// What DestroyContents reached.
struct DestroyReceipt {
  uint64_t capabilities = 0;  // that there still are
  uint64_t mappings = 0;      // descriptors given out, which cannot be taken
                              // back
  uint64_t sessions = 0;      // that were given them
  RegionState reached = RegionState::kWhole;  // kErased or kKept
};

enum class Enforcement { kRequired, kWhatThereIs };
// A capability that can only map for reading, and how well that is enforced.
struct ReadGrant {
  Capability capability;
  Guarantee guarantee = Guarantee::kNone;
  uint32_t writers = 0;  // as in RegionInfo
};

class Region {
 public:
  // Fresh zero bytes, rounded up to pages, charged to the session's account
  // until no capability and no session that mapped it is left.
  // Errors: invalid_args for 0 bytes; out_of_range; quota_exceeded.
  static absl::StatusOr<Region> Create(const Session& session, uint64_t bytes);
  static absl::StatusOr<Region> Create(const Session& session,
                                       const RegionOptions& options);
  static absl::StatusOr<Region> Create(
      const std::shared_ptr<SessionCore>& session, uint64_t bytes);
  static absl::StatusOr<Region> Create(
      const std::shared_ptr<SessionCore>& session,
      const RegionOptions& options);
  // Owns: the capability. Errors: wrong_type.
  static absl::StatusOr<Region> Adopt(Capability capability);

  // Rights: Map and Read. Errors: access_denied; invalid_args for an offset
  // within a page; out_of_range beyond the end; bad_state once its contents
  // were destroyed.
  absl::StatusOr<Mapping> MapRead(RegionPart part = {}) const;
  // Rights: Map and Write. Errors: as MapRead; bad_state once sealed. Of a
  // growable region map the whole before SealSingleWriter: what it grows by
  // can then be written, too.
  absl::StatusOr<Mapping> MapWrite(RegionPart part = {}) const;
  // A private copy that takes memory only for the pages written in it; what is
  // written is seen by nobody else and charged to no account.
  // Rights: Map and Read. Errors: as MapRead; bad_state unless immutable,
  // because Linux would let later changes through.
  absl::StatusOr<Mapping> MapCopyOnWrite(RegionPart part = {}) const;

  // From now on nobody can get a new writable mapping; those that there are
  // go on. Rights: Write. Errors: bad_state (sealed otherwise already, or its
  // contents were destroyed); quota_exceeded.
  absl::Status SealSingleWriter() const;
  // From now on nobody can write, and it does not grow any more. Rights: Write.
  // Errors: as SealSingleWriter; bad_state while a writable mapping exists.
  absl::Status SealImmutable() const;

  // A copy of this capability that can only map for reading. Who is given it
  // after sealing cannot write, whatever it tries, though it runs as the same
  // user. While the region is not sealed that is not enforced: then this fails
  // with bad_state, or says so in the grant.
  // Rights: Duplicate. Errors: access_denied; bad_state.
  absl::StatusOr<ReadGrant> GrantRead(
      Enforcement enforcement = Enforcement::kRequired) const;

  // Makes it at least so large; mappings see it after Mapping::Refresh. The new
  // bytes are zero, unless somebody who could write has written there before.
  // They are charged to the account that the region is charged to.
  // Rights: Manage. Errors: out_of_range above bytes_most; bad_state when it is
  // not growable; quota_exceeded.
  absl::Status Grow(uint64_t bytes);
  // It grows no more. Rights: Manage. Errors: bad_state.
  absl::Status Fix() const;

  // Takes the contents away from everybody: nothing can be mapped any more, a
  // guarded read fails (Mapping::Read), and the bytes are erased, also out of
  // mappings, where a seal does not forbid it. Before sealing it always can;
  // after SealSingleWriter if the region was made Erasable::kAlways; an
  // immutable region keeps its bytes until the last mapping is gone. Who has a
  // writable mapping can write new bytes into it, which nobody takes for the
  // contents. Done when it returns; large regions are erased in steps.
  // Rights: Manage. Errors: bad_state while another is at it. Repeating it is
  // no error. Thread: any; waits.
  absl::StatusOr<DestroyReceipt> DestroyContents() const;

  // A copy of a part, or the whole, in a region of its own that is immutable:
  // a snapshot, or a slice that shows nothing of the rest. Made by this
  // process; while others write the region the copy may be torn.
  // Rights: Map and Read. Errors: as MapRead; quota_exceeded.
  absl::StatusOr<Region> Copy(RegionPart part = {}) const;

  absl::StatusOr<RegionInfo> Info() const;
  // When it was made, adopted or grown here.
  uint64_t bytes() const { return bytes_; }
  const Capability& capability() const { return capability_; }
  Capability TakeCapability() { return std::move(capability_); }

 private:
  Region(Capability capability, uint64_t bytes)
      : capability_(std::move(capability)), bytes_(bytes) {}
  Capability capability_;
  uint64_t bytes_ = 0;
};

// Several regions side by side as one range of memory. So a whole is made of
// slices that are shared one by one: each is a region of its own, and who is
// given one can reach nothing of the others.
// Rights: Map and, by `access`, Read or Write on each. Errors: as MapRead and
// MapWrite; invalid_args for none.
absl::StatusOr<Mapping> MapTogether(std::span<const Region* const> regions,
                                    base::Access access);

}  // namespace ipc
