// Browser: a headless Chromium that a test looks through, clicks and types in.
// It is driven by the DevTools protocol over two pipes, so nothing listens
// anywhere. Source: https://chromedevtools.github.io/devtools-protocol
#pragma once

#include <sys/types.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libipc/base/unique_fd.h"
#include "tests/integration/support/running.h"

namespace integration {

class Browser {
 public:
  using Json = nlohmann::json;

  // Whether there is one on this machine.
  static bool IsInstalled();

  Browser();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  // Opens a page of Keyport's and waits until it says that it is ready.
  void Open(const std::string& path, const std::string& fragment = "");
  // What a JavaScript expression gives; a promise is waited for.
  Json Evaluate(const std::string& expression);
  // Until the expression is true. Whether it was.
  bool WaitUntil(const std::string& expression);
  // The text of the first element that fits.
  std::string TextOf(const std::string& selector);

  // At the middle of the first element that fits.
  void Click(const std::string& selector);
  void ClickAt(double x, double y);
  void Drag(double x, double y, double to_x, double to_y);
  void Wheel(double x, double y, double delta_y);
  // A key by its name ("Enter", "j"), and a text as if typed.
  void Press(const std::string& key);
  void Type(const std::string& text);
  void PreferDark(bool dark);
  // A picture of what it shows, as a PNG file.
  void Screenshot(const std::string& path);

  // So far: addresses asked for, and errors, warnings and broken policies.
  const std::vector<std::string>& requests() const { return requests_; }
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  Json Call(const std::string& method, Json parameters = Json::object());
  // The next message of the browser; an empty object when there is none.
  Json Receive();
  void Note(const Json& event);
  void Mouse(const char* type, double x, double y, int buttons);

  Folder profile_;
  pid_t pid_ = -1;
  base::UniqueFd commands_;
  base::UniqueFd answers_;
  std::string unread_;
  std::string session_;
  int calls_ = 0;
  bool broken_ = false;  // it does not answer; said once
  std::vector<std::string> requests_;
  std::vector<std::string> complaints_;
};

}  // namespace integration
