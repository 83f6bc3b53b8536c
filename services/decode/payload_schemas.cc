#include "services/decode/payload_schemas.h"

#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace keyport {

bool IsSchemaWord(std::string_view word) {
  const size_t equals = word.find('=');
  return equals != 0 && equals != std::string_view::npos &&
         equals + 1 < word.size();
}

namespace {

struct PortWords {
  std::string port;
  std::string schema;
};
absl::StatusOr<PortWords> SplitPort(const std::string& words) {
  const size_t equals = words.find('=');
  if (!IsSchemaWord(words))
    return absl::InvalidArgumentError(
        absl::StrCat("a schema is told as PORT=FILE.capnp[:INTERFACE], not as "
                     "\"",
                     words, "\""));
  return PortWords{words.substr(0, equals), words.substr(equals + 1)};
}

}  // namespace

absl::Status PayloadSchemas::Add(const std::string& port,
                                 std::string_view schema) {
  auto interface = Interface::Load(schema);
  if (!interface.ok()) return interface.status();
  by_port_.emplace(port, *std::move(interface));
  return absl::OkStatus();
}

absl::StatusOr<PayloadSchemas> PayloadSchemas::Load(
    const std::vector<std::string>& words, const char* usual) {
  PayloadSchemas schemas;
  for (const std::string& one : words) {
    const auto split = SplitPort(one);
    if (!split.ok()) return split.status();
    if (schemas.by_port_.contains(split->port))
      return absl::InvalidArgumentError(
          absl::StrCat("port \"", split->port,
                       "\" is given two schemas; one tells of all its "
                       "methods"));
    if (auto added = schemas.Add(split->port, split->schema); !added.ok())
      return added;
  }
  std::istringstream more(usual == nullptr ? "" : usual);
  for (std::string one; more >> one;) {
    const auto split = SplitPort(one);
    if (!split.ok()) return split.status();
    if (schemas.by_port_.contains(split->port)) continue;
    if (auto added = schemas.Add(split->port, split->schema); !added.ok())
      return added;
  }
  return schemas;
}

const Interface::Method* PayloadSchemas::Find(const std::string& port,
                                              uint32_t label) const {
  const auto found = by_port_.find(port);
  return found == by_port_.end() ? nullptr : found->second.Find(label);
}

}  // namespace keyport
