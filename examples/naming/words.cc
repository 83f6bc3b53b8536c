#include "examples/naming/words.h"

#include <cstdio>

#include "absl/strings/numbers.h"
#include "examples/common/service.h"

namespace naming {

std::optional<uint64_t> NumberOf(std::string_view text) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number))
    return std::nullopt;
  return number;
}

std::optional<uint64_t> CountOf(int words, char** argv, int at,
                                uint64_t otherwise) {
  if (at >= words) return otherwise;
  const auto count = NumberOf(argv[at]);
  if (count && *count >= 1 && *count <= kCountMax) return count;
  std::fprintf(stderr, "'%s' is no count; expected 1 to %llu\n", argv[at],
               static_cast<unsigned long long>(kCountMax));
  return std::nullopt;
}

int RunCounting(int argc, char** argv, const char* name, CountingWork work) {
  const auto count = CountOf(argc, argv, 1, 100);
  if (!count) return 2;
  return example::RunService(
      name, [&](example::Service& service) { return work(service, *count); });
}

void Print(absl::string_view line) {
  std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(stdout);
}

}  // namespace naming
