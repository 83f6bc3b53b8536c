#include "services/replay/replay_script.h"

#include <algorithm>
#include <set>

#include "services/common/nearest.h"
#include "services/common/text_table.h"
#include "services/tracer/trace_filter.h"

namespace keyport {
namespace {

// Whether it is known with what the call ended.
bool WasAnswered(const TracedMessage& call) {
  return call.total_ns.has_value() &&
         (call.error != ipc::Error::ok || call.answer_seen);
}

class ScriptReader {
 public:
  explicit ScriptReader(const ReplayChoice& choice) : choice_(choice) {}

  void Take(TracedMessage message, std::string port) {
    if (!choice_.port.empty() && port != choice_.port) return;
    if (!choice_.from.empty() && !IsService(message.from, choice_.from)) return;
    ++script_.senders[{message.from, port}];
    uint64_t* const reason = Refusal(message);
    if (reason != nullptr) {
      ++*reason;
      return;
    }
    bytes_ += message.request.size() + message.answer.size();
    script_.requests.push_back({std::move(message), std::move(port)});
  }

  ReplayScript Finish() {
    std::stable_sort(script_.requests.begin(), script_.requests.end(),
                     [](const ReplayRequest& a, const ReplayRequest& b) {
                       return a.recorded.time_ns < b.recorded.time_ns;
                     });
    return std::move(script_);
  }

 private:
  // Null: it can be sent.
  uint64_t* Refusal(const TracedMessage& message) {
    ReplayRefusals& refused = script_.refused;
    if (message.from.empty()) return &refused.unseen;
    if (message.handles > 0) return &refused.capabilities;
    if (message.request.size() < message.payload_bytes) return &refused.cut;
    if (message.is_call && !WasAnswered(message)) return &refused.unended;
    if (script_.requests.size() >= ReplayScript::kRequestsMax ||
        bytes_ >= ReplayScript::kBytesMax)
      return &refused.beyond;
    return nullptr;
  }

  const ReplayChoice& choice_;
  ReplayScript script_;
  uint64_t bytes_ = 0;
};

std::string SendersText(const ReplayScript& script) {
  std::vector<std::string> words;
  for (const auto& [sender, count] : script.senders)
    words.push_back(Printable((sender.first.empty() ? "?" : sender.first) +
                              "->" + sender.second) +
                    " (" + std::to_string(count) + ")");
  return JoinWords(words);
}

absl::Status CheckChoice(const ReplayScript& script) {
  if (script.senders.empty())
    return ipc::MakeStatus(ipc::Error::not_found,
                           "the recording holds no such request");
  std::set<std::string> ports;
  for (const auto& [sender, count] : script.senders)
    ports.insert(sender.second);
  if (ports.size() > 1)
    return ipc::MakeStatus(
        ipc::Error::bad_state,
        "the recording holds requests to several ports: " +
            SendersText(script) +
            "; say which with --port PORT or --only FROM->PORT");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReplayScript> ReadReplayScript(RecordingReader* reader,
                                              const ReplayChoice& choice) {
  ScriptReader script(choice);
  const absl::Status read = ForEachMessage(
      reader, [](const RecordingDecoder::Recorded&) { return true; },
      [&](TracedMessage message) {
        std::string port = reader->decoder().PortName(message.port);
        script.Take(std::move(message), std::move(port));
      });
  if (!read.ok()) return read;
  ReplayScript finished = script.Finish();
  if (absl::Status chosen = CheckChoice(finished); !chosen.ok()) return chosen;
  return finished;
}

std::string RefusalsText(const ReplayRefusals& refused) {
  std::vector<std::string> words;
  const auto add = [&](uint64_t count, const char* why) {
    if (count > 0) words.push_back(std::to_string(count) + " " + why);
  };
  add(refused.cut,
      "without their whole payload (keyport record --payload --snaplen 65536 "
      "keeps it)");
  add(refused.capabilities, "with capabilities, which are not recorded");
  add(refused.unseen, "whose send was not recorded");
  add(refused.unended, "whose outcome or answer was not recorded");
  add(refused.beyond, "beyond what is kept in memory");
  return JoinWords(words);
}

}  // namespace keyport
