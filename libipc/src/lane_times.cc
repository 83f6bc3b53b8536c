// The part of LaneEnd that measures times of some requests and calls.
//
// Each side keeps what it alone knows: the listener how long a request waited
// and was worked on, the caller how long it took. Which requests carry the time
// when they were sent is the sender's choice, which calls are timed at work is
// the listener's.
#include <algorithm>
#include <cstring>

#include "lane_end.h"
#include "libipc/base/times.h"

namespace ipc {
namespace {

uint64_t NsSince(int64_t since_ns) {
  return static_cast<uint64_t>(std::max<int64_t>(base::NowNs() - since_ns, 0));
}

}  // namespace

void LaneEnd::ChooseSample(Outgoing& record) const {
  if (role_ == Role::kSender && record.sampled_ns == 0 && IsSampleDue())
    record.sampled_ns = base::NowNs();
}

// How many messages of a size a ring holds is not to depend on which of them
// are measured, nor is that a reason to wait. But where none has room for it on
// its lines, some must be seen.
void LaneEnd::AddSample(Outgoing& record, CallSlot* slot) {
  const uint64_t count = own_->counters().messages;
  const uint64_t bytes = RecordPayloadBytes(record);
  const uint64_t more = bytes + sizeof(record.sample);
  if (abi::RecordBytes(more) != abi::RecordBytes(bytes) &&
      (sampler_.Postpone(count) || !(overwriting_ || HasRoomFor(more))))
    return;
  const int64_t since_ns =
      record.sampled_ns != 0 ? record.sampled_ns : base::NowNs();
  const uint32_t weight = sampler_.Take(count);
  if (slot != nullptr) {
    slot->weight = weight;
    slot->sampled_ns = since_ns;
  }
  record.sample = base::SampleWord(since_ns, weight);
  record.flags |= abi::kRecordSampled;
}

int64_t LaneEnd::NoteTakenSample(const void* word) {
  uint64_t sample;
  std::memcpy(&sample, word, sizeof(sample));
  const int64_t now_ns = base::NowNs();
  base::AddTime(base::SampleAge(sample, now_ns), base::SampleWeight(sample),
                &own_->times().queue);
  return now_ns;
}

void LaneEnd::NoteWorkBegins(int64_t now_ns) {
  OpenCall& open = open_calls_.back();
  open.weight = sampler_.Take(calls_taken_ - 1);
  open.taken_ns = now_ns != 0 ? now_ns : base::NowNs();
}

void LaneEnd::NoteAnswered(const OpenCall& open) {
  base::AddTime(NsSince(open.taken_ns), open.weight, &own_->times().work);
}

void LaneEnd::NoteAnswered(uint32_t correlation) {
  for (const OpenCall& open : open_calls_)
    if (open.correlation == correlation && open.weight != 0) NoteAnswered(open);
}

void LaneEnd::NoteOutcome(const CallSlot& slot) {
  base::AddTime(NsSince(slot.sampled_ns), slot.weight, &own_->times().call);
}

}  // namespace ipc
