// The columns of `keyport top`: their titles, cells and order of rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/cli/top_rates.h"
#include "services/common/text_table.h"

namespace keyport {

enum class TopColumn {
  kSender,
  kPort,
  kListener,
  kLanes,
  kMessages,
  kBytes,
  kQueue,
  kHigh,
  kFull,
  kWakes,
  kSleeps,
  kPaid,
  kLost,
  kTaken,
  kQueueP99,
  kWorkP99,
  kTotalP99,
  kWaits
};

enum class TopScope { kPorts, kLanes };

// In the order in which they are shown.
std::span<const TopColumn> ColumnsOf(TopScope scope);
// "messages", as for --sort.
std::string_view ColumnName(TopColumn column);
// "MSG/S"
std::string_view ColumnTitle(TopColumn column);
Align ColumnAlign(TopColumn column);
std::string ColumnCell(TopColumn column, const TopRow& row);

// Names from A to Z, figures from the largest; then by messages, and names.
void SortRows(TopColumn column, std::vector<TopRow>* rows);

// "0", "2.5", "812", "24.4k", "1.23M"
std::string RateText(double rate);

}  // namespace keyport
