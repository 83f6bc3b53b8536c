#include "libipc/base/huge_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libipc/base/memory.h"

namespace base {
namespace {

#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif

// A shared mapping sets the pages aside for the memory, and they stay so when
// it goes.
bool SetAside(int fd, uint64_t bytes) {
  void* place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (place == MAP_FAILED) return false;
  munmap(place, bytes);
  return true;
}

}  // namespace

Result<UniqueFd> CreateHugeMemory(const char* name, uint64_t bytes) {
  UniqueFd fd(memfd_create(
      name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_HUGE_2MB));
  if (!fd.valid())
    return errno == EMFILE || errno == ENFILE ? Error::quota_exceeded
                                              : Error::not_supported;
  if (ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 ||
      !SetAside(fd.get(), bytes))
    return Error::quota_exceeded;
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    return Error::not_supported;
  return fd;
}

bool AdviceHelps(std::string_view shmem_enabled) {
  for (const std::string_view word : {"[always]", "[within_size]", "[advise]"})
    if (shmem_enabled.find(word) != std::string_view::npos) return true;
  return false;
}

bool HugePageAdviceHelps() {
  const UniqueFd file(open("/sys/kernel/mm/transparent_hugepage/shmem_enabled",
                           O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return false;
  char text[128];
  const ssize_t bytes = read(file.get(), text, sizeof(text));
  return bytes > 0 &&
         AdviceHelps(std::string_view(text, static_cast<size_t>(bytes)));
}

}  // namespace base
