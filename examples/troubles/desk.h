// What the three troubles have in common: what is asked for, and how often.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "examples/common/service.h"

namespace troubles {

enum Label : uint32_t {
  kFind = 1,    // one entry
  kReport = 2,  // all of them
};

// A number on the command line; `usual` where there is none.
inline uint64_t CountOf(int argc, char** argv, int at, uint64_t usual) {
  uint64_t count = usual;
  if (argc > at && !absl::SimpleAtoi(argv[at], &count)) std::exit(2);
  return count;
}

}  // namespace troubles
