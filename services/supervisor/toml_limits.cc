#include "services/supervisor/toml_limits.h"

#include "libipc/base/names.h"
#include "services/common/trace_labels.h"

namespace keyport {
namespace {

std::vector<std::string> ItemNames() {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
    names.push_back(base::AccountItemName(ipc::abi::AccountItem{i}));
  return names;
}

ipc::AccountLimits ReadTable(TomlFields* fields, const char* key) {
  ipc::AccountLimits limits;
  const toml::table* table = fields->Table(key);
  if (table == nullptr) return limits;
  TomlFields values(*table, key + (" of " + fields->where()),
                    fields->problems());
  const std::vector<std::string> names = ItemNames();
  values.AllowOnly(names);
  for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
    limits.At(ipc::abi::AccountItem{i}) = static_cast<uint64_t>(
        values.Integer(names[i], {1, TomlFields::kAny}).value_or(0));
  return limits;
}

void ReadTraceLabels(TomlFields* values, ipc::TraceLimits* limits) {
  const std::optional<Word> word = values->Text("labels");
  if (!word) return;
  const std::optional<ipc::TraceLabels> labels = ReadLabels(word->text);
  if (!labels) {
    values->Note(word->at, "\"labels\" in " + values->where() + " is \"" +
                               word->text +
                               "\"; expected a label or a range, as \"4\" or "
                               "\"4-9\"");
    return;
  }
  limits->label_first = labels->first;
  limits->label_last = labels->last;
}

void ReadTraceSnaplen(TomlFields* values, bool payload,
                      ipc::TraceLimits* limits) {
  const auto snaplen = values->Integer("snaplen", {1, ipc::abi::kTraceSnapMax});
  if (!snaplen) return;
  limits->snaplen_max = static_cast<uint32_t>(*snaplen);
  if (!payload)
    values->Note(PositionOf(values->table().get("snaplen")->source()),
                 "\"snaplen\" in " + values->where() +
                     " limits what is in the messages, which it may not "
                     "trace; expected payload = true");
}

}  // namespace

ipc::AccountLimits ReadLimits(TomlFields* fields) {
  return ReadTable(fields, kLimits);
}

ipc::AccountLimits ReadSoftLimits(TomlFields* fields,
                                  ipc::AccountLimits limits) {
  ipc::AccountLimits soft = ReadTable(fields, kSoftLimits);
  const std::vector<std::string> names = ItemNames();
  for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i) {
    const uint64_t limit = limits.At(ipc::abi::AccountItem{i});
    const uint64_t from = soft.At(ipc::abi::AccountItem{i});
    if (limit == 0 || from <= limit) continue;
    const toml::node* node = fields->table().get(kSoftLimits);
    fields->Note(PositionOf(node->as_table()->get(names[i])->source()),
                 "the soft limit of " + names[i] + " in " + fields->where() +
                     " is " + std::to_string(from) + ", but the limit is " +
                     std::to_string(limit));
  }
  return soft;
}

ipc::TraceLimits ReadTraceLimits(TomlFields* fields, bool payload) {
  ipc::TraceLimits limits;
  const toml::table* table = fields->Table(kTraceLimits);
  if (table == nullptr) return limits;
  TomlFields values(*table,
                    std::string(kTraceLimits) + " of " + fields->where(),
                    fields->problems());
  values.AllowOnly({"snaplen", "labels", "rate"});
  if (table->empty())
    values.Note(values.at(), values.where() +
                                 " limits nothing; expected snaplen, labels "
                                 "or rate");
  ReadTraceSnaplen(&values, payload, &limits);
  ReadTraceLabels(&values, &limits);
  if (const auto rate = values.Integer("rate", {1, ipc::abi::kTraceRateMax}))
    limits.rate_max = static_cast<uint32_t>(*rate);
  return limits;
}

}  // namespace keyport
