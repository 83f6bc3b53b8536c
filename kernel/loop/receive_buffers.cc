#include "kernel/loop/receive_buffers.h"

#include <sys/mman.h>

namespace kernel {
namespace {

constexpr size_t kRingBytes = ReceiveBuffers::kCount * sizeof(io_uring_buf);
constexpr size_t kAllBytes =
    kRingBytes + ReceiveBuffers::kCount * ReceiveBuffers::kBytes;

}  // namespace

std::unique_ptr<ReceiveBuffers> ReceiveBuffers::Register(io_uring* ring) {
  void* memory = mmap(nullptr, kAllBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  std::unique_ptr<ReceiveBuffers> made(new ReceiveBuffers(memory));
  io_uring_buf_reg what = {};
  what.ring_addr = reinterpret_cast<uintptr_t>(memory);
  what.ring_entries = kCount;
  what.bgid = kGroup;
  if (io_uring_register_buf_ring(ring, &what, 0) != 0) return nullptr;
  for (unsigned number = 0; number < kCount; ++number) made->Return(number);
  return made;
}

ReceiveBuffers::ReceiveBuffers(void* memory)
    : memory_(memory), bytes_(static_cast<uint8_t*>(memory) + kRingBytes) {
  io_uring_buf_ring_init(ring());
}

ReceiveBuffers::~ReceiveBuffers() { munmap(memory_, kAllBytes); }

void ReceiveBuffers::Return(unsigned number) {
  io_uring_buf_ring_add(ring(), bytes_ + number * kBytes, kBytes,
                        static_cast<uint16_t>(number),
                        io_uring_buf_ring_mask(kCount), 0);
  io_uring_buf_ring_advance(ring(), 1);
}

}  // namespace kernel
