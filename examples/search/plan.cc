// First fit in order.
#include "examples/search/plan.h"

#include "examples/search/batch.h"

namespace search {

std::vector<PlannedBatch> PlanBatches(const std::vector<FoundFile>& files,
                                      uint64_t batch_bytes) {
  std::vector<PlannedBatch> batches;
  for (uint32_t id = 0; id < files.size(); ++id) {
    const uint64_t bytes =
        BatchWriter::FileBytes(files[id].path.size(), files[id].bytes);
    if (batches.empty() || batches.back().bytes + bytes > batch_bytes)
      batches.push_back({id, id, BatchWriter::kHeaderBytes});
    batches.back().last = id + 1;
    batches.back().bytes += bytes;
  }
  return batches;
}

}  // namespace search
