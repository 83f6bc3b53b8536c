#include "kernel/object/attachments.h"

#include "kernel/object/kernel.h"

namespace kernel {

Answer Attachments::Add(Kernel& kernel, Capability& region_capability) {
  auto& region = As<Region>(*region_capability.object);
  if (region.guarantee == abi::kGuaranteeNone ||
      region.state != abi::RegionState::whole)
    return Error::bad_state;
  if (all_.size() >= abi::kAttachedRegionsMax || given_ == UINT32_MAX)
    return Answer::Failed(Error::quota_exceeded, all_.size(),
                          abi::kAttachedRegionsMax);
  const uint32_t number = given_++;
  all_[number] = {&region, region_capability.MakeWarrant()};
  kernel.Use(region);
  ++region.attachments;
  return Answer::Of(number);
}

Answer Attachments::Map(Kernel& kernel, Session& session, uint64_t number) {
  Attachment* const found = Find(number);
  if (found == nullptr) return Error::not_found;
  if (found->warrant->revoked) return Error::revoked;
  Region& region = *found->region;
  KP_ASSIGN(UniqueFd memory, region.Grant(abi::kMapRead));
  found->mapped = true;
  kernel.NoteGrant(session, region);
  return Answer::Of(region.bytes_most, region.id).With(std::move(memory));
}

void Attachments::Remove(Kernel& kernel, uint64_t number) {
  const Attachment* const found = Find(number);
  if (found == nullptr) return;
  Forget(kernel, *found);
  all_.erase(static_cast<uint32_t>(number));
}

void Attachments::Clear(Kernel& kernel) {
  for (const auto& [number, attachment] : all_) Forget(kernel, attachment);
  all_.clear();
}

Attachments::Attachment* Attachments::Find(uint64_t number) {
  if (number > UINT32_MAX) return nullptr;
  const auto found = all_.find(static_cast<uint32_t>(number));
  return found == all_.end() ? nullptr : &found->second;
}

void Attachments::Forget(Kernel& kernel, const Attachment& attachment) {
  Region& region = *attachment.region;
  --region.attachments;
  region.DropIfUnused();
  kernel.Unuse(region);
}

}  // namespace kernel
