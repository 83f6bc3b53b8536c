// The walk is an explicit stack of paths, so deep folders take no C++ stack.
#include "examples/search/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "libipc/base/unique_fd.h"

namespace search {
namespace {

enum class Links { kFollow, kReport };

std::string Resolved(const std::string& path) {
  std::error_code failed;
  const auto resolved = std::filesystem::canonical(path, failed);
  return failed ? path : resolved.string();
}

class Walker {
 public:
  explicit Walker(const SkipSink& skipped) : skipped_(skipped) {}

  std::vector<FoundFile> Run(const std::string& folder) {
    Visit(folder, Links::kFollow);
    while (!folders_.empty()) {
      const std::string next = std::move(folders_.back());
      folders_.pop_back();
      List(next);
    }
    return std::move(files_);
  }

 private:
  void Visit(const std::string& path, Links links) {
    struct stat info;
    const int flags = links == Links::kReport ? AT_SYMLINK_NOFOLLOW : 0;
    if (fstatat(AT_FDCWD, path.c_str(), &info, flags) != 0)
      return skipped_(path, Skip::kUnreadable);
    if (S_ISDIR(info.st_mode)) {
      folders_.push_back(path);
    } else if (S_ISLNK(info.st_mode)) {
      skipped_(path, Skip::kSymlink);
    } else if (!S_ISREG(info.st_mode)) {
      skipped_(path, Skip::kSpecial);
    } else if (info.st_size == 0) {
      skipped_(path, Skip::kEmpty);
    } else {
      files_.push_back({links == Links::kFollow ? Resolved(path) : path,
                        static_cast<uint64_t>(info.st_size)});
    }
  }

  void List(const std::string& folder) {
    DIR* handle = opendir(folder.c_str());
    if (handle == nullptr) return skipped_(folder, Skip::kUnreadable);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(handle)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    closedir(handle);
    std::sort(names.begin(), names.end());
    const bool slash = !folder.empty() && folder.back() == '/';
    for (const std::string& name : names)
      Visit(slash ? folder + name : folder + "/" + name, Links::kReport);
  }

  const SkipSink& skipped_;
  std::vector<std::string> folders_;
  std::vector<FoundFile> files_;
};

}  // namespace

const char* SkipText(Skip skip) {
  switch (skip) {
    case Skip::kNone:
      return "not skipped";
    case Skip::kUnreadable:
      return "unreadable";
    case Skip::kSymlink:
      return "symbolic link, not followed";
    case Skip::kSpecial:
      return "not a regular file";
    case Skip::kEmpty:
      return "empty";
    case Skip::kChanged:
      return "changed while it was read";
    case Skip::kTooLarge:
      return "too large";
    case Skip::kBinary:
      return "binary";
  }
  return "unknown";
}

std::vector<FoundFile> Walk(const std::string& folder,
                            const SkipSink& skipped) {
  return Walker(skipped).Run(folder);
}

Skip ReadWhole(const std::string& path, std::span<std::byte> place) {
  const base::UniqueFd file(
      open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return Skip::kUnreadable;
  struct stat info;
  if (fstat(file.get(), &info) != 0) return Skip::kUnreadable;
  if (!S_ISREG(info.st_mode)) return Skip::kSpecial;
  if (static_cast<uint64_t>(info.st_size) != place.size())
    return Skip::kChanged;
  for (uint64_t at = 0; at < place.size();) {
    const ssize_t got =
        pread(file.get(), place.data() + at, place.size() - at, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Skip::kUnreadable;
    if (got == 0) return Skip::kChanged;
    at += got;
  }
  return Skip::kNone;
}

std::string Printable(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    if (value >= 0x20 && value != 0x7f && byte != '\\') {
      result += byte;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof(escaped), "\\x%02x", value);
    result += byte == '\n' ? "\\n" : byte == '\\' ? "\\\\" : escaped;
  }
  return result;
}

}  // namespace search
