// PayloadSchemas: which interface tells of which port's payloads.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/decode/interface.h"

namespace keyport {

// Whether it is "PORT=FILE", whatever the file.
bool IsSchemaWord(std::string_view word);

class PayloadSchemas {
 public:
  // Each "PORT=FILE.capnp[:INTERFACE]", PORT being a name as tools print it.
  // Errors: those of Interface::Load; invalid_argument for other words, and for
  // a port named twice.
  absl::Status Add(const std::string& word);
  // Of a port that has none yet; else nothing.
  absl::Status AddUsual(const std::string& word);

  // Null: none was given for the port, or it has no such method.
  const Interface::Method* Find(const std::string& port, uint32_t label) const;
  bool empty() const { return by_port_.empty(); }

 private:
  std::map<std::string, Interface, std::less<>> by_port_;
};

}  // namespace keyport
