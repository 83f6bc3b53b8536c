#include "services/decode/payload_schemas.h"

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

absl::Status PayloadSchemas::Add(const std::string& word) {
  const auto split = SplitPort(word);
  if (!split.ok()) return split.status();
  auto interface = Interface::Load(split->schema);
  if (!interface.ok()) return interface.status();
  if (!by_port_.emplace(split->port, *std::move(interface)).second)
    return absl::InvalidArgumentError(
        absl::StrCat("port \"", split->port,
                     "\" is given two schemas; one tells of all its methods"));
  return absl::OkStatus();
}

absl::Status PayloadSchemas::AddUsual(const std::string& word) {
  const auto split = SplitPort(word);
  if (!split.ok()) return split.status();
  return by_port_.contains(split->port) ? absl::OkStatus() : Add(word);
}

const Interface::Method* PayloadSchemas::Find(const std::string& port,
                                              uint32_t label) const {
  const auto found = by_port_.find(port);
  return found == by_port_.end() ? nullptr : found->second.Find(label);
}

}  // namespace keyport
