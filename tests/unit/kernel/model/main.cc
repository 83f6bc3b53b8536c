// The kernel's core against a model of it: random requests by several
// clients that come, crash and go; after each turn the two must agree.
//
//   unit_kernel_model [--seed=N] [--steps=N] [--profile=NAME] [--stats]
//
// Each run is made of episodes: a new kernel, another profile, its own seed.
// A failure tells what to ask for to have it again.
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/unit/kernel/model/world.h"

namespace model {
namespace {

constexpr uint64_t kStepsPerEpisode = 20'000;

// clang-format off
constexpr Profile kProfiles[] = {
    {.name = "mixed", .caps = 600, .batch = 6, .end_every = 800,
     .rest_every = 20, .handles = 300, .players = 6, .wears = false,
     .derive = 12, .lose = 10, .revoke = 3, .make = 4, .lanes = 5,
     .transfers = 10, .notes = 3, .replies = 6, .errors = 6,
     .ends = 20, .ends_within = 3'000},
    {.name = "trees", .caps = 4000, .batch = 16, .end_every = 6000,
     .rest_every = 200, .handles = 0, .players = 5, .wears = false,
     .derive = 40, .lose = 4, .revoke = 1, .make = 1, .lanes = 1,
     .transfers = 4, .notes = 3, .replies = 6, .errors = 2, .ends = 8, .ends_within = 20'000},
    {.name = "messages", .caps = 800, .batch = 8, .end_every = 2000,
     .rest_every = 40, .handles = 0, .players = 6, .wears = false,
     .derive = 12, .lose = 6, .revoke = 1, .make = 3, .lanes = 12,
     .transfers = 40, .notes = 3, .replies = 6, .errors = 3, .ends = 10, .ends_within = 3'000},
    {.name = "deaths", .caps = 600, .batch = 6, .end_every = 100,
     .rest_every = 30, .handles = 500, .players = 7, .wears = false,
     .derive = 12, .lose = 4, .revoke = 2, .make = 6, .lanes = 10,
     .transfers = 12, .notes = 3, .replies = 6, .errors = 2, .ends = 20, .ends_within = 3'000},
    {.name = "limits", .caps = 300, .batch = 4, .end_every = 800,
     .rest_every = 10, .handles = 40, .players = 6, .wears = false,
     .derive = 12, .lose = 10, .revoke = 1, .make = 10, .lanes = 5,
     .transfers = 10, .notes = 3, .replies = 6, .errors = 20, .ends = 30, .ends_within = 3'000},
    {.name = "wear", .caps = 100, .batch = 1, .end_every = 1'000'000,
     .rest_every = 500, .handles = 0, .players = 3, .wears = true,
     .derive = 2, .lose = 1, .revoke = 0, .make = 1, .lanes = 1,
     .transfers = 1, .notes = 3, .replies = 6, .errors = 2, .ends = 0, .ends_within = 3'000},
};
// clang-format on

// About 10 s. Sanitizers and builds for debugging take fewer.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
constexpr uint64_t kSteps = 2'000'000;
#else
constexpr uint64_t kSteps = 600'000;
#endif

struct Options {
  uint64_t seed = 2;  // in which everything is seen, in all builds
  uint64_t steps = kSteps;
  const char* profile = nullptr;
  bool stats = false;
};

const char* ValueOf(const char* argument, const char* name) {
  const size_t length = std::strlen(name);
  return std::strncmp(argument, name, length) == 0 ? argument + length
                                                   : nullptr;
}

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    if (const char* value = ValueOf(argv[i], "--seed="))
      options->seed = std::strtoull(value, nullptr, 10);
    else if (const char* steps = ValueOf(argv[i], "--steps="))
      options->steps = std::strtoull(steps, nullptr, 10);
    else if (const char* profile = ValueOf(argv[i], "--profile="))
      options->profile = profile;
    else if (std::strcmp(argv[i], "--stats") == 0)
      options->stats = true;
    else
      return false;
  }
  return true;
}

bool Play(const Profile& profile, uint64_t seed, uint64_t steps,
          Coverage* coverage) {
  Log log;
  try {
    World world(profile, seed, &log, coverage);
    while (log.steps() < steps) world.Step();
    world.End();
    return true;
  } catch (const Mismatch& mismatch) {
    std::printf("FAILED at step %" PRIu64 " of --seed=%" PRIu64
                " --profile=%s --steps=%" PRIu64 ":\n%s\n",
                log.steps(), seed, profile.name, kStepsPerEpisode,
                mismatch.what());
    log.Print();
    return false;
  }
}

int Run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  uint64_t done = 0;
  Coverage coverage;
  for (uint64_t episode = 0; done < options.steps; ++episode) {
    const Profile* profile = &kProfiles[episode % std::size(kProfiles)];
    for (const Profile& one : kProfiles)
      if (options.profile != nullptr &&
          std::strcmp(options.profile, one.name) == 0)
        profile = &one;
    const uint64_t steps = std::min(kStepsPerEpisode, options.steps - done);
    if (!Play(*profile, options.seed + episode, steps, &coverage)) return 1;
    done += steps;
  }
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  std::printf("%" PRIu64 " requests in %.1f s, %.0f a second, no difference\n",
              done, took.count(), static_cast<double>(done) / took.count());
  if (options.stats) coverage.Print();
  const bool whole = options.profile == nullptr && options.steps >= kSteps;
  return !whole || coverage.Complete() ? 0 : 1;
}

// With addresses that differ from run to run, hash tables in the kernel go in
// another order, and a seed would not always give the same run.
void FixAddresses(char** argv) {
  const int now = personality(0xffffffff);
  if (now == -1 || (now & ADDR_NO_RANDOMIZE) != 0) return;
  if (personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) == -1)
    return;
  execv("/proc/self/exe", argv);
}

void RaiseDescriptors() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace model

int main(int argc, char** argv) {
  model::Options options;
  if (!model::Parse(argc, argv, &options)) {
    std::printf("takes --seed=N --steps=N --profile=NAME\n");
    return 2;
  }
  model::FixAddresses(argv);
  model::RaiseDescriptors();
  return model::Run(options);
}
