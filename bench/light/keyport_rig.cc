#include "bench/light/keyport_rig.h"

#include "bench/common/must.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

// Before any thread waits, and before the server is forked. Returns the kernel
// process's place, which is wherever Linux puts it.
int Tune(Waits waits) {
  if (waits == Waits::kPolling) ipc::SetPollingLimit(absl::Seconds(1));
  if (waits == Waits::kSleeping) ipc::SetPollingLimit(absl::ZeroDuration());
  Unpin();
  return kAnywhere;
}

}  // namespace

KeyportRig::KeyportRig(Placement placement, Waits waits, const Serve& serve)
    : kernel_(Tune(waits)), server_(kernel_, placement.second, serve) {
  PinTo(placement.first);
}

bool IsQuit(ipc::Message& message) {
  if (message.label() != PortServer::kQuit) return false;
  Must(message.Reply(""));
  return true;
}

}  // namespace bench
