// What a Perfetto trace says, read by field numbers. Header-only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/services/proto_fields.h"

namespace keyport {

struct PerfettoSlice {
  std::string process;
  std::string name;
  std::string category;
  uint64_t track = 0;
  uint64_t begin_ns = 0;
  uint64_t end_ns = 0;
  uint64_t correlation = 0;
  std::vector<uint64_t> flows;
  std::vector<uint64_t> ending_flows;
};

// Follows slices as Perfetto does: an end ends the innermost of its track.
class PerfettoEvents {
 public:
  explicit PerfettoEvents(const std::string& file) {
    const ProtoFields trace(file);
    Check(trace.ok(), "the file is no protobuf");
    for (const ProtoField& field : trace.all()) {
      Check(field.number == 1 && field.wire == 2, "not a packet");
      TakePacket(ProtoFields(field.bytes));
    }
    for (const auto& [track, open] : open_)
      Check(open.empty(), "a slice that does not end");
  }

  const std::vector<PerfettoSlice>& slices() const { return slices_; }
  const std::set<std::string>& complaints() const { return complaints_; }
  // By process: pid, and how many tracks of messages.
  const std::map<std::string, uint64_t>& pids() const { return pids_; }
  size_t tracks() const { return parents_.size(); }
  uint64_t lost() const { return lost_; }
  size_t dropped_packets() const { return dropped_packets_; }
  const std::map<uint64_t, uint64_t>& clocks() const { return clocks_; }
  uint64_t primary_clock() const { return primary_clock_; }

 private:
  void Check(bool right, const char* complaint) {
    if (!right) complaints_.insert(complaint);
  }

  void TakePacket(const ProtoFields& packet) {
    Check(packet.ok() && packet.Uint(10) != 0, "a packet without sequence");
    if (packet.Has(42)) ++dropped_packets_;
    if (packet.Has(6)) TakeClocks(packet.Message(6));
    if (packet.Has(60)) TakeTrack(packet.Message(60));
    if (!packet.Has(11)) return;
    Check(packet.Uint(58) == 3, "an event of another clock");
    Check(clocks_.contains(3), "an event before its clock is known");
    TakeEvent(packet.Message(11), packet.Uint(8));
  }

  void TakeClocks(const ProtoFields& snapshot) {
    for (const ProtoField& field : snapshot.Of(1)) {
      const ProtoFields clock(field.bytes);
      clocks_[clock.Uint(1)] = clock.Uint(2);
    }
    primary_clock_ = snapshot.Uint(2);
  }

  void TakeTrack(const ProtoFields& track) {
    const uint64_t uuid = track.Uint(1);
    Check(known_.insert(uuid).second, "a track twice");
    if (track.Has(3)) {
      const ProtoFields process = track.Message(3);
      processes_[uuid] = process.Bytes(6);
      pids_[process.Bytes(6)] = process.Uint(1);
    }
    if (track.Has(5)) parents_[uuid] = track.Uint(5);
  }

  void TakeEvent(const ProtoFields& event, uint64_t time_ns) {
    const uint64_t track = event.Uint(11);
    Check(known_.contains(track), "an event on no track");
    uint64_t& last = last_[track];
    Check(time_ns >= last, "a track goes back in time");
    last = time_ns;
    if (event.Uint(9) == 1) Begin(event, track, time_ns);
    if (event.Uint(9) == 2) End(track, time_ns);
    if (event.Uint(9) == 3)
      for (const ProtoField& field : event.Of(4)) {
        const ProtoFields annotation(field.bytes);
        if (annotation.Bytes(10) == "records") lost_ += annotation.Uint(3);
      }
  }

  void Begin(const ProtoFields& event, uint64_t track, uint64_t time_ns) {
    PerfettoSlice slice;
    slice.process = processes_[parents_[track]];
    slice.name = event.Bytes(23);
    slice.category = event.Bytes(22);
    slice.track = track;
    slice.begin_ns = time_ns;
    slice.correlation = event.Uint(52);
    for (const ProtoField& flow : event.Of(47)) {
      Check(flow.wire == 1, "a flow that is not fixed64");
      slice.flows.push_back(flow.value);
    }
    for (const ProtoField& flow : event.Of(48)) {
      Check(flow.wire == 1, "a flow that is not fixed64");
      slice.ending_flows.push_back(flow.value);
    }
    open_[track].push_back(slices_.size());
    slices_.push_back(std::move(slice));
  }

  void End(uint64_t track, uint64_t time_ns) {
    std::vector<size_t>& open = open_[track];
    Check(!open.empty(), "an end without begin");
    if (open.empty()) return;
    slices_[open.back()].end_ns = time_ns;
    open.pop_back();
  }

  std::set<std::string> complaints_;
  std::vector<PerfettoSlice> slices_;
  std::map<uint64_t, std::vector<size_t>> open_;
  std::map<uint64_t, uint64_t> last_;
  std::set<uint64_t> known_;
  std::map<uint64_t, std::string> processes_;
  std::map<uint64_t, uint64_t> parents_;
  std::map<std::string, uint64_t> pids_;
  std::map<uint64_t, uint64_t> clocks_;
  uint64_t primary_clock_ = 0;
  uint64_t lost_ = 0;
  size_t dropped_packets_ = 0;
};

}  // namespace keyport
