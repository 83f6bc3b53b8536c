// What schemas say of a traced message.
#pragma once

#include <string>

#include "services/decode/payload_schemas.h"
#include "services/tracer/message_table.h"

namespace keyport {

// Names its method, and decodes what was traced of its payload.
void DecodeMessage(const PayloadSchemas& schemas, const std::string& port,
                   TracedMessage* message);

}  // namespace keyport
