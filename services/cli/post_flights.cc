#include "services/cli/post_flights.h"

#include <algorithm>
#include <utility>

#include "ipc/status.h"
#include "services/common/nearest.h"
#include "services/common/text_table.h"
#include "services/tracer/trace_filter.h"

namespace keyport {
namespace {

using Kind = ipc::TraceKind;
using Call = std::pair<uint64_t, uint32_t>;  // lane, correlation

constexpr size_t kNamesShown = 20;

// "store.1" is an instance of "store".
std::vector<std::string> WithServices(std::vector<std::string> names) {
  for (size_t i = names.size(); i-- > 0;)
    if (const size_t dot = names[i].rfind('.'); dot != std::string::npos)
      names.push_back(names[i].substr(0, dot));
  return names;
}

}  // namespace

// ---- FlightProcesses

void FlightProcesses::Add(const ipc::FlightSource& source) {
  Process& process = processes_[source.process_id];
  if (process.threads++ == 0) process.source = source;
}

absl::StatusOr<FlightProcesses::Process> FlightProcesses::Choose(
    std::string_view name, std::optional<int> pid) const {
  const Process* best = nullptr;
  for (const auto& [id, process] : processes_) {
    const bool fits =
        pid ? process.source.pid == *pid : IsService(process.source.name, name);
    if (!fits) continue;
    // Ids grow: of two that live the later one is the younger one.
    if (best == nullptr || pid ||
        process.source.ended_ns >= best->source.ended_ns)
      best = &process;
  }
  if (best == nullptr) return NoSuch(name, pid);
  return *best;
}

absl::Status FlightProcesses::NoSuch(std::string_view name,
                                     std::optional<int> pid) const {
  std::vector<std::string> names;
  for (const auto& [id, process] : processes_) {
    std::string known = Printable(process.source.name);
    if (std::find(names.begin(), names.end(), known) == names.end())
      names.push_back(std::move(known));
  }
  std::string text =
      pid ? "no flight of process " + std::to_string(*pid) + " is there"
          : "no flight of \"" + Printable(name) + "\" is there" +
                DidYouMean(name, WithServices(names));
  if (names.size() > kNamesShown) names.resize(kNamesShown);
  text += names.empty()
              ? "; there are none yet: a process has one once a thread of it "
                "has slept"
              : "; there are those of " + JoinWords(names) +
                    " (keyport post --list)";
  return ipc::MakeStatus(ipc::Error::not_found, text);
}

// ---- FlightStory

FlightStory::FlightStory(std::vector<ipc::FlightLog> logs) {
  for (const ipc::FlightLog& log : logs) {
    Thread thread = {.thread_id = log.source.thread_id,
                     .records = log.records.size(),
                     .overwritten = log.overwritten};
    if (!log.records.empty()) thread.last = log.records.back();
    threads_.push_back(thread);
    for (const ipc::TraceRecord& record : log.records)
      steps_.push_back({log.source.thread_id, record});
  }
  std::stable_sort(steps_.begin(), steps_.end(),
                   [](const FlightStep& a, const FlightStep& b) {
                     return a.record.time_ns < b.record.time_ns;
                   });
  FillIn();
}

void FlightStory::FillIn() {
  std::map<uint64_t, uint64_t> ports;  // of lanes
  std::map<Call, uint64_t> made;
  std::map<Call, ipc::TraceRecord> taken;
  for (const FlightStep& step : steps_)
    if (step.record.lane != 0 && step.record.port != 0)
      ports[step.record.lane] = step.record.port;
  const auto with_port = [&ports](ipc::TraceRecord* record) {
    const auto known = ports.find(record->lane);
    if (record->port == 0 && known != ports.end()) record->port = known->second;
  };
  for (FlightStep& step : steps_) {
    ipc::TraceRecord& record = step.record;
    with_port(&record);
    // Answers that were not recorded may be to any of them.
    if (KindOf(record) == Kind::passed &&
        record.label == static_cast<uint32_t>(Kind::reply))
      std::erase_if(taken, [&](const auto& call) {
        return call.second.lane == record.lane;
      });
    if (record.correlation == 0) continue;
    const Call call = {record.lane, record.correlation};
    const Kind kind = KindOf(record);
    if (kind == Kind::send) made[call] = record.time_ns;
    if (kind == Kind::receive) taken[call] = record;
    if (kind == Kind::outcome)
      if (const auto sent = made.find(call); sent != made.end())
        record.interval_ns = record.time_ns - sent->second;
    if (kind == Kind::reply)
      if (const auto from = taken.find(call); from != taken.end()) {
        record.interval_ns = record.time_ns - from->second.time_ns;
        taken.erase(from);
      }
  }
  for (Thread& thread : threads_) with_port(&thread.last);
  for (const auto& [call, record] : taken) open_.push_back({record});
}

}  // namespace keyport
