// Calls about ports.
#include <bit>

#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer port_create(Call& call) {
  KP_ANSWER(call.Check(
      {.options = abi::kPortOptionsAll, .args = 1, .payload = true}));
  const uint32_t options = call.request.options;
  if ((options & abi::kPortRendezvous) != 0 && options != abi::kPortRendezvous)
    return Error::invalid_args;
  const uint64_t asked = call.request.args[0];
  if (asked != 0 && (asked < abi::kRingBytesMin || asked > abi::kRingBytesMax))
    return Answer::OutOfRange(abi::kRingBytesMin, abi::kRingBytesMax);
  KP_ANSWER(CheckName(call.payload));
  Account& account = call.object<Account>();
  const Charges charges = Charges::Of(AccountItem::ports);
  KP_ANSWER(Kernel::RoomIn(account, charges));
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));

  const uint32_t ring_bytes = asked == 0
                                  ? abi::kRingBytesDefault
                                  : static_cast<uint32_t>(std::bit_ceil(asked));
  Port& port = call.kernel.Add<Port>(NameOf(call.payload), options,
                                     ring_bytes);
  port.owner_process = call.session.id();
  port.charged = &account;
  call.kernel.Charge(account, charges);
  call.kernel.trace().Fact(abi::TraceKind::port_created, port.id, 0);
  return Answer::Of(call.PlaceNew(port), port.id, ring_bytes);
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
