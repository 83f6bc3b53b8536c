#include "services/cli/top_listing.h"

#include "services/cli/listing_builder.h"

namespace keyport {
namespace {

Json CountersJson(const ipc::LaneCounters& counters) {
  return {{"messages", counters.messages},
          {"message_bytes", counters.message_bytes},
          {"wakes", counters.wakes},
          {"full", counters.full},
          {"taken", counters.taken},
          {"lost", counters.lost},
          {"queued_bytes_most", counters.queued_bytes_most},
          {"spins_paid", counters.spins_paid},
          {"spins_lost", counters.spins_lost},
          {"sleeps", counters.sleeps}};
}

Json TimeJson(const std::optional<uint64_t>& ns) {
  return ns.has_value() ? Json(*ns) : Json(nullptr);
}

Json RowJson(const TopRow& row, TopScope scope) {
  Json json = {{"id", row.id}, {"port", row.name}};
  if (scope == TopScope::kLanes) {
    json["port_id"] = row.port_id;
    json["sender"] = row.sender;
  }
  json["listener"] = row.listener;
  if (scope == TopScope::kPorts) json["lanes"] = row.lanes;
  json.update(
      {{"messages_per_s", row.messages},
       {"replies_per_s", row.replies},
       {"bytes_per_s", row.bytes},
       {"queued_bytes", row.queued_bytes},
       {"queued_bytes_most", row.queued_bytes_most},
       {"ring_bytes", row.ring_bytes},
       {"full_per_s", row.full},
       {"wakes_per_s", row.wakes},
       {"sleeps_per_s", row.sleeps},
       {"spins_paid_percent",
        row.paid_percent.has_value() ? Json(*row.paid_percent) : Json(nullptr)},
       {"spins_lost_per_s", row.lost},
       {"taken_per_s", row.taken},
       {"waiting", row.waiting},
       {"waiter", row.waiting > 0 ? Json(row.waiter) : Json(nullptr)},
       {"waits_ns", row.waits_ns},
       {"senders", CountersJson(row.senders)},
       {"listeners", CountersJson(row.listeners)}});
  if (scope == TopScope::kPorts)
    json.update({{"queue_p99_ns", TimeJson(row.queue_p99_ns)},
                 {"work_p99_ns", TimeJson(row.work_p99_ns)},
                 {"total_p99_ns", TimeJson(row.total_p99_ns)},
                 {"samples", row.samples}});
  return json;
}

}  // namespace

Listing ListTop(const TopSample& sample, const std::vector<TopRow>& rows,
                TopScope scope, std::span<const TopColumn> columns) {
  std::vector<Column> titles;
  for (const TopColumn column : columns)
    titles.push_back({std::string(ColumnTitle(column)), ColumnAlign(column)});
  TextTable table(std::move(titles));
  Json list = Json::array();
  for (const TopRow& row : rows) {
    std::vector<std::string> cells;
    for (const TopColumn column : columns)
      cells.push_back(ColumnCell(column, row));
    table.Add(std::move(cells));
    list.push_back(RowJson(row, scope));
  }
  const Json json = {
      {"taken_ns", sample.now.taken_ns},
      {"elapsed_ns", sample.elapsed_ns()},
      {scope == TopScope::kPorts ? "ports" : "lanes", std::move(list)}};
  return {SummaryOf(rows, scope, sample.elapsed_ns()) + "\n" + table.Text(),
          json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

}  // namespace keyport
