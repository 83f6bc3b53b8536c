#include "services/decode/decode_message.h"

namespace keyport {

DecodedPayload DecodePayload(const std::string& bytes, uint64_t all,
                             const capnp::StructSchema& schema,
                             const std::string& cut) {
  if (bytes.empty()) return {};
  if (bytes.size() < all)
    return {"", std::to_string(bytes.size()) + " of its " +
                    std::to_string(all) + " bytes were " + cut};
  const auto json = PayloadJson(bytes, schema);
  if (!json.ok()) return {"", std::string(json.status().message())};
  return {JsonText(*json), ""};
}

void DecodeMessage(const PayloadSchemas& schemas, const std::string& port,
                   TracedMessage* message) {
  const Interface::Method* method = schemas.Find(port, message->label);
  if (method == nullptr) return;
  const std::string cut = "traced (--snaplen)";
  message->decoded = {method->name,
                      DecodePayload(message->request, message->payload_bytes,
                                    method->request, cut),
                      DecodePayload(message->answer, message->answer_bytes,
                                    method->answer, cut)};
}

}  // namespace keyport
