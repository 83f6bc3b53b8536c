#include "tests/integration/support/browser.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "absl/strings/escaping.h"

namespace integration {
namespace {

constexpr char kChromium[] = "/usr/bin/chromium";
// Where Chromium reads commands and writes answers.
constexpr int kCommandsFd = 3;
constexpr int kAnswersFd = 4;

// In the new process; never returns.
[[noreturn]] void Become(int commands, int answers,
                         const std::string& profile) {
  // Neither may be in the other's place.
  const int in = fcntl(commands, F_DUPFD, 10);
  const int out = fcntl(answers, F_DUPFD, 10);
  dup2(in, kCommandsFd);
  dup2(out, kAnswersFd);
  const int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  setpgid(0, 0);
  const std::string folder = "--user-data-dir=" + profile;
  execl(kChromium, kChromium, "--headless", "--no-sandbox", "--disable-gpu",
        "--remote-debugging-pipe", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update",
        "--disable-dev-shm-usage", "--window-size=1440,900", folder.c_str(),
        "about:blank", static_cast<char*>(nullptr));
  _exit(127);
}

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump();
}

}  // namespace

bool Browser::IsInstalled() { return access(kChromium, X_OK) == 0; }

Browser::Browser() {
  int commands[2];
  int answers[2];
  if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
    std::abort();
  const base::UniqueFd its_commands(commands[0]);
  const base::UniqueFd its_answers(answers[1]);
  commands_.Reset(commands[1]);
  answers_.Reset(answers[0]);
  pid_ = fork();
  if (pid_ == 0) Become(its_commands.get(), its_answers.get(), profile_.path());
  const Json target = Call("Target.createTarget", {{"url", "about:blank"}});
  session_ =
      Call("Target.attachToTarget",
           {{"targetId", target.value("targetId", "")}, {"flatten", true}})
          .value("sessionId", "");
  if (session_.empty()) broken_ = true;
  for (const char* part : {"Page", "Runtime", "Network", "Log"})
    Call(std::string(part) + ".enable");
}

Browser::~Browser() {
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);  // whatever is left of it
  waitpid(pid_, nullptr, 0);
}

nlohmann::json Browser::Receive() {
  size_t end;
  while ((end = unread_.find('\0')) == std::string::npos) {
    pollfd entry = {answers_.get(), POLLIN, 0};
    if (poll(&entry, 1, kPatienceMs) <= 0) return Json::object();
    char buffer[65'536];
    const ssize_t got = read(answers_.get(), buffer, sizeof(buffer));
    if (got <= 0) return Json::object();
    unread_.append(buffer, static_cast<size_t>(got));
  }
  Json message = Json::parse(unread_.substr(0, end));
  unread_.erase(0, end + 1);
  return message;
}

void Browser::Note(const Json& event) {
  const std::string method = event.value("method", "");
  if (method == "Network.requestWillBeSent")
    requests_.push_back(event["params"]["request"]["url"]);
  if (method == "Runtime.exceptionThrown" || method == "Log.entryAdded" ||
      method == "Runtime.consoleAPICalled")
    complaints_.push_back(event["params"].dump());
}

nlohmann::json Browser::Call(const std::string& method, Json parameters) {
  if (broken_) return Json::object();
  const int id = ++calls_;
  Json command = {{"id", id}, {"method", method}, {"params", parameters}};
  if (!session_.empty()) command["sessionId"] = session_;
  const std::string text = command.dump() + '\0';
  if (write(commands_.get(), text.data(), text.size()) !=
      static_cast<ssize_t>(text.size())) {
    broken_ = true;
    ADD_FAILURE() << "Chromium takes no commands any more";
    return Json::object();
  }
  while (true) {
    Json message = Receive();
    if (message.empty()) {
      broken_ = true;
      ADD_FAILURE() << "Chromium does not answer " << method;
      return message;
    }
    if (message.value("id", 0) == id) {
      EXPECT_FALSE(message.contains("error")) << message.dump();
      return message.value("result", Json::object());
    }
    Note(message);
  }
}

void Browser::Open(const std::string& path, const std::string& fragment) {
  Call("Page.navigate", {{"url", "about:blank"}});
  requests_.clear();
  complaints_.clear();
  Call("Page.navigate", {{"url", "file://" + path + fragment}});
  EXPECT_TRUE(WaitUntil("document.documentElement?.dataset.ready === 'yes'"));
}

nlohmann::json Browser::Evaluate(const std::string& expression) {
  const Json result = Call("Runtime.evaluate", {{"expression", expression},
                                                {"awaitPromise", true},
                                                {"returnByValue", true}});
  EXPECT_FALSE(result.contains("exceptionDetails"))
      << expression << ": " << result.dump();
  return result.value("result", Json::object()).value("value", Json());
}

bool Browser::WaitUntil(const std::string& expression) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  // The page's own frames are the clock.
  const std::string look =
      "new Promise((done) => setTimeout(() => done(Boolean(" + expression +
      ")), 10))";
  while (!broken_ && std::chrono::steady_clock::now() < deadline) {
    const Json seen = Call("Runtime.evaluate", {{"expression", look},
                                                {"awaitPromise", true},
                                                {"returnByValue", true}});
    if (seen.value("result", Json::object()).value("value", Json()) == true)
      return true;
  }
  return false;
}

std::string Browser::TextOf(const std::string& selector) {
  const Json text = Evaluate("document.querySelector(" + Quoted(selector) +
                             ")?.textContent ?? '(nothing)'");
  return text.is_string() ? text.get<std::string>() : "";
}

void Browser::Click(const std::string& selector) {
  const Json place = Evaluate(
      "(() => { const element = document.querySelector(" + Quoted(selector) +
      "); if (!element) return null; element.scrollIntoView({block: "
      "'nearest'}); const box = element.getBoundingClientRect(); return "
      "[box.x + box.width / 2, box.y + box.height / 2]; })()");
  ASSERT_TRUE(place.is_array()) << "nothing is " << selector;
  ClickAt(place[0], place[1]);
}

void Browser::Mouse(const char* type, double x, double y, int buttons) {
  const bool moves = std::string_view(type) == "mouseMoved";
  Call("Input.dispatchMouseEvent", {{"type", type},
                                    {"x", x},
                                    {"y", y},
                                    {"button", moves ? "none" : "left"},
                                    {"buttons", buttons},
                                    {"clickCount", moves ? 0 : 1}});
}

void Browser::ClickAt(double x, double y) { Drag(x, y, x, y); }

void Browser::Drag(double x, double y, double to_x, double to_y) {
  Mouse("mouseMoved", x, y, 0);
  Mouse("mousePressed", x, y, 1);
  if (x != to_x || y != to_y) {
    Mouse("mouseMoved", (x + to_x) / 2, (y + to_y) / 2, 1);
    Mouse("mouseMoved", to_x, to_y, 1);
  }
  Mouse("mouseReleased", to_x, to_y, 0);
}

void Browser::Wheel(double x, double y, double delta_y) {
  Call("Input.dispatchMouseEvent", {{"type", "mouseWheel"},
                                    {"x", x},
                                    {"y", y},
                                    {"deltaX", 0},
                                    {"deltaY", delta_y}});
}

void Browser::Press(const std::string& key) {
  Json event = {{"type", "keyDown"}, {"key", key}};
  if (key.size() == 1) event["text"] = key;
  if (key == "Enter") event["text"] = "\r";
  Call("Input.dispatchKeyEvent", event);
  Call("Input.dispatchKeyEvent", {{"type", "keyUp"}, {"key", key}});
}

void Browser::Type(const std::string& text) {
  Call("Input.insertText", {{"text", text}});
}

void Browser::PreferDark(bool dark) {
  Call("Emulation.setEmulatedMedia",
       {{"features",
         {{{"name", "prefers-color-scheme"},
           {"value", dark ? "dark" : "light"}}}}});
}

void Browser::Screenshot(const std::string& path) {
  std::string bytes;
  absl::Base64Unescape(Call("Page.captureScreenshot").value("data", ""),
                       &bytes);
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace integration
