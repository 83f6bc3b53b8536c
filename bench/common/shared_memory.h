// Memory for a process and those that it forks.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <utility>

#include "bench/common/must.h"

namespace bench {

// Zero, and touched. Move-only. Must live in all of them.
template <typename T>
class Shared {
 public:
  explicit Shared(size_t count = 1) : bytes_(count * sizeof(T)) {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    Expect(memory != MAP_FAILED, "mmap");
    memory_ = static_cast<T*>(memory);
  }
  Shared(Shared&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), bytes_(other.bytes_) {}
  Shared& operator=(Shared&&) = delete;
  ~Shared() {
    if (memory_ != nullptr) munmap(memory_, bytes_);
  }

  T* get() const { return memory_; }
  T* operator->() const { return memory_; }
  T& operator[](size_t at) const { return memory_[at]; }

 private:
  T* memory_ = nullptr;
  size_t bytes_;
};

}  // namespace bench
