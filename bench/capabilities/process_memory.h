// What a process uses of memory, from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace bench {

// Units: bytes.
struct ProcessMemory {
  uint64_t resident = 0;
  uint64_t proportional = 0;
  uint64_t private_dirty = 0;
  uint64_t anonymous = 0;  // heap and stack; no memfd
};
ProcessMemory MemoryOf(pid_t process);

// Bytes in the memfds that these processes have open or have mapped; a page
// that several of them see counts once.
// Units: bytes.
uint64_t MemfdBytes(const std::vector<pid_t>& processes);

// Open descriptors.
uint64_t DescriptorsOf(pid_t process);

}  // namespace bench
