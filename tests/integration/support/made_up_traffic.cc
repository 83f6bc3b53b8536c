#include "tests/integration/support/made_up_traffic.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace integration {
namespace {

constexpr uint64_t kBeginNs = 1'000'000;
constexpr int64_t kBeginUnixNs = 1'700'000'000'000'000'000;

template <size_t kSize>
void CopyName(const std::string& name, char (&to)[kSize]) {
  std::strncpy(to, name.c_str(), kSize - 1);
}

}  // namespace

MadeUpTraffic::MadeUpTraffic(std::vector<std::string> services,
                             std::vector<std::string> ports,
                             std::string command)
    : services_(std::move(services)),
      ports_(std::move(ports)),
      recorder_(
          {}, {kBeginNs, kBeginUnixNs},
          [this](keyport::TraceDirectory* directory) { Learn(directory); }) {
  text_ = recorder_.Begin("made up", command);
}

void MadeUpTraffic::Learn(keyport::TraceDirectory* directory) const {
  std::vector<ipc::ProcessEntry> processes(services_.size());
  for (size_t i = 0; i < services_.size(); ++i) {
    processes[i].id = i + 1;
    processes[i].pid = static_cast<int>(100 + i);
    CopyName(services_[i], processes[i].name);
  }
  directory->Learn(processes);
  std::vector<ipc::PortEntry> ports(ports_.size());
  std::vector<ipc::LaneEntry> lanes;
  for (size_t port = 0; port < ports_.size(); ++port) {
    ports[port].id = port + 1;
    CopyName(ports_[port], ports[port].name);
    for (size_t from = 0; from < services_.size(); ++from)
      for (size_t to = 0; to < services_.size(); ++to) {
        ipc::LaneEntry lane = {};
        lane.id = LaneOf({.from = from, .to = to, .port = port});
        lane.port = port + 1;
        lane.sender_process = from + 1;
        lane.receiver_process = to + 1;
        lanes.push_back(lane);
      }
  }
  directory->Learn(ports);
  directory->Learn(lanes);
}

ipc::TraceSource MadeUpTraffic::SourceOf(size_t service) const {
  return {service + 1, static_cast<int>(100 + service), services_[service]};
}

uint64_t MadeUpTraffic::LaneOf(const Call& call) const {
  return 1 + (call.port * services_.size() + call.from) * services_.size() +
         call.to;
}

void MadeUpTraffic::Add(const Call& call) {
  calls_.push_back(call);
  ipc::TraceRecord record = {};
  record.flow = call.flow;
  record.port = call.port + 1;
  record.lane = LaneOf(call);
  record.label = call.label;
  record.payload_bytes = 40;
  record.correlation = static_cast<uint32_t>(calls_.size());
  const auto add = [&](size_t service, ipc::TraceKind kind, uint64_t at_ns,
                       uint64_t interval_ns) {
    record.kind = static_cast<uint16_t>(kind);
    record.time_ns = kBeginNs + call.sent_ns + at_ns;
    record.interval_ns = interval_ns;
    recorder_.Add(SourceOf(service), record);
  };
  add(call.from, ipc::TraceKind::send, 0, 0);
  add(call.to, ipc::TraceKind::receive, call.queue_ns, call.queue_ns);
  add(call.to, ipc::TraceKind::reply, call.queue_ns + call.work_ns,
      call.work_ns);
  record.error = static_cast<uint8_t>(call.error);
  add(call.from, ipc::TraceKind::outcome, call.total_ns, call.total_ns);
}

void MadeUpTraffic::Lose(const keyport::LostRecords& lost) {
  text_ += recorder_.EndPass(kBeginNs, {lost.count, kBeginNs + lost.from_ns,
                                        kBeginNs + lost.until_ns});
}

void MadeUpTraffic::Write(const std::string& path) {
  uint64_t last_ns = 0;
  for (const Call& call : calls_)
    last_ns = std::max(last_ns, call.sent_ns + call.total_ns);
  text_ += recorder_.End({kBeginNs + last_ns}, {});
  std::ofstream(path, std::ios::binary) << text_;
}

}  // namespace integration
