#include "services/replay/replay_report.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "services/common/text_table.h"
#include "services/decode/decode_message.h"
#include "services/tracer/histogram.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

std::string ByteText(char byte) {
  char text[16];
  const auto value = static_cast<unsigned char>(byte);
  if (value >= 0x20 && value < 0x7f)
    std::snprintf(text, sizeof(text), "%02x '%c'", value, byte);
  else
    std::snprintf(text, sizeof(text), "%02x", value);
  return text;
}

std::string ErrorText(ipc::Error error) {
  return std::string(ipc::ErrorName(error));
}

struct PortTimes {
  ReplaySums sums;
  Histogram recorded_ns;
  Histogram replayed_ns;
};

class Report {
 public:
  Report(const ReplayScript& script, const PayloadSchemas& schemas,
         uint64_t differences_max)
      : script_(script), schemas_(schemas), differences_max_(differences_max) {}

  void Add(size_t number, const ReplayOutcome& outcome) {
    const ReplayRequest& request = script_.requests[number];
    const TracedMessage& recorded = request.recorded;
    PortTimes& times = times_[{recorded.from, request.port, recorded.label}];
    if (!outcome.sent) {
      ++times.sums.unsent;
      return;
    }
    ++times.sums.sent;
    if (recorded.is_call) {
      times.recorded_ns.Add(recorded.total_ns.value_or(0));
      times.replayed_ns.Add(outcome.total_ns);
    }
    const auto difference = DifferenceOf(recorded, outcome);
    if (difference) {
      ++times.sums.differ;
      Note(number, outcome, *difference);
      return;
    }
    ++times.sums.equal;
    if (recorded.answer.size() < recorded.answer_bytes) ++times.sums.in_part;
  }

  ReplayReport Finish() {
    TextTable table({{"FROM -> PORT"},
                     {"LABEL", Align::kRight},
                     {"SENT", Align::kRight},
                     {"EQUAL", Align::kRight},
                     {"DIFFER", Align::kRight},
                     {"RECORDED p50", Align::kRight},
                     {"p99", Align::kRight},
                     {"REPLAYED p50", Align::kRight},
                     {"p99", Align::kRight}});
    for (const auto& [key, times] : times_) AddRow(key, times, &table);
    if (listed_ > 0 && differ_ > listed_)
      report_.text += std::to_string(differ_ - listed_) + " more differences\n";
    report_.text += table.Text();
    AddSums();
    return std::move(report_);
  }

 private:
  using Key = std::tuple<std::string, std::string, uint32_t>;

  void Note(size_t number, const ReplayOutcome& outcome,
            const std::string& difference) {
    ++differ_;
    if (listed_ >= differences_max_) return;
    ++listed_;
    const ReplayRequest& request = script_.requests[number];
    const TracedMessage& recorded = request.recorded;
    const uint64_t after_ns =
        recorded.time_ns - script_.requests.front().recorded.time_ns;
    report_.text += "#" + std::to_string(number + 1) + " " +
                    Printable(recorded.from + "->" + request.port) + " label " +
                    std::to_string(recorded.label) + ", " +
                    DurationText(after_ns) + " after the first: " + difference +
                    "\n";
    Json json = {
        {"number", number + 1},           {"from", Utf8Text(recorded.from)},
        {"port", Utf8Text(request.port)}, {"label", recorded.label},
        {"after_ns", after_ns},           {"difference", difference}};
    NoteAnswers(request, outcome, &json);
    report_.json += json.dump() + "\n";
  }

  void NoteAnswers(const ReplayRequest& request, const ReplayOutcome& outcome,
                   Json* json) {
    const TracedMessage& recorded = request.recorded;
    const Interface::Method* method =
        schemas_.Find(request.port, recorded.label);
    if (method == nullptr) return;
    (*json)["method"] = method->name;
    NoteAnswer(*method, "recorded",
               DecodePayload(recorded.answer, recorded.answer_bytes,
                             method->answer, "traced (--snaplen)"),
               json);
    NoteAnswer(*method, "replayed",
               DecodePayload(outcome.answer, outcome.answer_bytes,
                             method->answer, "kept"),
               json);
  }

  void NoteAnswer(const Interface::Method& method, const std::string& name,
                  const DecodedPayload& answer, Json* json) {
    if (!answer.json.empty())
      (*json)[name] = Json::parse(answer.json);
    else if (!answer.problem.empty())
      (*json)[name + "_problem"] = answer.problem;
    const std::string& text =
        answer.json.empty() ? answer.problem : answer.json;
    report_.text += "  " + method.name + " " + name + " " +
                    (text.empty() ? "nothing" : text) + "\n";
  }

  void AddRow(const Key& key, const PortTimes& times, TextTable* table) {
    const auto& [from, port, label] = key;
    const auto time = [](const Histogram& histogram, double percent) {
      return histogram.count() == 0
                 ? std::string("-")
                 : DurationText(histogram.Percentile(percent));
    };
    table->Add({Printable(from) + " -> " + Printable(port),
                std::to_string(label), std::to_string(times.sums.sent),
                std::to_string(times.sums.equal),
                std::to_string(times.sums.differ), time(times.recorded_ns, 50),
                time(times.recorded_ns, 99), time(times.replayed_ns, 50),
                time(times.replayed_ns, 99)});
    report_.json +=
        Json({{"from", Utf8Text(from)},
              {"port", Utf8Text(port)},
              {"label", label},
              {"sent", times.sums.sent},
              {"equal", times.sums.equal},
              {"differ", times.sums.differ},
              {"calls", times.recorded_ns.count()},
              {"recorded_p50_ns", times.recorded_ns.Percentile(50)},
              {"recorded_p99_ns", times.recorded_ns.Percentile(99)},
              {"replayed_p50_ns", times.replayed_ns.Percentile(50)},
              {"replayed_p99_ns", times.replayed_ns.Percentile(99)}})
            .dump() +
        "\n";
    report_.sums.sent += times.sums.sent;
    report_.sums.equal += times.sums.equal;
    report_.sums.differ += times.sums.differ;
    report_.sums.in_part += times.sums.in_part;
    report_.sums.unsent += times.sums.unsent;
  }

  void AddSums() {
    const ReplaySums& sums = report_.sums;
    report_.text += "replay: " + std::to_string(sums.sent) +
                    " requests sent, " + std::to_string(sums.equal) +
                    " equal, " + std::to_string(sums.differ) + " differ\n";
    if (sums.in_part > 0)
      report_.text += std::to_string(sums.in_part) +
                      " answers were recorded in part: that part and the "
                      "size are equal\n";
    const std::string refused = RefusalsText(script_.refused);
    if (!refused.empty()) report_.text += "not sent: " + refused + "\n";
    report_.json += Json({{"summary", "replay"},
                          {"sent", sums.sent},
                          {"equal", sums.equal},
                          {"equal_in_part", sums.in_part},
                          {"differ", sums.differ},
                          {"not_sent", script_.refused.sum() + sums.unsent},
                          {"cut", script_.refused.cut},
                          {"with_capabilities", script_.refused.capabilities},
                          {"send_not_recorded", script_.refused.unseen},
                          {"outcome_not_recorded", script_.refused.unended},
                          {"too_many", script_.refused.beyond}})
                        .dump() +
                    "\n";
  }

  const ReplayScript& script_;
  const PayloadSchemas& schemas_;
  const uint64_t differences_max_;
  ReplayReport report_;
  std::map<Key, PortTimes> times_;
  uint64_t differ_ = 0;
  uint64_t listed_ = 0;
};

}  // namespace

std::optional<std::string> DifferenceOf(const TracedMessage& recorded,
                                        const ReplayOutcome& replayed) {
  const ipc::Error before = recorded.is_call ? recorded.error : ipc::Error::ok;
  if (before != replayed.error)
    return "recorded " + ErrorText(before) + ", replayed " +
           ErrorText(replayed.error);
  if (before != ipc::Error::ok || !recorded.is_call) return std::nullopt;
  const std::string& was = recorded.answer;
  const std::string& is = replayed.answer;
  const size_t both = std::min(was.size(), is.size());
  const size_t at = static_cast<size_t>(
      std::mismatch(was.begin(), was.begin() + static_cast<ptrdiff_t>(both),
                    is.begin())
          .first -
      was.begin());
  if (at < both)
    return "answers differ at byte " + std::to_string(at) + ": recorded " +
           ByteText(was[at]) + ", replayed " + ByteText(is[at]);
  if (recorded.answer_bytes != replayed.answer_bytes)
    return "recorded an answer of " + std::to_string(recorded.answer_bytes) +
           " bytes, replayed one of " + std::to_string(replayed.answer_bytes);
  if (recorded.answer_handles != replayed.answer_handles)
    return "recorded an answer with " +
           std::to_string(recorded.answer_handles) +
           " capabilities, replayed one with " +
           std::to_string(replayed.answer_handles);
  return std::nullopt;
}

ReplayReport MakeReplayReport(const ReplayScript& script,
                              const std::vector<ReplayOutcome>& outcomes,
                              const PayloadSchemas& schemas,
                              uint64_t differences_max) {
  Report report(script, schemas, differences_max);
  for (size_t i = 0; i < outcomes.size(); ++i) report.Add(i, outcomes[i]);
  return report.Finish();
}

}  // namespace keyport
