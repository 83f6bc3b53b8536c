// A region lock's memory without a kernel process: tests say who dies.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <climits>
#include <memory>
#include <new>

#include "libipc/base/futex.h"
#include "libipc/base/slot_lock.h"

namespace testing_kit {

struct LockMemory {
  ipc::abi::LockPage page = {};
  ipc::abi::LockRoster roster = {};
};

// In memory that forked children share.
class FakeRoster {
 public:
  FakeRoster()
      : memory_(new (mmap(nullptr, sizeof(LockMemory), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)) LockMemory) {}
  ~FakeRoster() { munmap(memory_, sizeof(LockMemory)); }

  ipc::abi::LockPage& page() { return memory_->page; }
  // As the kernel process does it.
  uint32_t Give(uint32_t slot) {
    const uint32_t member = ++members_;
    std::atomic_ref<uint32_t>(memory_->roster.members[slot]).store(member);
    const std::atomic_ref<uint32_t> slots(memory_->roster.slots);
    if (slots.load() <= slot) slots.store(slot + 1);
    return member;
  }
  void Take(uint32_t slot) {
    std::atomic_ref<uint32_t>(memory_->roster.members[slot]).store(0);
    std::atomic_ref<uint32_t>(memory_->roster.deaths).fetch_add(1);
    base::WakeWord(&memory_->roster.deaths, INT_MAX);
  }
  std::unique_ptr<base::SlotLock> Attach(uint32_t slot) {
    return Attach(slot, Give(slot));
  }
  std::unique_ptr<base::SlotLock> Attach(uint32_t slot, uint32_t member) {
    return std::make_unique<base::SlotLock>(&memory_->page, &memory_->roster,
                                            slot, member, nullptr);
  }

 private:
  LockMemory* const memory_;
  uint32_t members_ = 0;
};

}  // namespace testing_kit
