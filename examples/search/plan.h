// Cutting a walk into batches. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "examples/search/walk.h"

namespace search {

// Files [first, last) of the walk, and the bytes their block takes.
struct PlannedBatch {
  uint32_t first = 0;
  uint32_t last = 0;
  uint64_t bytes = 0;
};

// In the walk's order; a file larger than `batch_bytes` gets a batch of its
// own.
std::vector<PlannedBatch> PlanBatches(const std::vector<FoundFile>& files,
                                      uint64_t batch_bytes);

}  // namespace search
