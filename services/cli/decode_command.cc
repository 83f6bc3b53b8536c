#include "services/cli/decode_command.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/status/status.h"
#include "services/cli/inspect_commands.h"

namespace keyport {
namespace {

constexpr size_t kBytesMost = 4 << 20;

absl::StatusOr<std::string> ReadInput() {
  std::string all;
  std::array<char, 65'536> part;
  size_t got;
  while ((got = std::fread(part.data(), 1, part.size(), stdin)) > 0) {
    all.append(part.data(), got);
    if (all.size() > kBytesMost)
      return absl::OutOfRangeError(
          "standard input has more than the 4 MiB that are decoded of a "
          "payload");
  }
  if (std::ferror(stdin) != 0)
    return absl::UnavailableError(std::string("cannot read standard input: ") +
                                  std::strerror(errno));
  return all;
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// White space may stand between bytes.
absl::StatusOr<std::string> FromHex(const std::string& text) {
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    const int digit = DigitOf(c);
    if (digit < 0)
      return absl::InvalidArgumentError(
          "standard input is not in hexadecimal, as --hex says: it has a "
          "character that is no digit of that");
    if (high >= 0) bytes += static_cast<char>(high * 16 + digit);
    high = high >= 0 ? -1 : digit;
  }
  if (high >= 0)
    return absl::InvalidArgumentError(
        "standard input ends in the middle of a byte: --hex wants two digits "
        "for each");
  return bytes;
}

absl::StatusOr<std::string> Decoded(const DecodeOptions& options) {
  const auto interface = Interface::Load(options.schema);
  if (!interface.ok()) return interface.status();
  if (options.method.empty()) return interface->Text();
  const auto method = interface->FindNamed(options.method);
  if (!method.ok()) return method.status();
  auto bytes = ReadInput();
  if (bytes.ok() && options.bytes == BytesAre::kHex) bytes = FromHex(*bytes);
  if (!bytes.ok()) return bytes.status();
  const auto json = PayloadJson(*bytes, method->of(options.which));
  if (!json.ok())
    return absl::InvalidArgumentError("standard input cannot be decoded: " +
                                      std::string(json.status().message()));
  return JsonText(*json) + "\n";
}

}  // namespace

int RunDecode(const DecodeOptions& options) {
  const auto text = Decoded(options);
  if (!text.ok()) return Complain(text.status());
  if (std::fwrite(text->data(), 1, text->size(), stdout) != text->size() ||
      std::fflush(stdout) != 0)
    return Complain(absl::UnavailableError(
        std::string("cannot write to standard output: ") +
        std::strerror(errno)));
  return 0;
}

}  // namespace keyport
