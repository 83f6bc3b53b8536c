#include "services/tracer/payload_text.h"

#include <algorithm>
#include <cstdio>

#include "services/common/text_table.h"

namespace keyport {
namespace {

constexpr size_t kHexBytesALine = 16;
constexpr size_t kTextBytesALine = 64;
constexpr char kIndent[] = "    ";

bool IsText(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n';
  });
}

std::string HexLine(size_t at, std::string_view bytes) {
  char text[32];
  std::snprintf(text, sizeof(text), "%04zx ", at);
  std::string line = text;
  for (size_t i = 0; i < kHexBytesALine; ++i) {
    if (i < bytes.size())
      std::snprintf(text, sizeof(text), " %02x",
                    static_cast<unsigned char>(bytes[i]));
    line += i < bytes.size() ? text : "   ";
  }
  line += "  ";
  for (const char c : bytes) line += c >= 0x20 && c < 0x7f ? c : '.';
  return line;
}

// `word`: ">" or "<".
void Append(std::string* out, const char* word, std::string_view bytes) {
  const bool text = IsText(bytes);
  const size_t most = text ? kTextBytesALine : kHexBytesALine;
  for (size_t at = 0; at < bytes.size(); at += most) {
    const std::string_view part = bytes.substr(at, most);
    *out += kIndent;
    *out += word;
    *out += ' ';
    *out += text ? Printable(part) : HexLine(at, part);
    *out += '\n';
  }
}

void AppendLine(std::string* out, const char* word, const std::string& text) {
  *out += kIndent + (word + (' ' + Printable(text))) + '\n';
}

void AppendPart(std::string* out, const char* word, const std::string& method,
                const DecodedPayload& decoded, std::string_view bytes) {
  if (!decoded.json.empty())
    return AppendLine(out, word, method + ' ' + decoded.json);
  if (!decoded.problem.empty())
    AppendLine(out, word, method + ": " + decoded.problem);
  Append(out, word, bytes);
}

}  // namespace

std::string HexOf(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string PayloadLines(const TracedMessage& message) {
  std::string text;
  const DecodedMessage& decoded = message.decoded;
  AppendPart(&text, ">", decoded.method, decoded.request, message.request);
  AppendPart(&text, "<", decoded.method, decoded.answer, message.answer);
  return text;
}

}  // namespace keyport
