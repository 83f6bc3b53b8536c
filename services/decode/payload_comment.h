// What a schema says of a recorded message, as the comment of its packet.
#pragma once

#include <string>
#include <string_view>

#include "services/decode/payload_schemas.h"
#include "services/tracer/recording_layout.h"

namespace keyport {

// `keyport > put {"key":"key 1"}` for what was sent, `keyport < put
// {"values":3}` for what was answered; the method alone where there is no
// payload; in brackets why it is not decoded. "" for records of no message, and
// where the schemas tell nothing of the port or the label.
std::string PayloadComment(const PayloadSchemas& schemas,
                           const std::string& port,
                           const RecordedHeader& header,
                           std::string_view payload);

}  // namespace keyport
