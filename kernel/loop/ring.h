// Ring: one io_uring. The only type that knows liburing's calls. Probes what
// the running Linux has and says plainly what refuses it.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <string>

namespace kernel {

class Ring {
 public:
  // Null on failure, with a sentence for the user in `why`.
  static std::unique_ptr<Ring> Create(std::string* why);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring();

  // Binds the ring to the calling thread, which alone uses it afterwards.
  bool Enable();

  // Each asks for completions with `tag`. A poll goes on until it is removed
  // or a completion comes without IORING_CQE_F_MORE.
  void PollReadable(int fd, uint64_t tag);
  void PollWritableOnce(int fd, uint64_t tag);
  void RemovePoll(uint64_t tag);
  void Accept(int socket, uint64_t tag);
  // The running Linux refused it: accept one at a time.
  void NoMultishotAccept() { accept_multishot_ = false; }
  void Timer(int64_t ns, uint64_t tag);

  struct Event {
    uint64_t tag;
    int result;
    bool more;  // the request goes on
  };
  // Submits, sleeps for a completion if `wait`, and takes up to `count`.
  enum class Wait { kNo, kForOne };
  size_t Take(Event* events, size_t count, Wait wait);

 private:
  Ring() = default;
  io_uring_sqe* Next();

  io_uring ring_ = {};
  bool disabled_ = false;         // to be enabled by its thread
  bool accept_multishot_ = true;  // Linux 5.19
  __kernel_timespec timeout_ = {};
};

}  // namespace kernel
