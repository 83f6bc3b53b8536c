#include "services/tracer/chrome_trace.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "services/tracer/slice_tracks.h"
#include "services/tracer/trace_format.h"

namespace keyport {
namespace {

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true,
                                   nlohmann::json::error_handler_t::replace);
}

// Microseconds, exactly.
std::string Micros(uint64_t ns) {
  char text[32];
  std::snprintf(text, sizeof(text), "%" PRIu64 ".%03u", ns / 1'000,
                static_cast<unsigned>(ns % 1'000));
  return text;
}

uint64_t After(uint64_t ns, uint64_t more_ns) {
  return ns > std::numeric_limits<uint64_t>::max() - more_ns
             ? std::numeric_limits<uint64_t>::max()
             : ns + more_ns;
}

}  // namespace

uint32_t ChromeTrace::ProcessOf(const std::string& name) {
  return processes_
      .try_emplace(name, static_cast<uint32_t>(processes_.size() + 1))
      .first->second;
}

bool ChromeTrace::Add(const TracedMessage& message, const std::string& port) {
  if (messages_.size() >= kMessagesMax) return false;
  const auto [name, is_new] =
      names_.try_emplace(port, static_cast<uint32_t>(name_texts_.size()));
  if (is_new) name_texts_.push_back(Quoted(port));
  const bool sent = !message.from.empty();
  const bool received = WasReceived(message);
  const size_t index = messages_.size();
  messages_.push_back({message.flow, name->second, message.label,
                       message.payload_bytes, StatusText(message),
                       sent && received});
  if (sent)
    AddSlice({message.time_ns,
              After(message.time_ns, message.total_ns.value_or(0)), index,
              ProcessOf(message.from), true});
  if (received) {
    const uint64_t begin_ns =
        After(message.time_ns, message.queue_ns.value_or(0));
    AddSlice({begin_ns, After(begin_ns, message.work_ns.value_or(0)), index,
              ProcessOf(message.to), false});
  }
  return true;
}

void ChromeTrace::AddSlice(const Slice& slice) {
  slices_.push_back(slice);
  // An arrow needs something to end at.
  slices_.back().end_ns = std::max(slice.end_ns, After(slice.begin_ns, 1));
}

std::string ChromeTrace::EventText(const Slice& slice, uint32_t track) const {
  const Message& message = messages_[slice.message];
  char text[512];
  std::snprintf(text, sizeof(text),
                "\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%s,\"dur\":%s,\"pid\":%u,"
                "\"tid\":%u,\"args\":{\"flow\":\"0x%" PRIx64
                "\",\"label\":%u,\"bytes\":%u,\"status\":\"%s\"}},\n",
                slice.of_sender ? "call" : "work",
                Micros(slice.begin_ns).c_str(),
                Micros(slice.end_ns - slice.begin_ns).c_str(), slice.process,
                track, message.flow, message.label, message.payload_bytes,
                message.status.c_str());
  return "{\"name\":" + name_texts_[message.name] + "," + text;
}

std::string ChromeTrace::ArrowText(const Slice& slice, uint32_t track) const {
  if (!messages_[slice.message].both_ends) return "";
  char text[256];
  std::snprintf(text, sizeof(text),
                "{\"name\":\"message\",\"cat\":\"message\",\"ph\":\"%s\","
                "\"id\":%zu,\"ts\":%s,\"pid\":%u,\"tid\":%u},\n",
                slice.of_sender ? "s" : "f\",\"bp\":\"e", slice.message + 1,
                Micros(slice.begin_ns).c_str(), slice.process, track);
  return text;
}

void ChromeTrace::Write(const std::function<void(const std::string&)>& write) {
  std::stable_sort(slices_.begin(), slices_.end(),
                   [](const Slice& a, const Slice& b) {
                     if (a.begin_ns != b.begin_ns)
                       return a.begin_ns < b.begin_ns;
                     return a.end_ns > b.end_ns;
                   });
  write("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
  std::map<uint32_t, SliceTracks> tracks;
  for (const Slice& slice : slices_) {
    const uint32_t track = tracks[slice.process]
                               .Place(slice.begin_ns, slice.end_ns)
                               .value_or(SliceTracks::kTracksMax - 1);
    write(EventText(slice, track) + ArrowText(slice, track));
  }
  for (const auto& [name, process] : processes_)
    write("{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":" +
          std::to_string(process) + ",\"args\":{\"name\":" + Quoted(name) +
          "}},\n");
  // Ends the list without a comma.
  write("{\"name\":\"keyport\",\"ph\":\"M\",\"pid\":0,\"args\":{}}]}\n");
}

}  // namespace keyport
