#include "services/cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "ipc/status.h"

namespace keyport {
namespace {

// Alternate screen, no cursor, no wrapping of long lines.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

// The signals that end a program which has made no other arrangement, and
// those that concern the screen.
constexpr std::array kFatal = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT,
                               SIGBUS,  SIGFPE, SIGSEGV, SIGSYS};
constexpr std::array kScreenSignals = {SIGWINCH, SIGTSTP, SIGCONT};

// A signal handler can reach nothing else.
struct Entered {
  int input = -1;
  int output = -1;
  termios before = {};
  volatile sig_atomic_t active = 0;
  int pipe[2] = {-1, -1};
} entered;

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put > 0) {
      text.remove_prefix(static_cast<size_t>(put));
    } else if (errno == EAGAIN) {
      pollfd entry = {fd, POLLOUT, 0};
      poll(&entry, 1, 1'000);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// Async-signal-safe.
void Leave() {
  if (entered.active == 0) return;
  entered.active = 0;
  WriteAll(entered.output, kLeave);
  tcsetattr(entered.input, TCSANOW, &entered.before);
}

// Ctrl-C and the like stay signals.
bool Enter() {
  termios raw = entered.before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (tcsetattr(entered.input, TCSANOW, &raw) != 0) return false;
  entered.active = 1;
  return WriteAll(entered.output, kEnter);
}

// Its handler was reset: the signal now ends the program.
void OnFatal(int number) {
  Leave();
  raise(number);
}

void OnScreen(int number) {
  const int error = errno;
  const auto byte = static_cast<uint8_t>(number);
  if (write(entered.pipe[1], &byte, 1) != 1) {
    // Full: signals are waiting to be handled already.
  }
  errno = error;
}

void Handle(int number, void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(number, &action, nullptr);
}

void Stop() {
  Leave();
  Handle(SIGTSTP, SIG_DFL, 0);
  raise(SIGTSTP);
  // Goes on here.
  Handle(SIGTSTP, OnScreen, SA_RESTART);
}

// The key of what follows ESC [ or ESC O; 0: none that is known.
int KeyOfSequence(char last) {
  if (last == 'A') return kKeyUp;
  if (last == 'B') return kKeyDown;
  return 0;
}

// Bytes of the sequence that begins with ESC at the start.
size_t SequenceBytes(std::string_view bytes) {
  if (bytes.size() < 2 || (bytes[1] != '[' && bytes[1] != 'O')) return 1;
  size_t end = 2;
  while (end < bytes.size() && (bytes[end] < 0x40 || bytes[end] > 0x7e)) ++end;
  return std::min(end + 1, bytes.size());
}

const char* StyleBegins(LineStyle style) {
  switch (style) {
    case LineStyle::kHeading:
      return "\x1b[1m";
    case LineStyle::kSelected:
      return "\x1b[7m";
    case LineStyle::kPlain:
      break;
  }
  return "";
}

}  // namespace

bool Terminal::Usable(int input, int output) {
  const char* kind = std::getenv("TERM");
  return isatty(input) == 1 && isatty(output) == 1 && kind != nullptr &&
         std::strcmp(kind, "dumb") != 0;
}

absl::StatusOr<std::unique_ptr<Terminal>> Terminal::Open(int input,
                                                         int output) {
  if (entered.active != 0 || tcgetattr(input, &entered.before) != 0 ||
      pipe2(entered.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    return ipc::MakeStatus(ipc::Error::bad_state,
                           "this terminal cannot be set up");
  return std::unique_ptr<Terminal>(new Terminal(input, output));
}

Terminal::Terminal(int input, int output) : input_(input), output_(output) {
  entered.input = input;
  entered.output = output;
  for (const int number : kFatal)
    Handle(number, OnFatal, static_cast<int>(SA_RESETHAND));
  for (const int number : kScreenSignals) Handle(number, OnScreen, SA_RESTART);
  Enter();
}

Terminal::~Terminal() {
  Leave();
  for (const int number : kFatal) Handle(number, SIG_DFL, 0);
  for (const int number : kScreenSignals) Handle(number, SIG_DFL, 0);
  for (int& fd : entered.pipe) close(std::exchange(fd, -1));
}

ScreenSize Terminal::size() const {
  winsize size = {};
  if (ioctl(output_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
      size.ws_row == 0)
    return {};
  return {size.ws_col, size.ws_row};
}

bool Terminal::Draw(const std::vector<ScreenLine>& lines) {
  return WriteAll(output_, DrawingOf(lines, size()));
}

bool Terminal::ReadKeys(std::vector<int>* keys) {
  char bytes[256];
  const ssize_t got = read(input_, bytes, sizeof(bytes));
  if (got > 0) *keys = KeysIn({bytes, static_cast<size_t>(got)});
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

int Terminal::signals() const { return entered.pipe[0]; }

void Terminal::HandleSignals() {
  uint8_t number = 0;
  while (read(entered.pipe[0], &number, 1) == 1) {
    if (number == SIGTSTP) Stop();
    if (number == SIGTSTP || number == SIGCONT) Enter();
  }
}

std::vector<int> KeysIn(std::string_view bytes) {
  std::vector<int> keys;
  while (!bytes.empty()) {
    size_t length = 1;
    int key = static_cast<unsigned char>(bytes[0]);
    if (key == '\r' || key == '\n') key = kKeyEnter;
    if (key == '\x1b') {
      length = SequenceBytes(bytes);
      key = length == 1 ? int{kKeyEscape} : KeyOfSequence(bytes[length - 1]);
    }
    if (key != 0) keys.push_back(key);
    bytes.remove_prefix(length);
  }
  return keys;
}

// Overwrites what is there, so that nothing flickers; terminals that can show
// it all at once are asked to.
std::string DrawingOf(const std::vector<ScreenLine>& lines, ScreenSize size) {
  std::string text = "\x1b[?2026h";
  const size_t shown = std::min(lines.size(), size.lines);
  for (size_t i = 0; i < shown; ++i) {
    const ScreenLine& line = lines[i];
    text += "\x1b[" + std::to_string(i + 1) + ";1H";
    text += StyleBegins(line.style);
    text += line.text.substr(0, size.columns);
    if (line.style != LineStyle::kPlain) text += "\x1b[0m";
    if (line.text.size() < size.columns) text += "\x1b[K";
  }
  if (shown < size.lines)
    text += "\x1b[" + std::to_string(shown + 1) + ";1H\x1b[J";
  return text + "\x1b[?2026l";
}

}  // namespace keyport
