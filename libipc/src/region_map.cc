// Mapping regions: what the kernel process gave, placed into this process.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "flight_recorder.h"
#include "ipc/region.h"
#include "region_watch.h"
#include "session_core.h"

namespace ipc {

class RegionMapper {
 public:
  enum class Manner { kRead, kWrite, kCopy };

  // A region's memory as the kernel process gave it.
  struct Granted {
    std::unique_ptr<RegionWatch> watch;
    base::UniqueFd memory;
    abi::RegionFacts facts;
  };
  static absl::StatusOr<Granted> Ask(const Capability& capability,
                                     Manner manner, RegionPart part);
  static absl::StatusOr<Mapping> Map(const Capability& capability,
                                     Manner manner, RegionPart part);
  static absl::StatusOr<Mapping> MapTogether(
      std::span<const Region* const> regions, base::Access access);

 private:
  static absl::Status Refused(Error error) {
    return MakeStatus(error,
                      "Linux refused the mapping; check the limit on address "
                      "space (ulimit -v)");
  }
};

absl::StatusOr<RegionMapper::Granted> RegionMapper::Ask(
    const Capability& capability, Manner manner, RegionPart part) {
  if (!capability.valid())
    return MakeStatus(Error::bad_handle, "this Region is empty");
  const std::shared_ptr<SessionCore>& session = capability.session();
  const uint32_t seen = session->regions_destroyed();
  Answer answer = session->Call(
      abi::Syscall::region_map, capability.handle(),
      {.options = manner == Manner::kWrite ? abi::kMapWrite : abi::kMapRead,
       .args = {part.offset, part.bytes}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::region_map, capability.handle(),
                          answer);
  const absl::StatusOr<abi::RegionFacts> facts = FactsOf(answer);
  if (!facts.ok()) return facts.status();
  WriteFlight(*session, {.port = facts->id,
                         .payload_bytes = static_cast<uint32_t>(
                             std::min<uint64_t>(facts->bytes, ~uint32_t{0})),
                         .kind = static_cast<uint16_t>(abi::TraceKind::map)});
  auto watch = std::make_unique<RegionWatch>(session, facts->id, seen);
  if (answer.descriptors.size() != 1 || facts->bytes_most < facts->bytes)
    return MakeStatus(Error::peer_closed, "the kernel process sent no memory");
  return Granted{std::move(watch), std::move(answer.descriptors[0]), *facts};
}

// Where no end was named it is mapped as far as the region may grow.
absl::StatusOr<Mapping> RegionMapper::Map(const Capability& capability,
                                          Manner manner, RegionPart part) {
  absl::StatusOr<Granted> granted = Ask(capability, manner, part);
  if (!granted.ok()) return granted.status();
  const abi::RegionFacts& facts = granted->facts;
  if (manner == Manner::kCopy && facts.guarantee != abi::kGuaranteeImmutable)
    return MakeStatus(Error::bad_state,
                      "a copy on write of a region that is not immutable "
                      "would show later changes; make a Copy of it");
  const bool growable = (facts.options & abi::kRegionGrowable) != 0;
  const uint64_t seen =
      part.bytes != 0 ? part.bytes : facts.bytes - part.offset;
  const uint64_t page =
      facts.pages == abi::RegionPages::reserved ? abi::kHugePageBytes : 1;
  const uint64_t span = part.bytes == 0 && growable
                            ? facts.bytes_most - part.offset
                            : (seen + page - 1) / page * page;
  const int fd = granted->memory.get();
  auto mapping = manner == Manner::kCopy
                     ? base::Mapping::MapCopy(fd, part.offset, span)
                     : base::Mapping::Map(fd, part.offset, span,
                                          manner == Manner::kWrite
                                              ? base::Access::kReadWrite
                                              : base::Access::kRead);
  if (!mapping.ok()) return Refused(mapping.error());
  if (facts.pages == abi::RegionPages::advised) mapping->AdviseHugePages();
  std::vector<std::unique_ptr<RegionWatch>> watches;
  watches.push_back(std::move(granted->watch));
  Mapping made(*std::move(mapping), seen,
               static_cast<Guarantee>(facts.guarantee), std::move(watches));
  made.offset_ = part.offset;
  return made;
}

// The weakest of their guarantees holds for the whole.
absl::StatusOr<Mapping> RegionMapper::MapTogether(
    std::span<const Region* const> regions, base::Access access) {
  if (regions.empty())
    return MakeStatus(Error::invalid_args, "there are no regions to map");
  std::vector<Granted> all;
  std::vector<base::Mapping::Piece> pieces;
  std::vector<std::unique_ptr<RegionWatch>> watches;
  uint64_t total = 0;
  auto weakest = abi::kGuaranteeImmutable;
  for (const Region* region : regions) {
    absl::StatusOr<Granted> granted =
        Ask(region->capability(),
            access == base::Access::kRead ? Manner::kRead : Manner::kWrite, {});
    if (!granted.ok()) return granted.status();
    pieces.push_back({granted->memory.get(), granted->facts.bytes});
    total += granted->facts.bytes;
    weakest = std::min(weakest, granted->facts.guarantee);
    watches.push_back(std::move(granted->watch));
    all.push_back(*std::move(granted));
  }
  auto mapping = base::Mapping::MapTogether(pieces, access);
  if (!mapping.ok()) return Refused(mapping.error());
  return Mapping(*std::move(mapping), total, static_cast<Guarantee>(weakest),
                 std::move(watches));
}

absl::StatusOr<Mapping> Region::MapRead(RegionPart part) const {
  return RegionMapper::Map(capability_, RegionMapper::Manner::kRead, part);
}
absl::StatusOr<Mapping> Region::MapWrite(RegionPart part) const {
  return RegionMapper::Map(capability_, RegionMapper::Manner::kWrite, part);
}
absl::StatusOr<Mapping> Region::MapCopyOnWrite(RegionPart part) const {
  return RegionMapper::Map(capability_, RegionMapper::Manner::kCopy, part);
}

absl::StatusOr<Mapping> MapTogether(std::span<const Region* const> regions,
                                    base::Access access) {
  return RegionMapper::MapTogether(regions, access);
}

}  // namespace ipc
