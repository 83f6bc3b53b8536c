// Cells that several listings have.
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>

#include "libipc/base/names.h"
#include "services/cli/listing_builder.h"

namespace keyport {

std::string RightsCell(ipc::Rights rights) {
  return rights == ipc::kRightsAll ? "all" : base::RightsText(rights);
}

std::string HandleCell(ipc::Handle handle) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%x", handle);
  return text;
}

std::string EndsCell(int64_t ends_ns, int64_t now_ns) {
  if (ends_ns == 0) return "-";
  if (ends_ns <= now_ns) return "now";
  char text[32];
  std::snprintf(text, sizeof(text), "in %.1f s",
                static_cast<double>(ends_ns - now_ns) / 1e9);
  return text;
}

Json ExitJson(uint32_t exit) {
  if ((exit & ipc::abi::kExitKnown) == 0) return nullptr;
  const int status = static_cast<int>(exit & ~ipc::abi::kExitKnown);
  if (WIFSIGNALED(status)) return {{"signal", WTERMSIG(status)}};
  return {{"exited", WEXITSTATUS(status)}};
}

void AddEnd(int64_t ends_ns, int64_t now_ns, Json* json) {
  const bool ends = ends_ns != 0;
  (*json)["ends_ns"] = ends ? Json(ends_ns) : Json(nullptr);
  (*json)["ends_in_ns"] =
      ends ? Json(std::max<int64_t>(ends_ns - now_ns, 0)) : Json(nullptr);
}

Json TraceLimitsJson(const ipc::TraceLimits& limits) {
  if (!limits.any()) return nullptr;
  const ipc::TraceLimits none;
  const auto or_null = [](const auto& value, bool limited) {
    return limited ? Json(value) : Json(nullptr);
  };
  const Json labels = {limits.label_first, limits.label_last};
  return {{"snaplen",
           or_null(limits.snaplen_max, limits.snaplen_max != none.snaplen_max)},
          {"labels", or_null(labels, limits.label_first != none.label_first ||
                                         limits.label_last != none.label_last)},
          {"rate", or_null(limits.rate_max, limits.rate_max != none.rate_max)}};
}

}  // namespace keyport
