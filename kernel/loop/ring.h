// Ring: one io_uring. The only type that knows liburing's calls. Probes what
// the running Linux has and says plainly what refuses it.
//
// Makes no system call to take what Linux has put on the ring already.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernel/loop/receive_buffers.h"

namespace kernel {

class Ring {
 public:
  // Null on failure, with a sentence for the user in `why`.
  static std::unique_ptr<Ring> Create(std::string* why);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring();

  // Binds the ring to the calling thread, which alone uses it afterwards.
  // kLeast: as if the running Linux had nothing newer than must be.
  enum class Means { kAll, kLeast };
  bool Enable(Means means);

  // Each asks for completions with `tag`. A poll goes on until it is removed
  // or a completion comes without IORING_CQE_F_MORE.
  void PollReadable(int fd, uint64_t tag);
  void PollWritableOnce(int fd, uint64_t tag);
  void PollReadableOnce(int fd, uint64_t tag);
  void RemovePoll(uint64_t tag);
  // Each message of a socket makes a completion that carries it: the result is
  // its length, 0 when the peer hung up. Descriptors that come with a message
  // are thrown away by Linux and never seen here. Goes on as a poll does; it
  // ends with -ENOBUFS when buffers ran out, which Take has given back since.
  void ReceiveEach(int socket, uint64_t tag);
  void Cancel(uint64_t tag);
  // One completion, when the word's waiters are woken or it has another value.
  void WaitForWord(const uint32_t* word, uint32_t value, uint64_t tag);
  bool waits_for_words() const { return futex_; }
  void NoWords() { futex_ = false; }
  // Whether ReceiveEach is to be had.
  bool receives() const { return buffers_ != nullptr && receive_multishot_; }
  // The running Linux refused it (before 6.0).
  void NoReceiving() { receive_multishot_ = false; }
  void Accept(int socket, uint64_t tag);
  // The running Linux refused it: accept one at a time.
  void NoMultishotAccept() { accept_multishot_ = false; }
  void Timer(int64_t ns, uint64_t tag);

  // The longest message there is, and one byte to notice longer ones.
  static constexpr size_t kMessageBytes = 65;
  struct Event {
    uint64_t tag;
    int result;
    bool more;                     // the request goes on
    uint8_t bytes[kMessageBytes];  // of ReceiveEach

    std::span<const uint8_t> message() const {
      const size_t length = result < 0 ? 0 : static_cast<size_t>(result);
      return {bytes, length < kMessageBytes ? length : kMessageBytes};
    }
  };
  // Anything to take, or for Linux to do first? No system call.
  bool HasNews() const;
  // Whether Linux has all that was asked for.
  bool AllSubmitted() const { return io_uring_sq_ready(&ring_) == 0; }
  // Submits, sleeps for a completion if `wait`, and takes up to `count`.
  enum class Wait { kNo, kForOne };
  size_t Take(Event* events, size_t count, Wait wait);

 private:
  Ring() = default;
  io_uring_sqe* Next();
  bool NeedsCall() const;
  bool Has(uint8_t operation);
  Event Read(const io_uring_cqe& entry);

  io_uring ring_ = {};
  std::unique_ptr<ReceiveBuffers> buffers_;
  bool disabled_ = false;          // to be enabled by its thread
  bool accept_multishot_ = true;   // Linux 5.19
  bool receive_multishot_ = true;  // Linux 6.0
  bool futex_ = false;             // Linux 6.7
  __kernel_timespec timeout_ = {};
};

}  // namespace kernel
