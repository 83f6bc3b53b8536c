// Calls about ports.
#include <bit>

#include "kernel/syscall/call.h"

namespace kernel::handlers {
namespace {

// Who fixes the size of a ring without saying more has fixed it.
Answer ChooseRingBytes(uint64_t base, uint64_t most, Port::RingBytes* chosen) {
  if (base != 0 && (base < abi::kRingBytesMin || base > abi::kRingBytesMax))
    return Answer::OutOfRange(abi::kRingBytesMin, abi::kRingBytesMax);
  chosen->base = base == 0 ? abi::kRingBytesDefault
                           : static_cast<uint32_t>(std::bit_ceil(base));
  if (most != 0 && (most < chosen->base || most > abi::kRingBytesMax))
    return Answer::OutOfRange(chosen->base, abi::kRingBytesMax);
  chosen->most = most != 0   ? static_cast<uint32_t>(std::bit_ceil(most))
                 : base == 0 ? abi::kRingBytesGrownDefault
                             : chosen->base;
  return {};
}

// Nothing waits for room at these: nobody shares them, they are never full, nor
// grow.
bool IsWithoutWaiting(uint32_t options) {
  return (options & (abi::kPortRendezvous | abi::kPortOverwriting)) != 0;
}

Answer CheckKind(uint32_t options, uint64_t most) {
  if (!IsWithoutWaiting(options)) return {};
  constexpr uint32_t kWithAny = abi::kPortSecret | abi::kPortNewFlows;
  if (!std::has_single_bit(options & ~kWithAny) || most != 0)
    return Error::invalid_args;
  return {};
}

}  // namespace

Answer port_create(Call& call) {
  KP_ANSWER(call.Check(
      {.options = abi::kPortOptionsAll, .args = 2, .payload = true}));
  const uint32_t options = call.request.options;
  KP_ANSWER(CheckKind(options, call.request.args[1]));
  Port::RingBytes ring_bytes = {};
  KP_ANSWER(
      ChooseRingBytes(call.request.args[0], call.request.args[1], &ring_bytes));
  if (IsWithoutWaiting(options)) ring_bytes.most = ring_bytes.base;
  KP_ANSWER(CheckName(call.payload));
  Account& account = call.object<Account>();
  const Charges charges = Charges::Of(AccountItem::ports);
  KP_ANSWER(Kernel::RoomIn(account, charges));
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));

  Port& port = call.kernel.Add<Port>(NameOf(call.payload), options, ring_bytes);
  port.owner_process = call.session.id();
  port.charged = &account;
  call.kernel.Charge(account, charges);
  call.kernel.trace().Fact(abi::TraceKind::port_created, port.id, 0);
  const Rights rights = port.secret()
                            ? abi::kRightsAll & ~abi::kRightTracePayload
                            : abi::kRightsAll;
  return Answer::Of(call.PlaceNew(port, rights), port.id, ring_bytes.base,
                    ring_bytes.most);
}

Answer port_connect(Call& call) {
  KP_ANSWER(call.Check({}));
  return call.kernel.lanes().Connect(call.session, *call.capability);
}

Answer port_listen(Call& call) {
  KP_ANSWER(call.Check({}));
  return call.kernel.lanes().Listen(call.session, *call.capability);
}

}  // namespace kernel::handlers
