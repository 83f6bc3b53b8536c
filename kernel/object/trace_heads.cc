#include "kernel/object/trace_heads.h"

#include <fcntl.h>

#include <utility>

namespace kernel {
namespace abi = ipc::abi;
using base::UniqueFd;

base::Result<std::shared_ptr<TraceHeads>> TraceHeads::Create(uint64_t wait_ns) {
  KP_ASSIGN(UniqueFd memory,
            base::CreateMemory("keyport-trace-heads", abi::kTraceHeadsBytes));
  KP_ASSIGN(UniqueFd reader, base::ReopenReadOnly(memory.get()));
  KP_ASSIGN(base::TraceHeadsEnd end, base::TraceHeadsEnd::Map(memory.get()));
  return std::shared_ptr<TraceHeads>(new TraceHeads(
      std::move(memory), std::move(reader), std::move(end), wait_ns));
}

TraceHeads::TraceHeads(UniqueFd memory, UniqueFd reader,
                       base::TraceHeadsEnd end, uint64_t wait_ns)
    : memory_(std::move(memory)),
      reader_(std::move(reader)),
      end_(std::move(end)),
      wait_ns_(wait_ns),
      taken_(abi::kTraceHeads) {
  taken_[0] = true;
}

UniqueFd TraceHeads::ForTracer() const {
  return UniqueFd(fcntl(memory_.get(), F_DUPFD_CLOEXEC, 0));
}

UniqueFd TraceHeads::ForWriter() const {
  return UniqueFd(fcntl(reader_.get(), F_DUPFD_CLOEXEC, 0));
}

base::Result<void> TraceHeads::Seal() {
  if (ready()) return abi::Error::bad_state;
  KP_TRY(base::SealMemory(memory_.get(), base::Seal::kSingleWriter));
  memory_.Reset();
  return {};
}

uint32_t TraceHeads::Take() {
  for (uint32_t i = 1; i <= abi::kTraceHeads; ++i) {
    const uint32_t slot = (last_ + i) % abi::kTraceHeads;
    if (taken_[slot]) continue;
    taken_[slot] = true;
    last_ = slot;
    return slot;
  }
  return 0;
}

void TraceHeads::GiveBack(uint32_t slot) { taken_[slot] = false; }

}  // namespace kernel
