// Calls about regions.
#include "kernel/syscall/call.h"
#include "libipc/base/memory.h"

namespace kernel::handlers {

Answer region_create(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  const uint64_t asked = call.request.args[0];
  if (asked == 0) return Error::invalid_args;
  if (asked > abi::kRegionBytesMax)
    return Answer::OutOfRange(1, abi::kRegionBytesMax);
  const uint64_t bytes = base::RoundUpToPage(asked);
  Account& account = call.object<Account>();
  const Charges charges = Region::ChargesOf(bytes);
  KP_ANSWER(Kernel::RoomIn(account, charges));
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));
  KP_ASSIGN(UniqueFd memory, base::CreateMemory("keyport-region", bytes));

  Region& region = call.kernel.Add<Region>(bytes);
  region.memory = std::move(memory);
  region.owner_process = call.session.id();
  region.charged = &account;
  call.kernel.Charge(account, charges);
  return Answer::Of(call.PlaceNew(region), bytes, region.id);
}

Answer region_seal(Call& call) {
  KP_ANSWER(call.Check({.options = 1}));
  Region& region = call.object<Region>();
  KP_TRY(region.Seal(static_cast<abi::SealMode>(call.request.options)));
  return Answer::Of(region.guarantee);
}

Answer region_map(Call& call) {
  // Which right is missing depends on the option, so it is read first; an
  // unknown one is still reported after the rights.
  const bool write = (call.request.options & abi::kMapWrite) != 0;
  const Rights needed = write ? abi::kRightWrite : abi::kRightRead;
  const Rights missing = needed & ~call.capability->rights;
  if (missing != 0) return Answer::Missing(missing);
  KP_ANSWER(call.Check({.options = abi::kMapWrite}));
  Region& region = call.object<Region>();
  KP_ASSIGN(UniqueFd memory,
            region.Grant(write ? abi::kMapWrite : abi::kMapRead));
  ++call.capability->Use().grants;
  if (call.session.granted.insert(&region).second) call.kernel.Use(region);
  return Answer::Of(region.bytes, region.guarantee).With(std::move(memory));
}

Answer region_info(Call& call) {
  KP_ANSWER(call.Check({}));
  const Region& region = call.object<Region>();
  return Answer::Of(region.bytes, region.guarantee, region.grants, region.id);
}

}  // namespace kernel::handlers
