#include "kernel/session/spare.h"

#include <fcntl.h>

#include "kernel/object/kernel.h"
#include "libipc/base/socket.h"

namespace kernel {

Result<EndMemory> MakeEndMemory(uint32_t ring_bytes) {
  auto memory = base::Half::Create(ring_bytes);
  auto bells = base::CreateSocketPair();
  if (!memory.ok() || !bells.ok()) return Error::quota_exceeded;
  EndMemory made;
  made.key = RandomKey();
  made.memory = *std::move(memory);
  made.near_bell = std::move(bells->first);
  made.far_bell = std::move(bells->second);
  return made;
}

Answer Spare::Grant() {
  if (number() != 0) return Error::bad_state;
  KP_ASSIGN(EndMemory made, MakeEndMemory(kRingBytes));
  auto half = base::Half::Map(made.memory.get(), kRingBytes, made.key,
                              base::Access::kRead);
  UniqueFd copy(fcntl(made.memory.get(), F_DUPFD_CLOEXEC, 0));
  if (!half.ok() || !copy.valid()) return Error::quota_exceeded;
  made.half = *std::move(half);
  made.spare = ++last_;
  memory_ = std::move(made);
  return Answer::Of(memory_.spare, memory_.key, kRingBytes)
      .With(std::move(copy))
      .With(std::move(memory_.near_bell));
}

Answer Spare::Ready(uint64_t number) {
  if (number != memory_.spare) return Error::not_found;
  if (ready_) return Error::bad_state;
  KP_TRY(base::SealMemory(memory_.memory.get(), base::Seal::kSingleWriter));
  ready_ = true;
  return {};
}

EndMemory Spare::Take() {
  ready_ = false;
  return std::exchange(memory_, {});
}

}  // namespace kernel
