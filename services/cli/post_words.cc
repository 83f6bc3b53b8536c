#include "services/cli/post_words.h"

#include <string.h>
#include <sys/wait.h>

#include "ipc/inspect.h"
#include "ipc/status.h"
#include "libipc/base/names.h"
#include "services/cli/post_flights.h"
#include "services/common/text_table.h"
#include "services/tracer/trace_format.h"

namespace keyport {
namespace {

using Kind = ipc::TraceKind;

std::string Count(uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string CallText(const ipc::TraceRecord& record) {
  return record.correlation != 0 ? "call " + std::to_string(record.correlation)
                                 : "a message";
}

std::string WhyText(const ipc::TraceRecord& record) {
  return std::string(ipc::ErrorName(static_cast<ipc::Error>(record.error)));
}

// ": label 3, 5 bytes, 2 capabilities, after 1.2ms"
std::string Details(const ipc::TraceRecord& record) {
  std::string text = ": label " + std::to_string(record.label) + ", " +
                     Count(record.payload_bytes, "byte");
  if (record.handle_count != 0)
    text += ", " + std::to_string(record.handle_count) +
            (record.handle_count == 1 ? " capability" : " capabilities");
  if (record.interval_ns != 0)
    text += ", after " + DurationText(record.interval_ns);
  return text;
}

std::string Capabilities(const ipc::TraceRecord& record) {
  const std::string text =
      std::to_string(record.handle_count) +
      (record.handle_count == 1 ? " capability" : " capabilities");
  return record.error == 0 ? text : text + " (" + WhyText(record) + ")";
}

std::string Passed(const ipc::TraceRecord& record, const std::string& port) {
  const auto next = static_cast<Kind>(record.label);
  const bool taken = next == Kind::receive || next == Kind::outcome;
  return "(" + Count(record.payload_bytes, "message") +
         (taken ? " taken" : " sent") + " on " + port +
         " before, not recorded)";
}

std::string SyscallText(uint32_t number) {
  return std::string(base::SyscallName(static_cast<ipc::abi::Syscall>(number)));
}

}  // namespace

std::string PostWords::PortOf(const ipc::TraceRecord& record) const {
  if (record.port == 0) return "?";
  return Printable(directory_.PortName(record.port));
}

std::string PostWords::SenderOf(const ipc::TraceRecord& record) const {
  const TraceDirectory::Lane* lane = directory_.FindLane(record.lane);
  return lane == nullptr ? "" : directory_.ProcessName(lane->sender);
}

std::string PostWords::ReceiverOf(const ipc::TraceRecord& record) const {
  const TraceDirectory::Lane* lane = directory_.FindLane(record.lane);
  return lane == nullptr ? "" : directory_.ProcessName(lane->receiver);
}

std::string PostWords::Target(const ipc::TraceRecord& record) const {
  const std::string receiver = ReceiverOf(record);
  return PortOf(record) +
         (receiver.empty() ? "" : " (" + Printable(receiver) + ")");
}

std::string PostWords::CallTaken(const ipc::TraceRecord& record) const {
  const std::string sender = SenderOf(record);
  return CallText(record) + " of " +
         (sender.empty() ? "?" : Printable(sender)) + " on " + PortOf(record);
}

std::string PostWords::Of(const ipc::TraceRecord& record) const {
  switch (KindOf(record)) {
    case Kind::send:
      return (record.correlation != 0
                  ? "makes call " + std::to_string(record.correlation) + " to "
                  : "sends to ") +
             Target(record) + Details(record);
    case Kind::receive:
      return "takes " + CallTaken(record) + Details(record);
    case Kind::reply:
      return "answers " + CallTaken(record) + Details(record);
    case Kind::outcome:
      if (record.error != 0)
        return CallText(record) + " to " + Target(record) +
               " fails: " + WhyText(record);
      return "has the answer to " + CallText(record) + " from " +
             Target(record) + Details(record);
    case Kind::block:
      return "could not send to " + Target(record) + ": " + WhyText(record);
    case Kind::wait:
      return "waits" + AtTheEnd(record).substr(strlen("waiting"));
    case Kind::wake:
      return "goes on after " + DurationText(record.interval_ns);
    case Kind::passed:
      return Passed(record, PortOf(record));
    case Kind::cut:
      return "the lane to " + PortOf(record) + " was cut: " + WhyText(record);
    case Kind::stage:
      return "puts up " + Capabilities(record) + " for " + Target(record);
    case Kind::redeem:
      return "takes " + Capabilities(record) + " out of a message on " +
             PortOf(record);
    case Kind::lend:
      return "lends " + Count(record.payload_bytes, "byte") + " to " +
             Target(record);
    case Kind::lent_back:
      return "has " + Count(record.payload_bytes, "byte") + " back from " +
             Target(record);
    case Kind::map:
      return "maps region " + std::to_string(record.port) + ", " +
             BytesText(record.payload_bytes);
    case Kind::refused:
      return "was refused by a quota: " + SyscallText(record.label);
    default:
      return TraceKindText(record.kind);
  }
}

std::string PostWords::AtTheEnd(const ipc::TraceRecord& last) const {
  if (KindOf(last) == Kind::none) return "not recorded";
  if (KindOf(last) != Kind::wait) return "running";
  switch (static_cast<ipc::ThreadState>(last.label)) {
    case ipc::ThreadState::receiving:
      return "waiting for a message on " + PortOf(last);
    case ipc::ThreadState::calling:
      return "waiting for an answer from " + Target(last);
    case ipc::ThreadState::sending:
      return "waiting for room on " + Target(last);
    default:
      return "waiting";
  }
}

std::string HowItEnded(uint32_t exit) {
  if ((exit & ipc::abi::kExitKnown) == 0)
    return "ended; how, nobody told the kernel process";
  const int status = static_cast<int>(exit & ~ipc::abi::kExitKnown);
  if (!WIFSIGNALED(status))
    return "exited with " + std::to_string(WEXITSTATUS(status));
  const char* name = sigabbrev_np(WTERMSIG(status));
  return "killed by signal " + std::to_string(WTERMSIG(status)) +
         (name != nullptr ? std::string(" (") + name + ")" : "");
}

}  // namespace keyport
