#include "lent_memory.h"

#include "region_watch.h"

namespace ipc {
namespace {

struct LentMemory {
  LentMemory(const std::shared_ptr<SessionCore>& session, uint64_t region)
      : watch(session, region, session->regions_destroyed()) {}
  RegionWatch watch;
  base::Mapping mapping;
};

}  // namespace

base::Result<std::shared_ptr<base::Mapping>> MapLent(
    const std::shared_ptr<SessionCore>& session, const Answer& answer) {
  auto memory = std::make_shared<LentMemory>(session, answer.value(1));
  if (answer.descriptors.size() != 1) return Error::quota_exceeded;
  if (!base::IsMemoryOf(answer.descriptors[0].get(), answer.value(0)))
    return Error::invalid_args;
  KP_ASSIGN(memory->mapping,
            base::Mapping::Map(answer.descriptors[0].get(), 0, answer.value(0),
                               base::Access::kRead));
  return std::shared_ptr<base::Mapping>(memory, &memory->mapping);
}

}  // namespace ipc
