// Walking a folder and reading its files. Follows no symbolic link but the
// folder itself, opens nothing but regular files, maps nothing: a file that
// shrinks while it is read is a short read, never a fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace search {

enum class Skip : uint32_t {
  kNone = 0,
  kUnreadable,
  kSymlink,
  kSpecial,
  kEmpty,
  kChanged,
  kTooLarge,
  kBinary,
};
inline constexpr uint32_t kSkips = 8;
const char* SkipText(Skip skip);  // "symbolic link, not followed"

struct FoundFile {
  std::string path;
  uint64_t bytes = 0;
};

using SkipSink = std::function<void(const std::string& path, Skip)>;

// Every regular file with contents, in the same order each time as long as
// the folder does not change; the others go to `skipped`.
std::vector<FoundFile> Walk(const std::string& folder, const SkipSink& skipped);

// Fills `place` with the file's contents, which must still be that long.
Skip ReadWhole(const std::string& path, std::span<std::byte> place);

// For one line of output: control bytes and backslashes escaped.
std::string Printable(std::string_view text);

}  // namespace search
