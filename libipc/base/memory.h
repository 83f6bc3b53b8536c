// Shared memory: sealed memfds, their mappings, and bytes that another
// process may change at any moment.
//
// Source: memfd_create(2), fcntl(2) F_ADD_SEALS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "libipc/base/result.h"
#include "libipc/base/unique_fd.h"

namespace base {

size_t PageBytes();
uint64_t RoundUpToPage(uint64_t bytes);

// A new zero-filled memfd of `bytes`, sealed against shrinking and growing.
// Errors: quota_exceeded when Linux has no descriptor or memory left.
Result<UniqueFd> CreateMemory(const char* name, uint64_t bytes);

enum class Seal { kSingleWriter, kImmutable, kSize };
// No one can get a new writable mapping afterwards (kSingleWriter), or write
// at all (kImmutable), or nobody can seal it any more (kSize). Errors:
// bad_state while kImmutable meets a writable mapping, or when the memory was
// sealed otherwise before.
Result<void> SealMemory(int fd, Seal seal);

// Whether the descriptor is a memfd of exactly `bytes` that cannot shrink, so
// that reading it never faults.
bool IsMemoryOf(int fd, uint64_t bytes);

// A second descriptor of the same memory that is open for reading only. For
// memory that is not sealed this is advice, not protection: see Guarantee.
Result<UniqueFd> ReopenReadOnly(int fd);

enum class Access { kRead, kReadWrite };

// Owns one mapping. Move-only. Not inherited by fork.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  // Maps [offset, offset + bytes). Errors: access_denied where the descriptor
  // or a seal forbids it; quota_exceeded without address space.
  static Result<Mapping> Map(int fd, uint64_t offset, uint64_t bytes,
                             Access access);
  // The same as a private copy that shares the pages that nobody has written
  // here. What others write later may be seen in those.
  static Result<Mapping> MapCopy(int fd, uint64_t offset, uint64_t bytes);
  // Several memories side by side in one range, in their order.
  struct Piece {
    int fd;
    uint64_t bytes;  // of whole pages
  };
  static Result<Mapping> MapTogether(std::span<const Piece> pieces,
                                     Access access);
  // Maps `control_bytes`, then twice in a row the `ring_bytes` after them.
  static Result<Mapping> MapRing(int fd, uint64_t control_bytes,
                                 uint64_t ring_bytes, Access access);

  uint8_t* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  bool valid() const { return data_ != nullptr; }
  // Huge pages, where Linux has them for it.
  void AdviseHugePages() const;

 private:
  // Bytes of address space that are to be mapped over.
  static Result<Mapping> Reserve(uint64_t bytes);
  Mapping(void* data, uint64_t bytes)
      : data_(static_cast<uint8_t*>(data)), bytes_(bytes) {}
  uint8_t* data_ = nullptr;
  uint64_t bytes_ = 0;
};

// Gets the pages of a writable mapping now, not one by one at their first use.
// Where Linux cannot (before 5.14) that is how it stays.
void Prefault(std::span<std::byte> bytes);
// Asks for huge pages, which Linux gives where it has them and may.
void AdviseHugePages(std::span<std::byte> bytes);

}  // namespace base
