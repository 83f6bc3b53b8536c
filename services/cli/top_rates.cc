#include "services/cli/top_rates.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "services/cli/waits.h"
#include "services/common/text_table.h"
#include "services/tracer/port_times.h"

namespace keyport {
namespace {

using ipc::LaneCounters;
using Counter = uint64_t LaneCounters::*;

// Both ends of a lane, or of all lanes of a port.
struct Pair {
  LaneCounters senders = {};
  LaneCounters listeners = {};
};

template <typename Entry>
Pair PairOf(const Entry& entry) {
  return {entry.sender_counters, entry.receiver_counters};
}

// What was not there before has counted from nothing.
template <typename Entry>
std::unordered_map<uint64_t, Pair> PairsById(const std::vector<Entry>& list) {
  std::unordered_map<uint64_t, Pair> pairs;
  for (const Entry& entry : list) pairs[entry.id] = PairOf(entry);
  return pairs;
}

class Rates {
 public:
  Rates(const Pair& before, const Pair& now, int64_t elapsed_ns)
      : before_(before),
        now_(now),
        seconds_(static_cast<double>(std::max<int64_t>(elapsed_ns, 1)) / 1e9) {}

  double Senders(Counter counter) const {
    return Rate(before_.senders.*counter, now_.senders.*counter);
  }
  double Listeners(Counter counter) const {
    return Rate(before_.listeners.*counter, now_.listeners.*counter);
  }
  double Both(Counter counter) const {
    return Senders(counter) + Listeners(counter);
  }

 private:
  // A kernel process that was asked twice gives no smaller figure.
  double Rate(uint64_t before, uint64_t now) const {
    return now <= before ? 0 : static_cast<double>(now - before) / seconds_;
  }

  const Pair& before_;
  const Pair& now_;
  const double seconds_;
};

void Fill(const Pair& before, const Pair& now, int64_t elapsed_ns,
          TopRow* row) {
  const Rates rates(before, now, elapsed_ns);
  row->messages = rates.Senders(&LaneCounters::messages);
  row->replies = rates.Listeners(&LaneCounters::messages);
  row->bytes = rates.Both(&LaneCounters::message_bytes);
  row->full = rates.Both(&LaneCounters::full);
  row->wakes = rates.Both(&LaneCounters::wakes);
  row->sleeps = rates.Both(&LaneCounters::sleeps);
  row->lost = rates.Both(&LaneCounters::spins_lost);
  row->taken = rates.Listeners(&LaneCounters::taken);
  const double paid = rates.Both(&LaneCounters::spins_paid);
  if (paid + row->lost > 0) row->paid_percent = 100 * paid / (paid + row->lost);
  row->senders = now.senders;
  row->listeners = now.listeners;
  // Of requests: what waits for listeners.
  row->queued_bytes_most =
      std::max(now.listeners.queued_bytes_most, row->queued_bytes_most);
}

std::optional<uint64_t> P99Of(const ipc::TimeBuckets& times) {
  if (times.samples == 0) return std::nullopt;
  return HistogramOf(times).Percentile(99);
}

void FillTimes(const Snapshot& before, const Snapshot& now, TopRow* row) {
  const auto found = now.times.find(row->port_id);
  if (found == now.times.end()) return;
  const auto past = before.times.find(row->port_id);
  const ipc::LaneTimes times =
      TimesBetween(past != before.times.end() ? past->second : ipc::LaneTimes(),
                   found->second);
  row->queue_p99_ns = P99Of(times.queue);
  row->work_p99_ns = P99Of(times.work);
  row->total_p99_ns = P99Of(times.call);
  row->samples = times.queue.samples + times.work.samples + times.call.samples;
}

// `lane`: of it only; 0: of all the port's.
void FillWaits(const Snapshot& now, const std::vector<WaitEdge>& edges,
               uint64_t lane, TopRow* row) {
  uint64_t longest = 0;
  for (const WaitEdge& edge : edges) {
    if (edge.port != row->port_id || (lane != 0 && edge.lane != lane)) continue;
    const uint64_t waited =
        edge.since_ns != 0 ? WaitedNs(now, edge.since_ns) : 0;
    if (++row->waiting == 1 || waited > row->waits_ns) {
      longest = edge.waiter;
      row->waits_ns = waited;
    }
  }
  if (row->waiting > 0) row->waiter = now.ProcessName(longest);
}

std::string ListenerName(const Snapshot& snapshot, const ipc::PortEntry& port) {
  std::string name = snapshot.ProcessName(port.listener_process);
  if (port.listeners > 1) name += " +" + std::to_string(port.listeners - 1);
  return name;
}

void SetPort(const Snapshot& snapshot, const ipc::PortEntry& port,
             TopRow* row) {
  row->port_id = port.id;
  row->name = NameText(port.name);
  row->port = snapshot.PortName(port.id);
}

uint64_t NumberIn(std::string_view word) {
  if (word.substr(0, 1) == ":") word.remove_prefix(1);
  uint64_t number = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? number : 0;
}

}  // namespace

bool IsPortNamed(const ipc::PortEntry& port, const std::string& word) {
  return word.empty() || NameText(port.name) == word ||
         port.id == NumberIn(word);
}

std::vector<TopRow> PortRows(const Snapshot& before, const Snapshot& now,
                             const std::string& word) {
  const auto past = PairsById(before.ports);
  const std::vector<WaitEdge> edges = WaitEdges(now);
  std::vector<TopRow> rows;
  for (const ipc::PortEntry& port : now.ports) {
    if (!IsPortNamed(port, word)) continue;
    TopRow row;
    row.id = port.id;
    SetPort(now, port, &row);
    row.listener = ListenerName(now, port);
    row.lanes = port.lanes;
    row.queued_bytes = port.queued_bytes;
    row.ring_bytes = port.ring_bytes;
    const auto found = past.find(port.id);
    Fill(found != past.end() ? found->second : Pair(), PairOf(port),
         now.taken_ns - before.taken_ns, &row);
    FillTimes(before, now, &row);
    FillWaits(now, edges, 0, &row);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<TopRow> LaneRows(const Snapshot& before, const Snapshot& now,
                             const std::string& word) {
  const auto past = PairsById(before.lanes);
  const std::vector<WaitEdge> edges = WaitEdges(now);
  std::unordered_map<uint64_t, const ipc::PortEntry*> ports;
  for (const ipc::PortEntry& port : now.ports)
    if (IsPortNamed(port, word)) ports[port.id] = &port;
  std::vector<TopRow> rows;
  for (const ipc::LaneEntry& lane : now.lanes) {
    const auto port = ports.find(lane.port);
    if (port == ports.end()) continue;
    TopRow row;
    row.id = lane.id;
    SetPort(now, *port->second, &row);
    row.sender = now.ProcessName(lane.sender_process);
    row.listener = now.ProcessName(lane.receiver_process);
    row.lanes = 1;
    row.queued_bytes = lane.queued_bytes;
    row.queued_bytes_most = lane.queued_bytes;
    row.ring_bytes = port->second->ring_bytes;
    const auto found = past.find(lane.id);
    Fill(found != past.end() ? found->second : Pair(), PairOf(lane),
         now.taken_ns - before.taken_ns, &row);
    FillWaits(now, edges, lane.id, &row);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace keyport
