// `keyport decode`: a payload's bytes by a schema.
#pragma once

#include <string>

#include "services/decode/interface.h"

namespace keyport {

enum class BytesAre { kRaw, kHex };

struct DecodeOptions {
  std::string schema;  // FILE.capnp[:INTERFACE]
  std::string method;  // its name or label; "": lists them
  PayloadOf which = PayloadOf::kRequest;
  BytesAre bytes = BytesAre::kRaw;
};
// Reads a payload from standard input and prints it as JSON. Returns 0; 1 after
// saying what is wrong.
int RunDecode(const DecodeOptions& options);

}  // namespace keyport
