// The client's command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/image_pipeline/filters.h"

namespace image_pipeline {

struct Options {
  std::vector<Filter> filters;     // what the graph applies
  std::string out;                 // folder to write to; empty: write nothing
  uint32_t rounds = 8;             // how often each file is sent
  uint32_t in_flight = 4;          // images asked for at once
  std::vector<std::string> files;  // none: a generated image
};

// Errors: a sentence that says what was expected.
absl::StatusOr<Options> ReadOptions(int count, char** words);

}  // namespace image_pipeline
