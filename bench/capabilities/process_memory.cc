#include "bench/capabilities/process_memory.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "bench/common/must.h"

namespace bench {
namespace {

constexpr uint64_t kKilobyte = 1024;
constexpr uint64_t kBlock = 512;  // of st_blocks

std::string Folder(pid_t process) {
  return "/proc/" + std::to_string(process) + "/";
}

// The largest that any mapping shows of each part of a memfd, by its start.
using Parts = std::map<uint64_t, uint64_t>;
using Memfds = std::map<uint64_t, Parts>;  // by inode

void AddMapped(pid_t process, Memfds* memfds) {
  std::ifstream file(Folder(process) + "smaps");
  std::string line;
  uint64_t* part = nullptr;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string first, rights, offset, device, path;
    uint64_t inode = 0;
    words >> first;
    if (first == "Rss:" && part != nullptr) {
      uint64_t kilobytes = 0;
      words >> kilobytes;
      *part = std::max(*part, kilobytes * kKilobyte);
    } else if (first.find('-') != std::string::npos) {
      words >> rights >> offset >> device >> inode >> path;
      part = path.starts_with("/memfd:")
                 ? &(*memfds)[inode][std::stoull(offset, nullptr, 16)]
                 : nullptr;
    }
  }
}

// Those that are open: inode to bytes.
void AddOpen(pid_t process, std::map<uint64_t, uint64_t>* open) {
  for (const auto& entry :
       std::filesystem::directory_iterator(Folder(process) + "fd")) {
    std::error_code gone;
    const std::string target =
        std::filesystem::read_symlink(entry.path(), gone).string();
    struct stat status;
    if (!target.starts_with("/memfd:") ||
        stat(entry.path().c_str(), &status) != 0)
      continue;
    (*open)[status.st_ino] = static_cast<uint64_t>(status.st_blocks) * kBlock;
  }
}

}  // namespace

ProcessMemory MemoryOf(pid_t process) {
  std::ifstream file(Folder(process) + "smaps_rollup");
  Expect(file.good(), "smaps_rollup");
  ProcessMemory memory;
  std::string line, word;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    uint64_t kilobytes = 0;
    words >> word >> kilobytes;
    if (word == "Rss:") memory.resident = kilobytes * kKilobyte;
    if (word == "Pss:") memory.proportional = kilobytes * kKilobyte;
    if (word == "Private_Dirty:") memory.private_dirty = kilobytes * kKilobyte;
    if (word == "Anonymous:") memory.anonymous = kilobytes * kKilobyte;
  }
  return memory;
}

uint64_t MemfdBytes(const std::vector<pid_t>& processes) {
  Memfds mapped;
  std::map<uint64_t, uint64_t> bytes;
  for (const pid_t process : processes) {
    AddMapped(process, &mapped);
    AddOpen(process, &bytes);
  }
  for (const auto& [inode, parts] : mapped) {
    uint64_t seen = 0;
    for (const auto& [start, resident] : parts) seen += resident;
    bytes[inode] = std::max(bytes[inode], seen);
  }
  uint64_t sum = 0;
  for (const auto& [inode, one] : bytes) sum += one;
  return sum;
}

uint64_t DescriptorsOf(pid_t process) {
  uint64_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(Folder(process) + "fd"))
    ++count;
  return count;
}

}  // namespace bench
