// What schemas say of a traced message.
#pragma once

#include <cstdint>
#include <string>

#include "services/decode/payload_schemas.h"
#include "services/tracer/message_table.h"

namespace keyport {

// A payload of `all` bytes, of which there are these. `cut`: why there are not
// more, as in "12 of its 40 bytes were traced (--snaplen)". Empty bytes are
// nothing to decode.
DecodedPayload DecodePayload(const std::string& bytes, uint64_t all,
                             const capnp::StructSchema& schema,
                             const std::string& cut);

// Names its method, and decodes what was traced of its payload.
void DecodeMessage(const PayloadSchemas& schemas, const std::string& port,
                   TracedMessage* message);

}  // namespace keyport
