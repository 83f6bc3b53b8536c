// PageTest: a test that looks at the page of a recording in a headless
// Chromium. Skipped where there is none, but not in CI, which has one.
#pragma once

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "services/common/text_table.h"
#include "tests/integration/support/browser.h"
#include "tests/integration/support/graph_test.h"
#include "tests/integration/support/made_up_traffic.h"

namespace integration {

using Json = nlohmann::json;

class PageTest : public GraphTest {
 protected:
  void SetUp() override {
    if (Browser::IsInstalled()) return;
    if (std::getenv("CI") != nullptr)
      FAIL() << "CI installs chromium, and it is not there";
    GTEST_SKIP() << "chromium is not installed: nobody looks at the page";
  }

  static void TearDownTestSuite() { browser_.reset(); }

  std::string file() const { return folder_.path() + "/out.pcapng"; }
  std::string page() const { return folder_.path() + "/out.html"; }

  // Calls that go through two services.
  void RecordChain(std::vector<std::string> options = {}) {
    auto graph =
        Start("[graph]\nname = 'chain'\n[port.front]\n[port.store]\n" +
              Service("store", "'echo', 'store'", "provides = ['store']") +
              Service("front", "'relay', 'front', 'store'",
                      "provides = ['front']\nuses = ['store']") +
              Service("client", "'call-often', 'front', 'hi'",
                      "uses = ['front']\ninstances = 2"));
    ASSERT_TRUE(graph->WaitFor("listening")) << graph->output();
    options.insert(options.begin(), {"record", "-n", "200", file()});
    const Finished record = Tool(options);
    ASSERT_EQ(record.exit_code, 0) << record.output;
    Export();
  }

  void Export(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"export", file(), "--html", page()});
    const Finished exported = Tool(options);
    ASSERT_EQ(exported.exit_code, 0) << exported.output;
  }

  // A browser with the page in it.
  Browser& Look(const std::string& fragment = "") {
    if (!browser_) browser_ = std::make_unique<Browser>();
    browser_->PreferDark(false);
    browser_->Open(page(), fragment);
    return *browser_;
  }

  // What `keyport trace` says of the recording.
  std::vector<Json> Traced(std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {"trace", "--from", file(), "--json"});
    return LinesOf(Tool(words).output);
  }
  static std::vector<Json> LinesOf(const std::string& output) {
    std::vector<Json> lines;
    std::istringstream text(output);
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("{")) lines.push_back(Json::parse(line));
    return lines;
  }

  void ExpectPeace() const {
    EXPECT_TRUE(browser_->complaints().empty()) << browser_->complaints()[0];
    for (const std::string& request : browser_->requests())
      EXPECT_TRUE(request.starts_with("file://" + page())) << request;
    EXPECT_EQ(browser_->Evaluate("performance.getEntriesByType('resource')"
                                 ".length"),
              0);
  }

  // A count's text without the narrow blanks between its thousands.
  std::string CountOf(const std::string& selector) const {
    std::string text = browser_->TextOf(selector);
    const std::string blank = "\u202f";
    for (size_t at; (at = text.find(blank)) != std::string::npos;)
      text.erase(at, blank.size());
    return text;
  }

  // The page's row of each port has the numbers of these lines.
  void ExpectTable(const std::vector<Json>& lines) const {
    int ports = 0;
    for (const Json& line : lines) {
      if (!line.contains("port_id") || !line.contains("summary")) continue;
      ++ports;
      const std::string row =
          "tr.port[data-port=\"" + line["port"].get<std::string>() + "\"] ";
      EXPECT_EQ(CountOf(row + "[data-count]"), line["messages"].dump());
      for (const char* of : {"queue", "work", "total"}) {
        const Json& times = line[of];
        const auto cell = [&](const char* what) {
          return browser_->TextOf(row + "[data-" + of + "=" + what + "]");
        };
        EXPECT_EQ(CountOf(row + "[data-" + of + "=count]"),
                  times["count"].dump());
        EXPECT_EQ(cell("p50"), keyport::DurationText(times["p50_ns"]))
            << row << of;
        EXPECT_EQ(cell("p99"), keyport::DurationText(times["p99_ns"]))
            << row << of;
        EXPECT_EQ(cell("max"), keyport::DurationText(times["max_ns"]))
            << row << of;
      }
    }
    EXPECT_EQ(browser_->Evaluate("document.querySelectorAll('#latency-table "
                                 "tr.port').length"),
              ports);
  }

  // One for all tests: it takes a second to start.
  static inline std::unique_ptr<Browser> browser_;
};

// Chains of three calls, the last of every hundredth fails.
inline void FillWithChains(uint64_t chains, MadeUpTraffic* traffic) {
  for (uint64_t i = 0; i < chains; ++i) {
    const uint64_t begin = 40'000 * i;
    const uint64_t work = 2'000 + i * 7'919 % 9'000;
    const auto error = i % 100 == 99 ? ipc::Error::timed_out : ipc::Error::ok;
    const uint64_t flow = 1 + i;
    const size_t client = i % 2;
    traffic->Add({client, 2, 0, begin, 1'500, 3 * work + 9'000,
                  3 * work + 11'000, flow, 1});
    traffic->Add({2, 3, 1, begin + 2'500, 800, work, work + 1'400, flow, 2});
    traffic->Add({2, 4, 2, begin + 5'500 + work, 900, work, work + 1'500, flow,
                  static_cast<uint32_t>(3 + i % 3), error});
  }
}
inline const std::vector<std::string> kServices = {"client.1", "client.2",
                                                   "front", "auth", "store"};
inline const std::vector<std::string> kPorts = {"front", "auth", "store"};

}  // namespace integration
