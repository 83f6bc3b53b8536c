// A payload that is a Cap'n Proto message, as JSON.
#pragma once

#include <capnp/schema.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace keyport {

// One message in the standard framing (capnp::messageToFlatArray), whose root
// is such a struct. Text is text, Data is "0x" and hexadecimal, an enumerant
// its name, or its number if the schema does not know it; of a union there is
// the member that is set; capabilities are "capability": what a handle of a
// message refers to is no part of its payload.
// The bytes may be anybody's. Units: what comes out is at most PayloadJsonMost
// bytes, counting a value as 16.
// Errors: invalid_argument, and what is wrong with the bytes, or that it would
// be more; resource_exhausted.
absl::StatusOr<nlohmann::ordered_json> PayloadJson(std::string_view bytes,
                                                   capnp::StructSchema schema);
size_t PayloadJsonMost(size_t bytes);

// A line of it, fit for a terminal: all but plain ASCII is escaped.
std::string JsonText(const nlohmann::ordered_json& json);

}  // namespace keyport
