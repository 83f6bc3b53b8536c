// The client's files: what goes in, and what must come out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/image_pipeline/filters.h"

namespace image_pipeline {

using PngBytes = std::vector<std::byte>;

struct Source {
  std::string name;
  PngBytes png;
};

// Errors: a sentence naming the file.
absl::StatusOr<Source> ReadSource(const std::string& path);
// The generated image, as a PNG.
absl::StatusOr<Source> GeneratedSource();

// The same filters in this process.
absl::StatusOr<PngBytes> FilterHere(std::span<const std::byte> png,
                                    std::span<const Filter> filters);

// Writes it to FOLDER/NAME (its last part), replacing a file that is there.
// Returns the path. Errors: it is `name` itself; those of the file system.
absl::StatusOr<std::string> WriteResult(const std::string& folder,
                                        const std::string& name,
                                        std::span<const std::byte> png);

}  // namespace image_pipeline
