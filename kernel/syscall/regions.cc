// Calls about regions.
#include "kernel/syscall/call.h"
#include "libipc/base/huge_pages.h"
#include "libipc/base/memory.h"

namespace kernel::handlers {
namespace {

constexpr char kMemoryName[] = "keyport-region";

Result<UniqueFd> CreateMemory(const Region::Making& making) {
  if (making.pages == abi::RegionPages::reserved)
    return base::CreateHugeMemory(kMemoryName, making.bytes_most);
  return base::CreateMemory(kMemoryName, making.bytes_most);
}

Answer Create(Call& call, const Region::Making& making) {
  Account& account = call.object<Account>();
  const Charges charges = Region::ChargesOf(making.bytes);
  KP_ANSWER(Kernel::RoomIn(account, charges));
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));
  KP_ASSIGN(UniqueFd memory, CreateMemory(making));

  Region& region = call.kernel.Add<Region>(making, std::move(memory));
  region.owner_process = call.session.id();
  region.charged = &account;
  call.kernel.Charge(account, charges);
  return Answer::Of(call.PlaceNew(region), region.bytes, region.id,
                    static_cast<uint64_t>(region.pages));
}

uint64_t RoundUp(uint64_t bytes, uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

Answer CheckSizes(const Call& call) {
  const uint64_t bytes = call.request.args[0];
  const uint64_t most = call.request.args[1];
  const bool growable = (call.request.options & abi::kRegionGrowable) != 0;
  if (bytes == 0 || (most != 0) != growable) return Error::invalid_args;
  if (bytes > abi::kRegionBytesMax)
    return Answer::OutOfRange(1, abi::kRegionBytesMax);
  if (growable && (most < bytes || most > abi::kRegionBytesMax))
    return Answer::OutOfRange(bytes, abi::kRegionBytesMax);
  return {};
}

// Where a part of a region lies, or what is wrong with it.
Answer CheckPart(const Region& region, uint64_t offset, uint64_t bytes) {
  const uint64_t page = region.pages == abi::RegionPages::reserved
                            ? abi::kHugePageBytes
                            : base::PageBytes();
  if (offset % page != 0) return Error::invalid_args;
  if (offset >= region.bytes) return Answer::OutOfRange(0, region.bytes - page);
  if (bytes > region.bytes - offset)
    return Answer::OutOfRange(1, region.bytes - offset);
  return {};
}

Answer Tell(const Region& region, Answer answer) {
  answer.Append(region.Facts());
  return answer;
}

Answer TellAll(const Region& region) {
  return Tell(region, Answer::Of(region.bytes, region.guarantee, region.grants,
                                 region.id));
}

}  // namespace

// Huge pages are set aside where there are some free, and are charged whole;
// what may grow does without, since it would have to set aside the most.
Answer region_create(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kRegionOptionsAll, .args = 2}));
  KP_ANSWER(CheckSizes(call));
  const uint32_t options = call.request.options;
  const uint64_t bytes = base::RoundUpToPage(call.request.args[0]);
  const uint64_t most =
      std::max(bytes, base::RoundUpToPage(call.request.args[1]));
  if ((options & abi::kRegionHugePages) == 0)
    return Create(call, {bytes, most, options});
  if ((options & abi::kRegionGrowable) == 0) {
    const uint64_t whole = RoundUp(bytes, abi::kHugePageBytes);
    Answer made =
        Create(call, {whole, whole, options, abi::RegionPages::reserved});
    if (made.ok()) return made;
  }
  return Create(call, {bytes, most, options,
                       base::HugePageAdviceHelps() ? abi::RegionPages::advised
                                                   : abi::RegionPages::normal});
}

Answer region_seal(Call& call) {
  KP_ANSWER(call.Check({.options = 1}));
  Region& region = call.object<Region>();
  KP_TRY(region.Seal(static_cast<abi::SealMode>(call.request.options)));
  return Answer::Of(region.guarantee, region.Writers());
}

Answer region_map(Call& call) {
  // Which right is missing depends on the option, so it is read first; an
  // unknown one is still reported after the rights.
  const bool write = (call.request.options & abi::kMapWrite) != 0;
  const Rights needed = write ? abi::kRightWrite : abi::kRightRead;
  const Rights missing = needed & ~call.capability->rights;
  if (missing != 0) return Answer::Missing(missing);
  KP_ANSWER(call.Check({.options = abi::kMapWrite, .args = 2}));
  Region& region = call.object<Region>();
  KP_ANSWER(CheckPart(region, call.request.args[0], call.request.args[1]));
  KP_ASSIGN(UniqueFd memory,
            region.Grant(write ? abi::kMapWrite : abi::kMapRead));
  ++call.capability->Use().grants;
  call.kernel.NoteGrant(call.session, region);
  return Tell(region, Answer::Of(region.bytes, region.guarantee))
      .With(std::move(memory));
}

Answer region_info(Call& call) {
  KP_ANSWER(call.Check({}));
  return TellAll(call.object<Region>());
}

Answer region_state(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  const auto& regions = call.kernel.objects(ObjectKind::region);
  const auto found = regions.find(call.request.args[0]);
  if (found == regions.end()) return Error::not_found;
  auto& region = As<Region>(*found->second);
  if (!Kernel::HasMemoryOf(call.session, region)) return Error::not_found;
  return TellAll(region);
}

Answer region_unmapped(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  const auto& regions = call.kernel.objects(ObjectKind::region);
  const auto found = regions.find(call.request.args[0]);
  if (found == regions.end()) return Error::not_found;
  return call.kernel.NoteUnmapped(call.session, As<Region>(*found->second));
}

Answer region_grow(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kRegionGrowNoMore, .args = 1}));
  Region& region = call.object<Region>();
  const uint64_t asked = call.request.args[0];
  if (asked > region.bytes_most)
    return Answer::OutOfRange(region.bytes, region.bytes_most);
  if (!region.growable() || region.state != abi::RegionState::whole)
    return Error::bad_state;
  const uint64_t bytes = std::max(region.bytes, base::RoundUpToPage(asked));
  const Charges more = Charges::Of(AccountItem::bytes, bytes - region.bytes);
  KP_ANSWER(Kernel::RoomIn(*region.charged, more));
  call.kernel.ChargeMore(*region.charged, more);
  region.bytes = bytes;
  if ((call.request.options & abi::kRegionGrowNoMore) != 0) region.Fix();
  return Answer::Of(bytes);
}

Answer region_destroy(Call& call) {
  KP_ANSWER(call.Check({}));
  Region& region = call.object<Region>();
  if (region.state == abi::RegionState::destroying) return Error::bad_state;
  if (region.state != abi::RegionState::whole) return region.Receipt();
  return call.kernel.StartDestruction(call.session, region,
                                      call.request.user_data);
}

}  // namespace kernel::handlers
