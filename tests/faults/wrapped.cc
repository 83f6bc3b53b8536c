// What the linker puts in front of the system calls that the kernel's core and
// libipc/base make (CMakeLists.txt names them), and of charge checks. Each
// fails with an error that Linux's manual gives for it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "kernel/cap/account.h"
#include "tests/faults/faults.h"

using faults::Fails;
using faults::What;

namespace {

// Whether this call fails; sets errno.
bool FailsWith(int why, const char* name) {
  if (!Fails(What::kSystem, name)) return false;
  errno = why;
  return true;
}

uint64_t random_state = 0;

}  // namespace

namespace faults {

uint64_t RandomState() { return random_state; }
void RestartRandom(uint64_t state) { random_state = state; }

}  // namespace faults

// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

int __real_memfd_create(const char* name, unsigned flags);
int __wrap_memfd_create(const char* name, unsigned flags) {
  if (FailsWith(EMFILE, "memfd_create")) return -1;
  return __real_memfd_create(name, flags);
}

int __real_ftruncate(int fd, off_t bytes);
int __wrap_ftruncate(int fd, off_t bytes) {
  if (FailsWith(EFBIG, "ftruncate")) return -1;
  return __real_ftruncate(fd, bytes);
}

int __real_fstat(int fd, struct stat* status);
int __wrap_fstat(int fd, struct stat* status) {
  if (FailsWith(ENOMEM, "fstat")) return -1;
  return __real_fstat(fd, status);
}

void* __real_mmap(void* at, size_t bytes, int protection, int flags, int fd,
                  off_t offset);
void* __wrap_mmap(void* at, size_t bytes, int protection, int flags, int fd,
                  off_t offset) {
  if (FailsWith(ENOMEM, "mmap")) return MAP_FAILED;
  return __real_mmap(at, bytes, protection, flags, fd, offset);
}

int __real_madvise(void* at, size_t bytes, int advice);
int __wrap_madvise(void* at, size_t bytes, int advice) {
  if (FailsWith(ENOMEM, "madvise")) return -1;
  return __real_madvise(at, bytes, advice);
}

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (FailsWith(EMFILE, "open")) return -1;
  return __real_open(path, flags, mode);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  const long argument = va_arg(rest, long);
  va_end(rest);
  switch (command) {
    case F_DUPFD_CLOEXEC:
      if (FailsWith(EMFILE, "fcntl(F_DUPFD_CLOEXEC)")) return -1;
      break;
    case F_ADD_SEALS:
      if (FailsWith(EBUSY, "fcntl(F_ADD_SEALS)")) return -1;
      break;
    default:
      if (FailsWith(EINVAL, "fcntl")) return -1;
  }
  return __real_fcntl(fd, command, argument);
}

int __real_socketpair(int domain, int type, int protocol, int fds[2]);
int __wrap_socketpair(int domain, int type, int protocol, int fds[2]) {
  if (FailsWith(EMFILE, "socketpair")) return -1;
  return __real_socketpair(domain, type, protocol, fds);
}

off_t __real_lseek(int fd, off_t offset, int from);
off_t __wrap_lseek(int fd, off_t offset, int from) {
  if (FailsWith(EINVAL, "lseek")) return -1;
  return __real_lseek(fd, offset, from);
}

// The same numbers in each run. It cannot fail but by a signal, and not for
// good, so it does not count as a system call that does.
ssize_t __wrap_getrandom(void* to, size_t bytes, unsigned) {
  uint64_t number = ++random_state * 0x9e3779b97f4a7c15u;
  std::memcpy(to, &number, bytes < sizeof(number) ? bytes : sizeof(number));
  return static_cast<ssize_t>(bytes);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)

// A member function's `this` is its first argument.
#define REFUSAL "_ZNK6kernel7Account7RefusalERKNS_7ChargesE"
std::optional<kernel::QuotaFailure> RealRefusal(
    const kernel::Account* self,
    const kernel::Charges& asked) asm("__real_" REFUSAL);
std::optional<kernel::QuotaFailure> WrapRefusal(
    const kernel::Account* self,
    const kernel::Charges& asked) asm("__wrap_" REFUSAL);

std::optional<kernel::QuotaFailure> WrapRefusal(const kernel::Account* self,
                                                const kernel::Charges& asked) {
  if (Fails(What::kCharge, "Account::Refusal"))
    return kernel::QuotaFailure{7, 7, self->id, kernel::AccountItem::handles};
  return RealRefusal(self, asked);
}
