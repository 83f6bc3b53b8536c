#include "services/supervisor/toml_limits.h"

#include "libipc/base/names.h"

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

}  // namespace keyport
