#include "services/decode/payload_comment.h"

#include "ipc/trace.h"
#include "services/decode/decode_message.h"

namespace keyport {
namespace {

constexpr size_t kCommentBytesMost = UINT16_MAX;  // of a pcapng option

}  // namespace

std::string PayloadComment(const PayloadSchemas& schemas,
                           const std::string& port,
                           const RecordedHeader& header,
                           std::string_view payload) {
  const auto kind = static_cast<ipc::TraceKind>(header.kind);
  if (kind < ipc::TraceKind::send || kind > ipc::TraceKind::block) return "";
  const Interface::Method* method = schemas.Find(port, header.label);
  if (method == nullptr) return "";
  const bool answers =
      kind == ipc::TraceKind::reply || kind == ipc::TraceKind::outcome;
  const DecodedPayload decoded = DecodePayload(
      std::string(payload), header.payload_bytes,
      answers ? method->answer : method->request, "recorded (--snaplen)");
  const std::string head =
      std::string("keyport ") + (answers ? "< " : "> ") + method->name;
  if (!decoded.problem.empty()) return head + " (" + decoded.problem + ")";
  if (decoded.json.empty()) return head;
  if (head.size() + 1 + decoded.json.size() > kCommentBytesMost)
    return head + " (it is longer than a comment can be)";
  return head + " " + decoded.json;
}

}  // namespace keyport
