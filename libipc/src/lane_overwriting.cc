// The part of LaneEnd for overwriting ports: a send never waits, and gives up
// the oldest messages that nobody has taken where there is no room.
//
//   sender                              listener
//   MakeRoom: `oldest` goes on          copies the record at hand
//   overwrites what is below it         looks at `oldest`: is it above? then
//   publishes, with a number            throws the copy away, goes on there
//
// Messages are numbered, so the listener knows how many it lost.
#include "lane_end.h"

namespace ipc {
namespace {

using State = base::RingReader::State;

// A step of the sender's leaves time for a record: so often in a row it is
// overrun by one that lies, or while it does not run itself.
constexpr int kOverrunsInTurn = 64;

}  // namespace

Error LaneEnd::SendOverwriting(Outgoing& record) {
  if (record.payload.size() > inline_max_) return Error::out_of_range;
  if (session_->HasNews()) session_->Pump();
  if (session_->over() != Error::ok) return session_->over();
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  if (cut_ != Error::ok) return cut_;
  record.flags |= abi::kRecordNumber;
  record.number = next_number_++;
  ChooseSample(record);
  if (record.sampled_ns != 0) AddSample(record, nullptr);
  const uint64_t bytes = RecordPayloadBytes(record);
  out_.MakeRoom(bytes);
  WriteRecord(record, bytes);
  CountSent(record.payload.size());
  if (IsFlightDue()) NoteSent(record);
  WakePeerForRecords();
  return Error::ok;
}

// What was read of a record that is overrun may be anything, its sizes too.
State LaneEnd::PeekCopy(abi::RecordHeader* header) {
  for (int tries = 0; tries < kOverrunsInTurn; ++tries) {
    if (in_.position() >= in_end_) break;
    const State state = in_.Peek(header);
    if (state == State::kRecord)
      base::CopyOutOver(copied_.get(), in_.Payload(), header->payload_bytes);
    if (!in_.IsOverrun()) return state;
    if (!in_.SkipToOldest(own_.get())) return State::kMalformed;
  }
  return State::kEmpty;
}

// Nothing else goes over such a lane.
bool LaneEnd::IsNumbered(const Parsed& parsed) {
  constexpr uint16_t kMay = abi::kRecordSent | abi::kRecordSampled;
  return (parsed.header.flags & ~kMay) == abi::kRecordNumber &&
         parsed.header.handle_count == 0;
}

// A sender that turns its numbers back lies to itself.
void LaneEnd::CountLost(const Parsed& parsed, Message::State& state) {
  const uint64_t number = parsed.number;
  const uint64_t lost = number > next_number_ ? number - next_number_ : 0;
  next_number_ = number + 1;
  own_->next_number().store(next_number_, std::memory_order_relaxed);
  if (lost == 0) return;
  state.MakeRare().lost = lost;
  base::Count(own_->counters().lost, lost);
}

}  // namespace ipc
