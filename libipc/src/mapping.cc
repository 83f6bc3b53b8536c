#include "ipc/mapping.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "region_watch.h"

namespace ipc {

const char* GuaranteeName(Guarantee guarantee) {
  switch (guarantee) {
    case Guarantee::kNone:
      return "advisory";
    case Guarantee::kSingleWriter:
      return "single-writer";
    case Guarantee::kImmutable:
      return "immutable";
  }
  return "unknown";
}

const char* NotEnforced(Guarantee guarantee) {
  switch (guarantee) {
    case Guarantee::kNone:
      return "a process of the same user that maps it for reading can reopen "
             "its memory for writing";
    case Guarantee::kSingleWriter:
      return "sessions that were given memory before it was sealed may write";
    case Guarantee::kImmutable:
      return "";
  }
  return "unknown";
}

absl::StatusOr<abi::RegionFacts> FactsOf(const Answer& answer) {
  abi::RegionFacts facts;
  if (answer.Read(&facts)) return facts;
  return MakeStatus(Error::peer_closed,
                    "the kernel process told nothing about the region");
}

absl::StatusOr<abi::RegionFacts> RegionWatch::Ask() const {
  const Answer answer = session_->Call(abi::Syscall::region_state,
                                       abi::kNoHandle, {.args = {region_}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::region_state, abi::kNoHandle, answer);
  return FactsOf(answer);
}

absl::Status RegionWatch::CheckWhole() const {
  // After the bytes were read.
  std::atomic_thread_fence(std::memory_order_acquire);
  const uint32_t now = session_->regions_destroyed();
  if (now == seen_.load(std::memory_order_relaxed)) return absl::OkStatus();
  const absl::StatusOr<abi::RegionFacts> facts = Ask();
  if (!facts.ok()) return facts.status();
  if (facts->state != abi::RegionState::whole)
    return MakeStatus(Error::bad_state,
                      absl::StrCat("the contents of region ", region_,
                                   " were destroyed; what is mapped here is "
                                   "of no use any more"));
  seen_.store(now, std::memory_order_relaxed);
  return absl::OkStatus();
}

Mapping::Mapping() = default;
Mapping::Mapping(Mapping&&) noexcept = default;
// What was mapped here is unmapped first, then its regions are told of.
Mapping& Mapping::operator=(Mapping&& other) noexcept {
  mapping_ = base::Mapping(std::move(other.mapping_));
  visible_ = other.visible_;
  offset_ = other.offset_;
  guarantee_ = other.guarantee_;
  regions_ = std::move(other.regions_);
  return *this;
}
Mapping::~Mapping() { mapping_ = {}; }

Mapping::Mapping(base::Mapping mapping, uint64_t visible, Guarantee guarantee,
                 std::vector<std::unique_ptr<RegionWatch>> regions)
    : mapping_(std::move(mapping)),
      visible_(visible),
      guarantee_(guarantee),
      regions_(std::move(regions)) {}

absl::Status Mapping::Read(uint64_t offset, std::span<std::byte> to) const {
  if (!valid()) return MakeStatus(Error::bad_state, "nothing is mapped here");
  if (offset > visible_ || to.size() > visible_ - offset)
    return MakeStatus(
        Error::out_of_range,
        absl::StrCat(to.size(), " bytes at ", offset, " lie beyond the end of ",
                     visible_, "; if the region has grown, Refresh first"));
  if (!to.empty()) std::memcpy(to.data(), bytes().data() + offset, to.size());
  for (const auto& region : regions_)
    if (absl::Status status = region->CheckWhole(); !status.ok()) return status;
  return absl::OkStatus();
}

absl::Status Mapping::Refresh() {
  if (regions_.size() != 1)
    return MakeStatus(Error::bad_state, "this is no mapping of one region");
  const absl::StatusOr<abi::RegionFacts> facts = regions_[0]->Ask();
  if (!facts.ok()) return facts.status();
  if (absl::Status status = regions_[0]->CheckWhole(); !status.ok())
    return status;
  const uint64_t reaches = mapping_.bytes() + offset_;
  visible_ = std::max(visible_, std::min(facts->bytes, reaches) - offset_);
  return absl::OkStatus();
}

}  // namespace ipc
