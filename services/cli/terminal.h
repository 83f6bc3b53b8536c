// Terminal: a terminal's whole screen, drawn on from the top; the keys that
// are pressed; its size. What was on the screen, and how the terminal took
// keys, comes back when it ends, is stopped, or the program dies of a signal.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace keyport {

enum class LineStyle { kPlain, kHeading, kSelected };
// Printable ASCII, no wider than the screen.
struct ScreenLine {
  std::string text;
  LineStyle style = LineStyle::kPlain;
};

struct ScreenSize {
  size_t columns = 80;
  size_t lines = 24;
};

// A key is the character it types, or one of these.
enum Key : int { kKeyUp = 0x100, kKeyDown, kKeyEnter, kKeyEscape };

class Terminal {
 public:
  // Whether both are terminals, and can be drawn on.
  static bool Usable(int input, int output);
  // One at a time. Errors: bad_state: it takes no settings.
  static absl::StatusOr<std::unique_ptr<Terminal>> Open(int input, int output);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  ScreenSize size() const;
  // False: nobody sees it any more.
  bool Draw(const std::vector<ScreenLine>& lines);
  // What was pressed. Waits for a key. False: no more will come.
  bool ReadKeys(std::vector<int>* keys);

  // Readable when HandleSignals has something to do: the size has changed, or
  // the user stops the program (Ctrl-Z), or lets it go on.
  int signals() const;
  void HandleSignals();

 private:
  Terminal(int input, int output);

  const int input_;
  const int output_;
};

// The keys in what a terminal sent; sequences that mean none are left out.
std::vector<int> KeysIn(std::string_view bytes);
// What to send to draw these lines, at most as many as the screen has.
std::string DrawingOf(const std::vector<ScreenLine>& lines, ScreenSize size);

}  // namespace keyport
