// `keyport accounts NAME`: one of them, and who holds what of it.
#include "libipc/base/names.h"
#include "services/cli/account_holders.h"
#include "services/cli/account_tree.h"

namespace keyport {
namespace {

class Detail {
 public:
  Detail(const Snapshot& snapshot, const ipc::AccountEntry& account)
      : snapshot_(snapshot),
        account_(account),
        found_(HoldersOf(snapshot, account)),
        table_(Columns()) {}

  Listing Make() {
    for (const AccountHolder& holder : found_.holders)
      AddRow(holder.label, holder.holds);
    if (found_.accounts_below > 0)
      AddRow(Number(found_.accounts_below) +
                 (found_.accounts_below == 1 ? " account" : " accounts") +
                 " below",
             found_.below);
    if (found_.other != ItemAmounts{}) AddRow("other", found_.other);
    AddTotals();
    return {Title() + table_.Text(), JsonLine()};
  }

 private:
  static std::vector<Column> Columns() {
    std::vector<Column> columns = {{"HELD BY"}};
    for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
      columns.push_back({ItemTitle(i), Align::kRight, Shown::kIfSaid});
    return columns;
  }

  std::string Title() const {
    const std::string path = AccountPath(snapshot_, account_);
    return "account " + Number(account_.id) + " " + NameText(account_.name) +
           (IsShared(account_) ? " (shared)" : "") +
           (path.empty() ? "" : ", in " + path) + "\n";
  }

  template <typename Cell>
  void AddCells(const std::string& title, Cell&& cell) {
    std::vector<std::string> row = {title};
    for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
      row.push_back(cell(i));
    table_.Add(std::move(row));
  }

  static std::string CellOf(uint32_t item, uint64_t amount) {
    return amount == 0 ? "-" : AmountCell(item, amount);
  }

  void AddRow(const std::string& title, const ItemAmounts& amounts) {
    AddCells(title, [&](uint32_t i) { return CellOf(i, amounts[i]); });
  }

  void AddTotals() {
    AddCells("used", [this](uint32_t i) {
      return CellOf(i, account_.used[i]) +
             (AtSoftLimit(account_, i) ? "!" : "");
    });
    AddCells("soft limit",
             [this](uint32_t i) { return CellOf(i, account_.soft[i]); });
    AddCells("limit", [this](uint32_t i) {
      return HasLimit(account_, i) ? AmountCell(i, account_.limit[i]) : "-";
    });
  }

  std::string JsonLine() const {
    Json json = AccountJson(account_);
    json["holders"] = Json::array();
    for (const AccountHolder& holder : found_.holders)
      json["holders"].push_back({{"kind", base::KindName(holder.kind)},
                                 {"id", holder.id},
                                 {"name", holder.name},
                                 {"holds", AmountsJson(holder.holds)}});
    json["accounts_below"] = found_.accounts_below;
    json["below"] = AmountsJson(found_.below);
    json["other"] = AmountsJson(found_.other);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

  const Snapshot& snapshot_;
  const ipc::AccountEntry& account_;
  const AccountHolders found_;
  TextTable table_;
};

}  // namespace

Listing ListAccount(const Snapshot& snapshot,
                    const ipc::AccountEntry& account) {
  return Detail(snapshot, account).Make();
}

}  // namespace keyport
