// The part of LaneEnd that tells the flight recorder what passes.
#include <algorithm>
#include <cstring>

#include "lane_end.h"

namespace ipc {
namespace {

// What lies in its block, not the words that say where.
uint64_t BytesOfLoan(Bytes payload) {
  abi::LoanRef loan;
  if (payload.size() < sizeof(loan)) return 0;
  std::memcpy(&loan, payload.last(sizeof(loan)).data(), sizeof(loan));
  return loan.bytes;
}

uint64_t BytesOf(const Outgoing& record) {
  if ((record.flags & abi::kRecordLoan) == 0) return record.payload.size();
  if (record.lent.empty()) return BytesOfLoan(record.payload);
  uint64_t sum = 0;
  for (const LentBlock& lent : record.lent) sum += lent.ref.bytes;
  return sum;
}

uint64_t BytesOf(const Message::State& state) {
  if (!state.has_loan()) return state.payload.size();
  // On the fast path the payload says it still.
  if (!state.has_parts() && !state.payload.empty())
    return BytesOfLoan(state.payload);
  const bool is_malformed = state.loan.attachment == ~uint32_t{0};
  if (!state.has_parts()) return is_malformed ? 0 : state.loan.bytes;
  uint64_t sum = 0;
  for (const Message::State::Part& part : state.parts()) sum += part.loan.bytes;
  return sum;
}

uint32_t Capped(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, ~uint32_t{0}));
}

}  // namespace

abi::TraceRecord LaneEnd::FlightRecord(abi::TraceKind kind) const {
  return {
      .port = port_id_, .lane = lane_id_, .kind = static_cast<uint16_t>(kind)};
}

// Messages of this direction that were counted before this one.
void LaneEnd::NotePassed(abi::TraceKind next, uint64_t counted,
                         uint64_t* noted) {
  const uint64_t passed = counted - *noted - 1;
  *noted = counted;
  if (passed == 0) return;
  abi::TraceRecord record = FlightRecord(abi::TraceKind::passed);
  record.label = static_cast<uint32_t>(next);
  record.payload_bytes = Capped(passed);
  WriteFlight(*session_, record);
}

void LaneEnd::NoteSent(const Outgoing& record) {
  --t_flight_due;
  const bool is_reply = (record.flags & abi::kRecordReply) != 0;
  abi::TraceRecord note =
      FlightRecord(is_reply ? abi::TraceKind::reply : abi::TraceKind::send);
  NotePassed(static_cast<abi::TraceKind>(note.kind), own_->counters().messages,
             &noted_sent_);
  note.flow = record.flow;
  note.label = record.label;
  note.correlation = record.correlation;
  note.payload_bytes = Capped(BytesOf(record));
  note.handle_count = static_cast<uint8_t>(record.handle_count);
  WriteFlight(*session_, note);
}

void LaneEnd::NoteTaken(Message::State& state) {
  --t_flight_due;
  state.noted = state.is_call();
  const bool is_reply = (state.flags & abi::kRecordReply) != 0;
  abi::TraceRecord note = FlightRecord(is_reply ? abi::TraceKind::outcome
                                                : abi::TraceKind::receive);
  NotePassed(static_cast<abi::TraceKind>(note.kind), own_->counters().taken,
             &noted_taken_);
  note.flow = state.flow;
  note.label = state.label;
  note.correlation = state.correlation;
  note.payload_bytes = Capped(BytesOf(state));
  note.handle_count = static_cast<uint8_t>(state.handle_count);
  WriteFlight(*session_, note);
}

void LaneEnd::NoteLoan(abi::TraceKind kind, const Lent& lent) {
  abi::TraceRecord note = FlightRecord(kind);
  note.flow = lent.flow;
  note.payload_bytes = Capped(lent.bytes);
  WriteFlight(*session_, note);
}

void LaneEnd::NoteFailure(abi::TraceKind kind, const Outgoing& record,
                          Error error) const {
  abi::TraceRecord note = FlightRecord(kind);
  note.flow = record.flow;
  note.label = record.label;
  note.correlation = record.correlation;
  note.error = static_cast<uint8_t>(error);
  WriteFlight(*session_, note);
}

void LaneEnd::NoteHandles(abi::TraceKind kind, size_t count,
                          Error error) const {
  abi::TraceRecord note = FlightRecord(kind);
  note.handle_count = static_cast<uint8_t>(count);
  note.error = static_cast<uint8_t>(error);
  WriteFlight(*session_, note);
}

void LaneEnd::NoteCut() {
  abi::TraceRecord note = FlightRecord(abi::TraceKind::cut);
  note.error = static_cast<uint8_t>(cut_);
  WriteFlight(*session_, note);
}

}  // namespace ipc
