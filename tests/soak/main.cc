#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/soak/options.h"
#ifdef SOAK_WORLD
#include "tests/testing/world.h"
#endif

namespace soak {

Options& CurrentOptions() {
  static Options options;
  return options;
}

namespace {

// Whether `argument` is --NAME=NUMBER.
bool Read(const char* argument, const char* name, uint64_t* value) {
  const size_t length = strlen(name);
  if (strncmp(argument, name, length) != 0) return false;
  *value = strtoull(argument + length, nullptr, 0);
  return true;
}

}  // namespace
}  // namespace soak

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  soak::Options& options = soak::CurrentOptions();
  uint64_t seconds = static_cast<uint64_t>(options.seconds);
  for (int i = 1; i < argc; ++i) {
    soak::Read(argv[i], "--seed=", &options.seed);
    soak::Read(argv[i], "--messages=", &options.messages);
    soak::Read(argv[i], "--deaths=", &options.deaths);
    soak::Read(argv[i], "--seconds=", &seconds);
  }
  options.seconds = static_cast<int>(seconds);
#ifdef SOAK_WORLD
  testing_kit::TakeFlavour(argc, argv);
#endif
  printf("--seed=%llu\n", static_cast<unsigned long long>(options.seed));
  return RUN_ALL_TESTS();
}
