#include "services/supervisor/output.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace keyport {
namespace {

constexpr std::array<const char*, 6> kColours = {
    "\033[36m", "\033[33m", "\033[32m", "\033[35m", "\033[34m", "\033[31m"};
constexpr char kBold[] = "\033[1m";
constexpr char kPlain[] = "\033[0m";

// Gives up when the reader is gone: the graph goes on without one.
void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

Output::Output(size_t name_width, Colour colour, Services services)
    : name_width_(std::max(name_width, std::string_view("keyport").size())),
      services_(services == Services::kOutput ? STDOUT_FILENO : STDERR_FILENO) {
  const bool wanted =
      colour == Colour::kIfTerminal && std::getenv("NO_COLOR") == nullptr;
  colour_out_ = wanted && isatty(services_) == 1;
  colour_err_ = wanted && isatty(STDERR_FILENO) == 1;
}

std::string Output::Prefix(std::string_view name, const char* colour) const {
  std::string prefix(name);
  prefix.resize(std::max(name_width_, name.size()), ' ');
  prefix += " |";
  if (colour != nullptr) prefix = colour + prefix + kPlain;
  return prefix + " ";
}

void Output::Line(std::string_view name, size_t number, std::string_view line) {
  const char* colour =
      colour_out_ ? kColours[number % kColours.size()] : nullptr;
  std::string text = Prefix(name, colour);
  text.append(line).push_back('\n');
  WriteAll(services_, text);
}

void Output::Note(std::string_view name, std::string_view line) {
  std::string text = Prefix(name, colour_err_ ? kBold : nullptr);
  text.append(line).push_back('\n');
  WriteAll(STDERR_FILENO, text);
}

}  // namespace keyport
