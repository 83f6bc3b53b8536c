#include "kernel/session/threads.h"

#include <algorithm>
#include <atomic>

namespace kernel {
namespace {

template <typename T>
T Load(const T& word, std::memory_order order = std::memory_order_relaxed) {
  return std::atomic_ref<T>(const_cast<T&>(word)).load(order);
}

}  // namespace

Threads::Threads(const base::Half* requests) {
  if (requests == nullptr) return;
  table_ = reinterpret_cast<const abi::ThreadTable*>(
      reinterpret_cast<const uint8_t*>(requests->control()) +
      abi::kThreadTableOffset);
  used_ = std::min(Load(table_->used), abi::kThreadSlots);
  partial_ = Load(table_->beyond) != 0;
}

abi::ThreadSlot Threads::Read(uint32_t number) const {
  const abi::ThreadSlot& slot = table_->slots[number];
  abi::ThreadSlot copy = {};
  copy.word = Load(slot.word, std::memory_order_acquire);
  copy.thread_id = Load(slot.thread_id);
  copy.lane = Load(slot.lane);
  copy.position = Load(slot.position);
  copy.flow = Load(slot.flow);
  copy.since_ns = Load(slot.since_ns);
  copy.port = Load(slot.port);
  std::atomic_thread_fence(std::memory_order_acquire);
  const bool torn =
      Load(slot.word) != copy.word || StateOf(copy) > abi::ThreadState::sending;
  if (torn) copy.word = static_cast<uint32_t>(abi::ThreadState::running);
  return copy;
}

}  // namespace kernel
