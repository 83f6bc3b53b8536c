#include "libipc/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace base {
namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

Error MapError() {
  return errno == EACCES || errno == EPERM ? Error::access_denied
                                           : Error::quota_exceeded;
}

int Protection(Access access) {
  return access == Access::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
}

}  // namespace

size_t PageBytes() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

uint64_t RoundUpToPage(uint64_t bytes) {
  const uint64_t page = PageBytes();
  return (bytes + page - 1) / page * page;
}

Result<UniqueFd> CreateMemory(const char* name, uint64_t bytes) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return Error::quota_exceeded;
  if (ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
    return Error::quota_exceeded;
  if (fcntl(fd.get(), F_ADD_SEALS, kSizeSeals) != 0)
    return Error::not_supported;
  return fd;
}

Result<void> SealMemory(int fd, Seal seal) {
  const int write = seal == Seal::kImmutable      ? F_SEAL_WRITE
                    : seal == Seal::kSingleWriter ? F_SEAL_FUTURE_WRITE
                                                  : 0;
  if (fcntl(fd, F_ADD_SEALS, write | F_SEAL_SEAL) != 0)
    return errno == EINVAL ? Error::not_supported : Error::bad_state;
  return {};
}

bool IsMemoryOf(int fd, uint64_t bytes) {
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 &&
         static_cast<uint64_t>(status.st_size) == bytes;
}

Result<UniqueFd> ReopenReadOnly(int fd) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  UniqueFd reader(open(path, O_RDONLY | O_CLOEXEC));
  if (!reader.valid()) return Error::quota_exceeded;
  return reader;
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

Result<Mapping> Mapping::Map(int fd, uint64_t offset, uint64_t bytes,
                             Access access) {
  void* data = mmap(nullptr, bytes, Protection(access), MAP_SHARED, fd,
                    static_cast<off_t>(offset));
  if (data == MAP_FAILED) return MapError();
  Mapping mapping(data, bytes);
  madvise(data, bytes, MADV_DONTFORK);
  return mapping;
}

Result<Mapping> Mapping::MapCopy(int fd, uint64_t offset, uint64_t bytes) {
  void* data =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
           fd, static_cast<off_t>(offset));
  if (data == MAP_FAILED) return MapError();
  Mapping mapping(data, bytes);
  madvise(data, bytes, MADV_DONTFORK);
  return mapping;
}

Result<Mapping> Mapping::Reserve(uint64_t bytes) {
  void* place = mmap(nullptr, bytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return MapError();
  return Mapping(place, bytes);
}

Result<Mapping> Mapping::MapTogether(std::span<const Piece> pieces,
                                     Access access) {
  uint64_t total = 0;
  for (const Piece& piece : pieces) total += piece.bytes;
  KP_ASSIGN(Mapping mapping, Reserve(total));
  uint8_t* at = mapping.data();
  for (const Piece& piece : pieces) {
    if (mmap(at, piece.bytes, Protection(access), MAP_SHARED | MAP_FIXED,
             piece.fd, 0) == MAP_FAILED)
      return MapError();
    at += piece.bytes;
  }
  madvise(mapping.data(), total, MADV_DONTFORK);
  return mapping;
}

void Mapping::AdviseHugePages() const {
  if (valid()) madvise(data_, bytes_, MADV_HUGEPAGE);
}

Result<Mapping> Mapping::MapRing(int fd, uint64_t control_bytes,
                                 uint64_t ring_bytes, Access access) {
  const uint64_t total = control_bytes + 2 * ring_bytes;
  // The place for the second half lies behind the memory's end until it is
  // mapped over.
  void* place = mmap(nullptr, total, Protection(access), MAP_SHARED, fd, 0);
  if (place == MAP_FAILED) return MapError();
  Mapping mapping(place, total);
  uint8_t* first = mapping.data();
  if (mmap(first + control_bytes + ring_bytes, ring_bytes, Protection(access),
           MAP_SHARED | MAP_FIXED, fd,
           static_cast<off_t>(control_bytes)) == MAP_FAILED)
    return MapError();
  madvise(first, total, MADV_DONTFORK);
  return mapping;
}

void Prefault(std::span<std::byte> bytes) {
  madvise(bytes.data(), bytes.size(), MADV_POPULATE_WRITE);
}

void AdviseHugePages(std::span<std::byte> bytes) {
  madvise(bytes.data(), bytes.size(), MADV_HUGEPAGE);
}

}  // namespace base
