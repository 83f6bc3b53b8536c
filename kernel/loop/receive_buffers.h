// ReceiveBuffers: memory that one io_uring takes for the messages it receives,
// shared by all sockets. Only Ring uses it.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>

namespace kernel {

class ReceiveBuffers {
 public:
  // How many messages one call of Linux takes at most off all sockets: who
  // floods gets no more of a turn than this.
  static constexpr unsigned kCount = 256;
  // Longer messages are cut. They are longer than any that is allowed.
  static constexpr unsigned kBytes = 128;
  static constexpr int kGroup = 0;

  // Null where the running Linux has none (before 5.19). Ends with the ring.
  static std::unique_ptr<ReceiveBuffers> Register(io_uring* ring);
  ReceiveBuffers(const ReceiveBuffers&) = delete;
  ReceiveBuffers& operator=(const ReceiveBuffers&) = delete;
  ~ReceiveBuffers();

  const uint8_t* At(unsigned number) const { return bytes_ + number * kBytes; }
  // Gives it back to Linux.
  void Return(unsigned number);

 private:
  explicit ReceiveBuffers(void* memory);
  io_uring_buf_ring* ring() const {
    return static_cast<io_uring_buf_ring*>(memory_);
  }

  void* const memory_;  // the ring of free ones, then their bytes
  uint8_t* const bytes_;
};

}  // namespace kernel
