#include "bench/capabilities/bystander.h"

#include <sys/mman.h>

#include <climits>

#include "bench/capabilities/many.h"
#include "bench/common/must.h"
#include "libipc/base/futex.h"

namespace bench {
namespace {

void* NewSharedMemory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  Expect(memory != MAP_FAILED, "shared memory");
  return memory;
}

const uint32_t* WordOf(const std::atomic<uint32_t>& state) {
  return reinterpret_cast<const uint32_t*>(&state);
}

}  // namespace

Bystander::Bystander(KernelProcess& kernel, const ipc::Capability& port,
                     int processor)
    : log_(static_cast<Log*>(NewSharedMemory(sizeof(Log)))),
      object_(Must(port.Info()).object_id) {
  const ipc::InitialCapability initial[] = {{"port", &port}};
  pid_ =
      kernel.ForkWithSession("bystander", processor, initial,
                             [this](ipc::Session& session) { Run(session); });
}

Bystander::~Bystander() {
  Set(kEnding);
  Join(pid_);
  munmap(log_, sizeof(Log));
}

void Bystander::Set(State state) {
  log_->state.store(state, std::memory_order_release);
  base::WakeWord(WordOf(log_->state), INT_MAX);
}

void Bystander::WaitWhile(State state) {
  const base::FutexWait word = {WordOf(log_->state), state};
  while (log_->state.load(std::memory_order_acquire) == state)
    base::WaitOnWords({&word, 1}, base::kNoDeadline);
}

void Bystander::Run(ipc::Session& session) {
  const ipc::Capability port = Must(session.Take("port"));
  while (true) {
    WaitWhile(kResting);
    if (log_->state.load(std::memory_order_acquire) == kEnding) return;
    CallUntilStopped(session, port.handle());
    Set(kResting);
  }
}

void Bystander::CallUntilStopped(ipc::Session& session, ipc::Handle port) {
  for (uint32_t i = 0; i < kCallsMax; ++i) {
    Call& call = log_->calls[i];
    call.start_ns = base::NowNs();
    const ipc::Answer answer =
        CallOne(session, {ipc::abi::Syscall::handle_info, port});
    call.took_ns = base::NowNs() - call.start_ns;
    Expect(answer.value(2) == object_, "the object's id");
    log_->count.store(i + 1, std::memory_order_release);
    if (log_->state.load(std::memory_order_acquire) != kCalling) return;
  }
  WaitWhile(kCalling);
}

void Bystander::Start() {
  log_->count.store(0);
  Set(kCalling);
  while (log_->count.load(std::memory_order_acquire) == 0) sched_yield();
}

Times Bystander::StopAndTell(int64_t from_ns, int64_t until_ns) {
  Set(kStopping);
  WaitWhile(kStopping);
  Times times;
  for (uint32_t i = 0; i < log_->count.load(); ++i) {
    const Call& call = log_->calls[i];
    if (call.start_ns < until_ns && call.start_ns + call.took_ns > from_ns)
      times.push_back(call.took_ns);
  }
  return times;
}

}  // namespace bench
