// Memory that really ends: the kernel in a process that Linux gives no more.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "tests/faults/scene.h"

namespace faults {
namespace {

using ipc::abi::Error;

// Sanitizers need more addresses than can be forbidden.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCanLimit = false;
#else
constexpr bool kCanLimit = true;
#endif

constexpr size_t kMoreBytes = 16u << 20;
constexpr size_t kPortsMax = 1'000'000;

size_t AddressBytes() {
  size_t pages = 0;
  if (FILE* file = fopen("/proc/self/statm", "r")) {
    if (fscanf(file, "%zu", &pages) != 1) pages = 0;
    fclose(file);
  }
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void LimitAddressesTo(size_t bytes) {
  const rlimit limit = {bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

[[noreturn]] void Fail(const char* why, size_t number) {
  fprintf(stderr, "%s (%zu)\n", why, number);
  _exit(1);
}

// Makes ports until the kernel has no memory for more.
Done Fill(Scene& scene, std::vector<Handle>* ports) {
  ports->clear();
  while (ports->size() < kPortsMax) {
    Done made = scene.caller().Call(Syscall::port_create, scene.account());
    if (made.error() != Error::ok) return made;
    ports->push_back(made.handle());
  }
  Fail("memory does not end", ports->size());
}

[[noreturn]] void UseUpAndGiveBack() {
  const kernel::Reserve reserve;
  Scene scene;
  std::vector<Handle> ports;
  ports.reserve(kPortsMax);
  LimitAddressesTo(AddressBytes() + kMoreBytes);
  const Done refused = Fill(scene, &ports);
  if (refused.error() != Error::quota_exceeded || refused.value(2) != 0)
    Fail("wrong refusal", static_cast<size_t>(refused.error()));
  // Everybody is told so, and may still close what is theirs.
  if (scene.other().Call(Syscall::session_info, 0).error() !=
      Error::quota_exceeded)
    Fail("another is served though memory is short", 0);
  for (const Handle port : ports)
    if (scene.caller().Call(Syscall::handle_close, port).error() != Error::ok)
      Fail("a port cannot be closed", port);
  if (scene.other().Call(Syscall::session_info, 0).error() != Error::ok)
    Fail("memory does not come back", ports.size());
  const size_t before = ports.size();
  (void)Fill(scene, &ports);
  if (ports.size() < before / 2) Fail("less than before", ports.size());
  fprintf(stderr, "%zu ports, then %zu\n", before, ports.size());
  _exit(0);
}

TEST(ExhaustionDeathTest, EndsNothingAndIsOverWhenMemoryIsFree) {
  if (!kCanLimit) GTEST_SKIP() << "a sanitizer needs the addresses";
  EXPECT_EXIT(UseUpAndGiveBack(), ::testing::ExitedWithCode(0), "ports, then");
}

}  // namespace
}  // namespace faults
