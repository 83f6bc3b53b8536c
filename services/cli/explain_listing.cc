#include "services/cli/explain_listing.h"

#include <charconv>

#include "libipc/base/names.h"
#include "services/cli/listing_builder.h"

namespace keyport {
namespace {

const char* FateName(ipc::HandleFate fate) {
  switch (fate) {
    case ipc::HandleFate::never_given:
      return "never_given";
    case ipc::HandleFate::zero:
      return "zero";
    case ipc::HandleFate::closed:
      return "closed";
    case ipc::HandleFate::moved:
      return "moved";
    case ipc::HandleFate::revoked:
      return "revoked";
    case ipc::HandleFate::expired:
      return "expired";
    case ipc::HandleFate::stale:
      return "stale";
  }
  return "unknown";
}

// Names are what processes call themselves.
void MakePrintable(ipc::Explanation* explanation) {
  explanation->ended_by_name = Printable(explanation->ended_by_name);
  for (ipc::Explanation::Step& step : explanation->steps) {
    step.holder_name = Printable(step.holder_name);
    step.maker_name = Printable(step.maker_name);
  }
}

// Null for the kernel process.
Json ProcessJson(uint64_t id, const std::string& name) {
  if (id == 0) return nullptr;
  return {{"process", id}, {"service", name}};
}

Json StepJson(const ipc::Explanation::Step& step) {
  const bool ends = step.end.ns != ipc::Deadline().ns;
  return {{"serial", step.serial},
          {"kind", base::KindName(step.kind)},
          {"object", step.object_id},
          {"rights", RightsCell(step.rights)},
          {"badge", step.badge},
          {"ends_ns", ends ? Json(step.end.ns) : Json(nullptr)},
          {"trace_limits",
           TraceLimitsJson(step.trace_limits.value_or(ipc::TraceLimits()))},
          {"holder", ProcessJson(step.holder, step.holder_name)},
          {"handle", step.handle},
          {"maker", ProcessJson(step.maker, step.maker_name)}};
}

Json ExplanationJson(std::string_view label,
                     const ipc::Explanation& explanation) {
  const bool open = explanation.is_open;
  Json json = {
      {"process", label},
      {"handle", explanation.handle},
      {"open", open},
      {"fate", open ? Json(nullptr) : Json(FateName(explanation.fate))},
      {"ended_by",
       ProcessJson(explanation.ended_by, explanation.ended_by_name)},
      {"ended_ns",
       explanation.ended_ns != 0 ? Json(explanation.ended_ns) : Json(nullptr)},
      {"steps", Json::array()},
      {"more", explanation.has_more}};
  for (const ipc::Explanation::Step& step : explanation.steps)
    json["steps"].push_back(StepJson(step));
  return json;
}

}  // namespace

std::optional<ipc::Handle> ParseHandle(std::string_view word) {
  int base = 10;
  if (word.starts_with("0x")) {
    base = 16;
    word.remove_prefix(2);
  }
  ipc::Handle handle = 0;
  const char* end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, handle, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return handle;
}

Listing ListExplanation(std::string_view label, ipc::Explanation explanation) {
  MakePrintable(&explanation);
  const Json json = ExplanationJson(label, explanation);
  return {std::string(label) + ": " + explanation.Text(),
          json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

}  // namespace keyport
