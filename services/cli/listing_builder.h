// ListingBuilder: a table and its JSON lines, row by row.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "services/cli/listing.h"

namespace keyport {

using Json = nlohmann::ordered_json;

class ListingBuilder {
 public:
  explicit ListingBuilder(std::vector<Column> columns)
      : table_(std::move(columns)) {}
  void Add(std::vector<std::string> row, const Json& object) {
    table_.Add(std::move(row));
    json_ += object.dump(-1, ' ', false, Json::error_handler_t::replace);
    json_ += '\n';
  }
  Listing Build() && { return {table_.Text(), std::move(json_)}; }

 private:
  TextTable table_;
  std::string json_;
};

inline std::string Number(uint64_t value) { return std::to_string(value); }
// "Send|Wait"; "all".
std::string RightsCell(ipc::Rights rights);
// "0x1001"
std::string HandleCell(ipc::Handle handle);
// "in 12.3 s", "now"; "-": it does not end by itself
std::string EndsCell(int64_t ends_ns, int64_t now_ns);
// CLOCK_MONOTONIC; null: not known.
inline Json SinceJson(uint64_t since_ns) {
  return since_ns != 0 ? Json(since_ns) : Json(nullptr);
}
// {"exited": 3}, {"signal": 9}; null: not known. Of an exit word.
Json ExitJson(uint32_t exit);
// "ends_ns" (CLOCK_MONOTONIC) and "ends_in_ns"; null: it does not end.
void AddEnd(int64_t ends_ns, int64_t now_ns, Json* json);
// {"snaplen": 96, "labels": [4, 9], "rate": 10}, each null where it does not
// limit; null: none does.
Json TraceLimitsJson(const ipc::TraceLimits& limits);

}  // namespace keyport
