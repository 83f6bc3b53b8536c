// An interface of a Cap'n Proto schema: what a port's payloads mean. A
// message's label is the ordinal of a method, its payload a message whose root
// is the method's parameters, an answer's one with its results.
#pragma once

#include <capnp/schema.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/decode/payload_json.h"

namespace keyport {

enum class PayloadOf { kRequest, kAnswer };

class Interface {
 public:
  struct Method {
    uint32_t label;
    std::string name;
    capnp::StructSchema request;
    capnp::StructSchema answer;
    const capnp::StructSchema& of(PayloadOf which) const {
      return which == PayloadOf::kRequest ? request : answer;
    }
  };

  // "store.capnp:Store", or "store.capnp" if it has one interface only.
  // Imports are looked for from its place, those that begin with / below
  // /usr/include. An interface that extends another is refused.
  // Errors: invalid_argument with the line that is wrong; not_found;
  // permission_denied.
  static absl::StatusOr<Interface> Load(std::string_view words);

  const std::string& name() const { return name_; }
  const std::vector<Method>& methods() const { return methods_; }
  // Null if there is none.
  const Method* Find(uint32_t label) const;
  // By name, or by label in digits. Errors: not_found, naming those there are.
  absl::StatusOr<Method> FindNamed(const std::string& method) const;
  // "put @0 (key :Text, value :Data) -> ()", a line a method.
  std::string Text() const;

 private:
  struct Source;
  Interface(std::shared_ptr<Source> source, capnp::InterfaceSchema schema);

  std::shared_ptr<Source> source_;  // keeps what schemas refer to
  std::string name_;
  std::vector<Method> methods_;
};

}  // namespace keyport
