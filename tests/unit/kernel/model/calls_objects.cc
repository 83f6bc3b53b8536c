// The model of the calls that make and describe objects.
#include <algorithm>
#include <bit>
#include <cstring>

#include "tests/unit/kernel/model/calls.h"
#include "tests/unit/kernel/model/entries.h"

namespace model::calls {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint32_t kAccountDepthMax = 64;

Answer CheckName(const std::vector<uint8_t>& name) {
  if (name.size() > abi::kNameBytesMax - 1)
    return Answer::Failed(Error::out_of_range, 0, abi::kNameBytesMax - 1);
  if (std::count(name.begin(), name.end(), 0) != 0) return Error::invalid_args;
  return {};
}

uint64_t InPages(uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

Answer Tell(const Region& region) {
  Answer answer =
      Answer::Of(region.bytes, region.guarantee, region.grants, region.id);
  answer.Append(FactsOf(region));
  return answer;
}

template <typename T>
Answer ListPage(const Model::Objects& all, uint64_t after) {
  Answer answer;
  answer.values[1] = after;
  for (const auto& [id, object] : all) {
    if (id <= after) continue;
    const auto entry = EntryOf(static_cast<T&>(*object));
    if (answer.payload.size() + sizeof(entry) > abi::kRequestPayloadMax) break;
    answer.Append(entry);
    ++answer.values[0];
    answer.values[1] = id;
  }
  return answer;
}

// In the order of storage, which is the kernel's matter: each is told once,
// and all are if they fit from the start. That a walk misses none is seen
// where everything is compared.
Answer ListCaps(const Call& call, uint64_t after) {
  if (call.seen == nullptr || !call.seen->ok()) return {};
  constexpr uint64_t kMost =
      abi::kRequestPayloadMax / sizeof(abi::CapabilityEntry);
  const auto& caps = call.model.caps();
  Answer answer = Answer::Of(call.seen->values[0], call.seen->values[1]);
  const uint64_t count = answer.values[0];
  if (after == 0 && count != std::min<uint64_t>(kMost, caps.size()))
    throw Mismatch("a first page of so many: " + std::to_string(count));
  if (count == 0 ? answer.values[1] != after : answer.values[1] <= after)
    throw Mismatch("a cursor of " + std::to_string(answer.values[1]) +
                   " after " + std::to_string(after));
  std::set<uint64_t> told;
  for (uint64_t i = 0; i < count; ++i) {
    const auto seen = Shown<abi::CapabilityEntry>(call, i);
    const auto found = caps.find(seen.serial);
    if (found == caps.end() || !told.insert(seen.serial).second)
      throw Mismatch("listed: capability " + std::to_string(seen.serial));
    abi::CapabilityEntry entry = EntryOf(*found->second);
    if (seen.parent == 0 && call.model.IsDoomed(*found->second))
      entry.parent = 0;
    answer.Append(entry);
  }
  return answer;
}

}  // namespace

Answer port_create(Call& call) {
  if (!call.Fits({.options = abi::kPortOptionsAll, .args = 2, .payload = true}))
    return Error::invalid_args;
  const bool alone =
      (call.options() & (abi::kPortRendezvous | abi::kPortOverwriting)) != 0;
  if (alone && (!std::has_single_bit(call.options() & ~(abi::kPortSecret |
                                                        abi::kPortNewFlows)) ||
                call.arg(1) != 0))
    return Error::invalid_args;
  const uint64_t asked = call.arg(0);
  const uint64_t most = call.arg(1);
  if (asked != 0 && (asked < abi::kRingBytesMin || asked > abi::kRingBytesMax))
    return Answer::Failed(Error::out_of_range, abi::kRingBytesMin,
                          abi::kRingBytesMax);
  const uint64_t base =
      asked == 0 ? abi::kRingBytesDefault : std::bit_ceil(asked);
  if (most != 0 && (most < base || most > abi::kRingBytesMax))
    return Answer::Failed(Error::out_of_range, base, abi::kRingBytesMax);
  if (Answer bad = CheckName(call.request.payload); !bad.ok()) return bad;
  Account& account = call.object<Account>();
  Amounts amounts = {};
  Model::Put(&amounts, AccountItem::ports, 1);
  if (Answer full = Model::Refusal(account, amounts); !full.ok()) return full;
  if (Answer full = call.Room(1); !full.ok()) return full;
  Port& port = call.model.Add<Port>();
  port.name.assign(call.request.payload.begin(), call.request.payload.end());
  port.options = call.options();
  port.ring_bytes = static_cast<uint32_t>(base);
  port.ring_bytes_max = port.ring_bytes;
  if (most != 0)
    port.ring_bytes_max = static_cast<uint32_t>(std::bit_ceil(most));
  else if (asked == 0 && !alone)
    port.ring_bytes_max = abi::kRingBytesGrownDefault;
  port.owner = call.session.id();
  port.charged = &account;
  call.model.Charge(account, amounts);
  const bool secret = (port.options & abi::kPortSecret) != 0;
  const Rights withheld = secret ? abi::kRightTracePayload : 0;
  return Answer::Of(Hold(call, port, abi::kRightsAll & ~withheld), port.id,
                    port.ring_bytes, port.ring_bytes_max);
}

// Never asked for huge pages, which only some machines have.
Answer region_create(Call& call) {
  if (!call.Fits({.options = abi::kRegionOptionsAll, .args = 2}))
    return Error::invalid_args;
  const bool growable = (call.options() & abi::kRegionGrowable) != 0;
  if (call.arg(0) == 0 || (call.arg(1) != 0) != growable)
    return Error::invalid_args;
  if (call.arg(0) > abi::kRegionBytesMax)
    return Answer::Failed(Error::out_of_range, 1, abi::kRegionBytesMax);
  if (growable &&
      (call.arg(1) < call.arg(0) || call.arg(1) > abi::kRegionBytesMax))
    return Answer::Failed(Error::out_of_range, call.arg(0),
                          abi::kRegionBytesMax);
  const uint64_t bytes = InPages(call.arg(0));
  Account& account = call.object<Account>();
  Amounts amounts = {};
  Model::Put(&amounts, AccountItem::regions, 1);
  Model::Put(&amounts, AccountItem::bytes, bytes);
  if (Answer full = Model::Refusal(account, amounts); !full.ok()) return full;
  if (Answer full = call.Room(1); !full.ok()) return full;
  Region& region = call.model.Add<Region>();
  region.bytes = bytes;
  region.bytes_most = growable ? InPages(call.arg(1)) : bytes;
  region.options = call.options();
  region.owner = call.session.id();
  region.charged = &account;
  call.model.Charge(account, amounts);
  return Answer::Of(Hold(call, region), bytes, region.id);
}

Answer region_seal(Call& call) {
  if (!call.Fits({.options = 1})) return Error::invalid_args;
  Region& region = call.object<Region>();
  const auto wanted = call.options() == abi::kSealImmutable
                          ? abi::kGuaranteeImmutable
                          : abi::kGuaranteeSingleWriter;
  if (region.guarantee != abi::kGuaranteeNone && region.guarantee != wanted)
    return Error::bad_state;
  if (region.guarantee == abi::kGuaranteeNone) {
    const bool immutable = wanted == abi::kGuaranteeImmutable;
    region.writers = immutable ? 0 : region.sessions;
    if (immutable) region.options &= ~uint32_t{abi::kRegionGrowable};
  }
  region.guarantee = wanted;
  return Answer::Of(wanted, region.writers);
}

Answer region_map(Call& call) {
  const bool write = (call.options() & abi::kMapWrite) != 0;
  const Rights needed = write ? abi::kRightWrite : abi::kRightRead;
  if ((call.cap->rights & needed) == 0)
    return Answer::Failed(Error::access_denied, needed);
  if (!call.Fits({.options = abi::kMapWrite, .args = 2}))
    return Error::invalid_args;
  Region& region = call.object<Region>();
  if (call.arg(0) % kPage != 0) return Error::invalid_args;
  if (call.arg(0) >= region.bytes)
    return Answer::Failed(Error::out_of_range, 0, region.bytes - kPage);
  if (call.arg(1) > region.bytes - call.arg(0))
    return Answer::Failed(Error::out_of_range, 1, region.bytes - call.arg(0));
  if (write && region.guarantee != abi::kGuaranteeNone) return Error::bad_state;
  ++region.grants;
  ++call.cap->grants;
  call.model.NoteGrant(call.session, region);
  Answer answer = Answer::Of(region.bytes, region.guarantee);
  answer.Append(FactsOf(region));
  answer.descriptors = 1;
  return answer;
}

Answer region_info(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  return Tell(call.object<Region>());
}

Answer region_state(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  for (const auto& [region, count] : call.session.granted)
    if (region->id == call.arg(0) && count > 0) return Tell(*region);
  return Error::not_found;
}

Answer region_unmapped(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  for (auto& [region, count] : call.session.granted) {
    if (region->id != call.arg(0) || count == 0) continue;
    if (--count == 0) call.model.Unuse(*region);
    return {};
  }
  return Error::not_found;
}

Answer region_grow(Call& call) {
  if (!call.Fits({.options = abi::kRegionGrowNoMore, .args = 1}))
    return Error::invalid_args;
  Region& region = call.object<Region>();
  if (call.arg(0) > region.bytes_most)
    return Answer::Failed(Error::out_of_range, region.bytes, region.bytes_most);
  if ((region.options & abi::kRegionGrowable) == 0) return Error::bad_state;
  const uint64_t bytes = std::max(region.bytes, InPages(call.arg(0)));
  Amounts amounts = {};
  Model::Put(&amounts, AccountItem::bytes, bytes - region.bytes);
  if (Answer full = Model::Refusal(*region.charged, amounts); !full.ok())
    return full;
  call.model.ChargeMore(*region.charged, amounts);
  region.bytes = bytes;
  if (call.options() == abi::kRegionGrowNoMore)
    region.options &= ~uint32_t{abi::kRegionGrowable};
  return Answer::Of(bytes);
}

Answer account_create(Call& call) {
  if (!call.Fits({.options = abi::kAccountShared, .payload = true}))
    return Error::invalid_args;
  abi::AccountLimits limits;
  const auto& payload = call.request.payload;
  if (payload.size() < sizeof(limits)) return Error::invalid_args;
  std::memcpy(&limits, payload.data(), sizeof(limits));
  const std::vector<uint8_t> name(payload.begin() + sizeof(limits),
                                  payload.end());
  if (Answer bad = CheckName(name); !bad.ok()) return bad;
  Account& parent = call.object<Account>();
  if (parent.depth >= kAccountDepthMax)
    return Answer::Failed(Error::out_of_range, 0, kAccountDepthMax);
  if (Answer full = call.Room(1); !full.ok()) return full;
  Account& account = call.model.Add<Account>();
  account.name.assign(name.begin(), name.end());
  account.parent = &parent;
  account.depth = parent.depth + 1;
  account.options = call.options();
  parent.children.insert(&account);
  call.model.SetLimits(account, limits);
  call.model.Use(parent);
  return Answer::Of(Hold(call, account), account.id);
}

Answer account_limit(Call& call) {
  if (!call.Fits({.args = 1, .payload = true})) return Error::invalid_args;
  Cap* cap = nullptr;
  if (Answer bad = call.FindSecond(call.arg(0), ObjectKind::account, 0, &cap);
      !bad.ok())
    return bad;
  abi::AccountLimits limits;
  if (call.request.payload.size() != sizeof(limits)) return Error::invalid_args;
  std::memcpy(&limits, call.request.payload.data(), sizeof(limits));
  Account& account = As<Account>(*cap->object);
  const Account* above = account.parent;
  while (above != nullptr && above != call.cap->object) above = above->parent;
  if (above == nullptr) return Error::invalid_args;
  call.model.SetLimits(account, limits);
  return {};
}

Answer account_info(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  Answer answer;
  answer.Append(EntryOf(call.object<Account>()));
  return answer;
}

Answer object_list(Call& call) {
  if (!call.Fits({.args = 2})) return Error::invalid_args;
  const auto kind = static_cast<ObjectKind>(call.arg(0));
  if (call.arg(0) > static_cast<uint64_t>(ObjectKind::any))
    return Error::invalid_args;
  const Model::Objects& all = call.model.objects(kind);
  switch (kind) {
    case ObjectKind::any:
      return ListCaps(call, call.arg(1));
    case ObjectKind::port:
      return ListPage<Port>(all, call.arg(1));
    case ObjectKind::lane:
      return ListPage<Lane>(all, call.arg(1));
    case ObjectKind::region:
      return ListPage<Region>(all, call.arg(1));
    case ObjectKind::process:
      return ListPage<Process>(all, call.arg(1));
    case ObjectKind::account:
      return ListPage<Account>(all, call.arg(1));
    case ObjectKind::notification:
      return ListPage<Notification>(all, call.arg(1));
    default:
      return Error::invalid_args;
  }
}

// Nobody measures anything in the memory of the model's lanes.
Answer port_times(Call& call) {
  if (!call.Fits({.args = 2})) return Error::invalid_args;
  const Model::Objects& ports = call.model.objects(ObjectKind::port);
  const auto found = ports.find(call.arg(0));
  if (found == ports.end()) return Error::not_found;
  const auto& lanes = static_cast<Port&>(*found->second).lanes;
  Answer answer = Answer::Of(0, call.arg(1));
  auto at = lanes.upper_bound(call.arg(1));
  for (; at != lanes.end() && answer.values[0] < abi::kPortTimesLanes; ++at) {
    ++answer.values[0];
    answer.values[1] = at->first;
  }
  answer.values[2] = at != lanes.end() ? 1 : 0;
  answer.Append(abi::LaneTimes());
  return answer;
}

}  // namespace model::calls
