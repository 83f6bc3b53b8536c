#include "services/decode/decode_message.h"

namespace keyport {
namespace {

// Of `all` bytes these were traced.
DecodedPayload Decode(const std::string& bytes, uint32_t all,
                      const capnp::StructSchema& schema) {
  if (bytes.empty()) return {};
  if (bytes.size() < all)
    return {"", std::to_string(bytes.size()) + " of its " +
                    std::to_string(all) + " bytes were traced (--snaplen)"};
  const auto json = PayloadJson(bytes, schema);
  if (!json.ok()) return {"", std::string(json.status().message())};
  return {JsonText(*json), ""};
}

}  // namespace

void DecodeMessage(const PayloadSchemas& schemas, const std::string& port,
                   TracedMessage* message) {
  const Interface::Method* method = schemas.Find(port, message->label);
  if (method == nullptr) return;
  message->decoded = {
      method->name,
      Decode(message->request, message->payload_bytes, method->request),
      Decode(message->answer, message->answer_bytes, method->answer)};
}

}  // namespace keyport
