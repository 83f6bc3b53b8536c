#include "ipc/flight.h"
#include "libipc/base/trace_ring.h"
#include "session_core.h"

namespace ipc {
namespace {

FlightSource SourceOf(const abi::FlightEntry& entry) {
  return {
      .process_id = entry.process,
      .pid = entry.pid,
      .name = std::string(entry.name, strnlen(entry.name, sizeof(entry.name))),
      .ended_ns = entry.ended_ns,
      .exit = entry.exit,
      .thread_id = entry.thread_id};
}

// Its writer may be at it, and may have written anything.
bool Read(const Answer& answer, FlightLog* log) {
  if (answer.descriptors.size() != 1) return false;
  auto half = base::Half::Map(answer.descriptors[0].get(),
                              abi::kFlightRingBytes, 0, base::Access::kRead);
  if (!half.ok()) return false;
  base::TraceRingReader reader(*std::move(half),
                               base::TraceRingReader::From::kFirst);
  reader.Drain(
      [log](const TraceRecord& record) { log->records.push_back(record); });
  log->overwritten = reader.lost();
  return true;
}

}  // namespace

absl::Status ReadFlights(const Capability& kernel,
                         const std::function<bool(const FlightSource&)>& wanted,
                         const std::function<void(FlightLog)>& sink) {
  if (!kernel.valid())
    return MakeStatus(Error::bad_handle, "this Capability is empty");
  for (uint64_t after = 0; true;) {
    const Answer answer = kernel.session()->Call(
        abi::Syscall::flight_next, kernel.handle(), {.args = {after}});
    if (answer.error() == Error::not_found) return absl::OkStatus();
    if (answer.error() != Error::ok)
      return StatusOfAnswer(abi::Syscall::flight_next, kernel.handle(), answer);
    abi::FlightEntry entry = {};
    if (!answer.Read(&entry) || answer.value(0) <= after)
      return MakeStatus(Error::peer_closed,
                        "the kernel process answered out of order");
    after = answer.value(0);
    FlightLog log = {.source = SourceOf(entry)};
    if (wanted(log.source) && Read(answer, &log)) sink(std::move(log));
  }
}

}  // namespace ipc
