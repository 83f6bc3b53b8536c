#include "services/tracer/trace_format.h"

#include <time.h>

#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ipc/status.h"
#include "libipc/base/clock.h"
#include "services/common/text_table.h"
#include "services/tracer/payload_text.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kRow[] = "%-15s  %-14s  %-36s  %8s  %8s  %2s  %7s  %7s  %s\n";

std::string Row(const std::string& time, const std::string& flow,
                const std::string& path, const std::string& label,
                const std::string& bytes, const std::string& handles,
                const std::string& queue, const std::string& total,
                const std::string& status) {
  const auto print = [&](char* to, size_t size) {
    return std::snprintf(to, size, kRow, time.c_str(), flow.c_str(),
                         path.c_str(), label.c_str(), bytes.c_str(),
                         handles.c_str(), queue.c_str(), total.c_str(),
                         status.c_str());
  };
  std::string text(static_cast<size_t>(print(nullptr, 0)), ' ');
  print(text.data(), text.size() + 1);
  return text;
}

std::string Hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%" PRIx64, value);
  return text;
}

std::string NameOr(const std::string& name, const char* otherwise) {
  return name.empty() ? otherwise : Printable(name);
}

Json Maybe(const std::optional<uint64_t>& ns) {
  return ns ? Json(*ns) : Json(nullptr);
}

void AddDecoded(const std::string& part, const DecodedPayload& decoded,
                Json* object) {
  if (!decoded.json.empty())
    (*object)[part] = Json::parse(decoded.json, nullptr, false);
  if (!decoded.problem.empty()) (*object)[part + "_problem"] = decoded.problem;
}

}  // namespace

WallClock::WallClock() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  offset_ns_ = now.tv_sec * 1'000'000'000LL + now.tv_nsec - base::NowNs();
}

std::string WallClock::Text(uint64_t monotonic_ns) const {
  const int64_t unix_ns = UnixNs(monotonic_ns);
  const time_t seconds = unix_ns / 1'000'000'000;
  tm parts = {};
  localtime_r(&seconds, &parts);
  char text[32];
  const size_t used = strftime(text, sizeof(text), "%H:%M:%S", &parts);
  std::snprintf(text + used, sizeof(text) - used, ".%06d",
                static_cast<int>(unix_ns % 1'000'000'000 / 1'000));
  return text;
}

std::string TraceKindText(uint16_t kind) {
  switch (static_cast<ipc::TraceKind>(kind)) {
    case ipc::TraceKind::none:
      break;
    case ipc::TraceKind::send:
      return "send";
    case ipc::TraceKind::receive:
      return "receive";
    case ipc::TraceKind::reply:
      return "reply";
    case ipc::TraceKind::outcome:
      return "outcome";
    case ipc::TraceKind::drop:
      return "drop";
    case ipc::TraceKind::block:
      return "block";
    case ipc::TraceKind::payload:
      return "payload";
    case ipc::TraceKind::wait:
      return "wait";
    case ipc::TraceKind::wake:
      return "wake";
    case ipc::TraceKind::passed:
      return "passed";
    case ipc::TraceKind::cut:
      return "cut";
    case ipc::TraceKind::stage:
      return "stage";
    case ipc::TraceKind::redeem:
      return "redeem";
    case ipc::TraceKind::lend:
      return "lend";
    case ipc::TraceKind::lent_back:
      return "lent_back";
    case ipc::TraceKind::map:
      return "map";
    case ipc::TraceKind::refused:
      return "refused";
    case ipc::TraceKind::port_created:
      return "port_created";
    case ipc::TraceKind::lane_opened:
      return "lane_opened";
    case ipc::TraceKind::lane_cut:
      return "lane_cut";
    case ipc::TraceKind::capability_moved:
      return "capability_moved";
    case ipc::TraceKind::capability_revoked:
      return "capability_revoked";
    case ipc::TraceKind::process_started:
      return "process_started";
    case ipc::TraceKind::process_ended:
      return "process_ended";
    case ipc::TraceKind::traced:
      return "traced";
  }
  return "kind " + std::to_string(kind);
}

std::string StatusText(const TracedMessage& message) {
  switch (message.status) {
    case MessageStatus::kOk:
      return "ok";
    case MessageStatus::kQueued:
      return "queued";
    case MessageStatus::kWaiting:
      return "waiting";
    case MessageStatus::kError:
      break;
  }
  return std::string(ipc::ErrorName(message.error));
}

std::string TraceHeader() {
  return Row("TIME", "FLOW", "FROM -> PORT (TO)", "LABEL", "BYTES", "H",
             "QUEUE", "TOTAL", "STATUS");
}

std::string TraceLine(const TracedMessage& message,
                      const std::string& port_name, const WallClock& clock) {
  const std::string path = NameOr(message.from, "?") + " -> " +
                           Printable(port_name) + " (" +
                           NameOr(message.to, "-") + ")";
  return Row(clock.Text(message.time_ns), Hex(message.flow), path,
             message.decoded.method.empty() ? std::to_string(message.label)
                                            : Printable(message.decoded.method),
             std::to_string(message.payload_bytes),
             std::to_string(message.handles), DurationOrDash(message.queue_ns),
             DurationOrDash(message.total_ns), StatusText(message));
}

std::string TraceJson(const TracedMessage& message,
                      const std::string& port_name, const WallClock& clock) {
  Json object = {{"time_ns", message.time_ns},
                 {"unix_ns", clock.UnixNs(message.time_ns)},
                 {"flow", Hex(message.flow)},
                 {"from", message.from},
                 {"to", message.to},
                 {"port", port_name},
                 {"port_id", message.port},
                 {"label", message.label},
                 {"bytes", message.payload_bytes},
                 {"handles", message.handles},
                 {"call", message.is_call},
                 {"queue_ns", Maybe(message.queue_ns)},
                 {"work_ns", Maybe(message.work_ns)},
                 {"total_ns", Maybe(message.total_ns)},
                 {"status", StatusText(message)}};
  const DecodedMessage& decoded = message.decoded;
  if (!decoded.method.empty()) object["method"] = decoded.method;
  AddDecoded("request", decoded.request, &object);
  AddDecoded("answer", decoded.answer, &object);
  if (!message.request.empty()) object["request_hex"] = HexOf(message.request);
  if (!message.answer.empty()) object["answer_hex"] = HexOf(message.answer);
  return LineOf(object);
}

std::string LossLine(const LostRecords& lost, const WallClock& clock) {
  return "-- " + std::to_string(lost.count) + " records lost between " +
         clock.Text(lost.from_ns) + " and " + clock.Text(lost.until_ns) +
         " (a trace ring was full) --\n";
}

std::string LossJson(const LostRecords& lost, const WallClock& clock) {
  return LineOf({{"lost", lost.count},
                 {"from_unix_ns", clock.UnixNs(lost.from_ns)},
                 {"until_unix_ns", clock.UnixNs(lost.until_ns)}});
}

}  // namespace keyport
