#include "services/cli/post_listing.h"

#include <algorithm>
#include <cstdio>

#include "ipc/status.h"
#include "services/cli/listing_builder.h"
#include "services/cli/post_words.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

uint64_t EndOf(const ipc::FlightSource& source, const PostTimes& times) {
  return source.ended_ns != 0 ? source.ended_ns : times.now_ns;
}

constexpr size_t kOpenCallsShown = 10;  // those that wait longest

// What a record says of times may be anything.
std::string Before(uint64_t time_ns, uint64_t end_ns) {
  return time_ns <= end_ns ? DurationText(end_ns - time_ns) : "?";
}

std::string StateText(const ipc::FlightSource& source, const PostTimes& times) {
  if (source.ended_ns == 0) return "lives";
  return HowItEnded(source.exit) + " at " + times.clock.Text(source.ended_ns) +
         ", " + Before(source.ended_ns, times.now_ns) + " ago";
}

Json SourceJson(const ipc::FlightSource& source, const PostTimes& times) {
  Json json = {{"process", source.name},
               {"process_id", source.process_id},
               {"pid", source.pid}};
  json["ended_unix_ns"] = source.ended_ns != 0
                              ? Json(times.clock.UnixNs(source.ended_ns))
                              : Json(nullptr);
  json["exit"] = ExitJson(source.exit);
  return json;
}

Json StepJson(const FlightStep& step, const PostWords& words,
              const PostTimes& times) {
  const ipc::TraceRecord& record = step.record;
  return {{"time_ns", record.time_ns},
          {"unix_ns", times.clock.UnixNs(record.time_ns)},
          {"thread", step.thread_id},
          {"kind", TraceKindText(record.kind)},
          {"port", words.PortOf(record)},
          {"port_id", record.port},
          {"lane", record.lane},
          {"from", words.SenderOf(record)},
          {"to", words.ReceiverOf(record)},
          {"flow", record.flow},
          {"label", record.label},
          {"correlation", record.correlation},
          {"bytes", record.payload_bytes},
          {"handles", record.handle_count},
          {"interval_ns", record.interval_ns},
          {"error", ipc::ErrorName(static_cast<ipc::Error>(record.error))},
          {"words", words.Of(record)}};
}

std::string StepText(const FlightStep& step, const PostWords& words,
                     const PostTimes& times) {
  char head[64];
  std::snprintf(head, sizeof(head), "%-15s  %7u  ",
                times.clock.Text(step.record.time_ns).c_str(), step.thread_id);
  return head + words.Of(step.record) + "\n";
}

std::string AtTheEnd(const FlightStory& story, const PostWords& words,
                     uint64_t end_ns) {
  std::string text;
  for (const FlightStory::Thread& thread : story.threads())
    text += "thread " + std::to_string(thread.thread_id) + ": " +
            words.AtTheEnd(thread.last) +
            (thread.last.time_ns == 0
                 ? ""
                 : ", last recorded " + Before(thread.last.time_ns, end_ns) +
                       " before") +
            "\n";
  const auto& calls = story.open_calls();
  for (size_t i = 0; i < calls.size() && i < kOpenCallsShown; ++i)
    text += "not answered: " + words.CallTaken(calls[i].taken) + ", taken " +
            Before(calls[i].taken.time_ns, end_ns) + " before\n";
  if (calls.size() > kOpenCallsShown)
    text += "and " + std::to_string(calls.size() - kOpenCallsShown) +
            " more; all with --json\n";
  return text;
}

Json ThreadsJson(const FlightStory& story, const PostWords& words) {
  Json threads = Json::array();
  for (const FlightStory::Thread& thread : story.threads())
    threads.push_back({{"thread", thread.thread_id},
                       {"records", thread.records},
                       {"overwritten", thread.overwritten},
                       {"at_the_end", words.AtTheEnd(thread.last)}});
  return threads;
}

Json OpenJson(const FlightStory& story, const PostWords& words) {
  Json open = Json::array();
  for (const FlightOpenCall& call : story.open_calls())
    open.push_back({{"from", words.SenderOf(call.taken)},
                    {"port", words.PortOf(call.taken)},
                    {"label", call.taken.label},
                    {"correlation", call.taken.correlation},
                    {"taken_ns", call.taken.time_ns}});
  return open;
}

}  // namespace

Listing ListPost(const ipc::FlightSource& source, const FlightStory& story,
                 const TraceDirectory& directory, size_t steps_max,
                 const PostTimes& times) {
  const PostWords words(directory);
  const std::vector<FlightStep>& steps = story.steps();
  const size_t shown = std::min(steps.size(), steps_max);
  uint64_t overwritten = 0;
  for (const FlightStory::Thread& thread : story.threads())
    overwritten += thread.overwritten;

  Listing listing;
  const size_t threads = story.threads().size();
  listing.text = Printable(source.name) + ", pid " +
                 std::to_string(source.pid) + ": " + StateText(source, times) +
                 "\n" + Number(threads) +
                 (threads == 1 ? " thread, " : " threads, ") +
                 Number(steps.size()) + " records, " + Number(overwritten) +
                 " older ones overwritten; the last " + Number(shown) +
                 ":\n\nTIME              THREAD  WHAT\n";
  Json head = SourceJson(source, times);
  head["threads"] = ThreadsJson(story, words);
  head["not_answered"] = OpenJson(story, words);
  listing.json = LineOf(head);
  for (size_t i = steps.size() - shown; i < steps.size(); ++i) {
    listing.text += StepText(steps[i], words, times);
    listing.json += LineOf(StepJson(steps[i], words, times));
  }
  listing.text += source.ended_ns != 0 ? "\nat its end:\n" : "\nnow:\n";
  listing.text += AtTheEnd(story, words, EndOf(source, times));
  return listing;
}

Listing ListFlights(const FlightProcesses& processes, const PostTimes& times) {
  ListingBuilder list({{"PID", Align::kRight},
                       {"SERVICE"},
                       {"THREADS", Align::kRight},
                       {"STATE"}});
  for (const auto& [id, process] : processes.all()) {
    Json json = SourceJson(process.source, times);
    json["threads"] = process.threads;
    list.Add({std::to_string(process.source.pid), process.source.name,
              Number(process.threads), StateText(process.source, times)},
             json);
  }
  return std::move(list).Build();
}

}  // namespace keyport
