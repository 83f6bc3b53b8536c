// keyport export --html: the page in a headless Chromium. Its numbers are
// those of the other commands. Skipped where there is no Chromium, but not in
// CI, which has one.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "services/common/text_table.h"
#include "services/tracer/html_page.h"
#include "tests/integration/support/browser.h"
#include "tests/integration/support/graph_test.h"
#include "tests/integration/support/made_up_traffic.h"

namespace integration {
namespace {

using Json = nlohmann::json;
using keyport::DurationText;

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

  // Calls that go through two services, and one that fails.
  void RecordChain() {
    auto graph =
        Start("[graph]\nname = 'chain'\n[port.front]\n[port.store]\n" +
              Service("store", "'echo', 'store'", "provides = ['store']") +
              Service("front", "'relay', 'front', 'store'",
                      "provides = ['front']\nuses = ['store']") +
              Service("client", "'call-often', 'front', 'hi'",
                      "uses = ['front']\ninstances = 2"));
    ASSERT_TRUE(graph->WaitFor("listening")) << graph->output();
    const Finished record = Tool({"record", "-n", "200", file()});
    ASSERT_EQ(record.exit_code, 0) << record.output;
    Export();
  }

  void Export() {
    const Finished exported = Tool({"export", file(), "--html", page()});
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
        EXPECT_EQ(cell("p50"), DurationText(times["p50_ns"])) << row << of;
        EXPECT_EQ(cell("p99"), DurationText(times["p99_ns"])) << row << of;
        EXPECT_EQ(cell("max"), DurationText(times["max_ns"])) << row << of;
      }
    }
    EXPECT_EQ(browser_->Evaluate("document.querySelectorAll('#latency-table "
                                 "tr.port').length"),
              ports);
  }

  // One for all tests: it takes a second to start.
  static std::unique_ptr<Browser> browser_;
};
std::unique_ptr<Browser> PageTest::browser_;

// Chains of three calls, the last of every hundredth fails.
void FillWithChains(uint64_t chains, MadeUpTraffic* traffic) {
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
const std::vector<std::string> kServices = {"client.1", "client.2", "front",
                                            "auth", "store"};
const std::vector<std::string> kPorts = {"front", "auth", "store"};

TEST_F(PageTest, ShowsTheNumbersThatTraceShows) {
  RecordChain();
  Browser& browser = Look();
  const std::vector<Json> traced = Traced();
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.messages"),
            traced.back()["messages"].dump());
  ExpectTable(traced);
  for (const char* fact : {"seen", "lost", "written"}) {
    const std::string title =
        std::string(fact) == "seen" ? "records seen" : fact;
    EXPECT_EQ(CountOf("[data-fact='" + title + "'] dd"),
              traced.back()[fact].dump());
  }
  EXPECT_EQ(browser.TextOf("[data-fact=command] dd"), "keyport record");
  ExpectPeace();
}

TEST_F(PageTest, AFilterLeavesWhatTraceLeaves) {
  RecordChain();
  Browser& browser = Look("#filter=service%3Dclient");
  ExpectTable(Traced({"--service", "client"}));
  Look("#filter=service%3Dfront%20direction%3Din");
  ExpectTable(Traced({"--service", "front", "--direction", "in"}));
  Look("#filter=service%3Dfront%20direction%3Dout");
  ExpectTable(Traced({"--service", "front", "--direction", "out"}));
  Look("#filter=port%3Dstore");
  const std::vector<Json> traced = Traced({"--port", "store"});
  ExpectTable(traced);
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.shown"),
            traced.back()["messages"].dump());
  Look("#filter=label%3D4%20total%3E0ns");
  int64_t counted = 0;
  for (const Json& line : Traced())
    counted += line.contains("flow") && line["label"] == 4 &&
               !line["total_ns"].is_null();
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.shown"),
            std::to_string(counted));
  ExpectPeace();
}

TEST_F(PageTest, AnErrorOfAFilterSaysWhere) {
  RecordChain();
  Browser& browser = Look("#filter=port%3Dstore");
  browser.Click("#filter");
  const std::map<std::string, int> wrong = {
      {"prot=store", 0},       {"port=store total>5", 17},
      {"direction=in", 0},     {"port=\"store", 5},
      {"label=x", 6},          {"total=1ms", 0},
      {"port=a port=b", 7},    {"service=", 8},
      {"flow=0xg error=OK", 5}};
  for (const auto& [filter, at] : wrong) {
    browser.Evaluate("document.getElementById('filter').value = ''");
    browser.Type(filter);
    EXPECT_EQ(
        browser.Evaluate("document.getElementById('filter-error').dataset.at"),
        std::to_string(at))
        << filter << ": " << browser.TextOf("#filter-error");
    EXPECT_EQ(browser.Evaluate("document.getElementById('filter')"
                               ".getAttribute('aria-invalid')"),
              "true");
  }
  // It never shows everything instead.
  EXPECT_EQ(browser.Evaluate("document.querySelectorAll('tr.port').length"), 1);
  Look("#filter=nonsense");
  EXPECT_FALSE(
      browser.Evaluate("document.getElementById('filter-error').hidden"));
  ExpectPeace();
}

TEST_F(PageTest, SelectsAWholeChain) {
  RecordChain();
  // The page's messages are in order of time.
  std::vector<Json> messages = Traced();
  std::erase_if(messages,
                [](const Json& line) { return !line.contains("flow"); });
  std::stable_sort(
      messages.begin(), messages.end(), [](const Json& a, const Json& b) {
        return a["time_ns"].get<uint64_t>() < b["time_ns"].get<uint64_t>();
      });
  const auto found = std::find_if(
      messages.begin() + 60, messages.end(), [](const Json& message) {
        return message["port"] == "front" && message["status"] == "ok";
      });
  ASSERT_NE(found, messages.end());
  const Json root = *found;
  const std::vector<Json> steps =
      LinesOf(Tool({"flow", file(), root["flow"], "--json"}).output);
  ASSERT_EQ(steps.size(), 2u);
  Browser& browser =
      Look("#select=" + std::to_string(found - messages.begin()));
  EXPECT_EQ(browser.Evaluate("document.getElementById('inspector')"
                             ".dataset.chain"),
            "2");
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string row =
        "#inspector .chain tbody tr:nth-child(" + std::to_string(i + 1) + ")";
    EXPECT_EQ(browser.TextOf(row + " button"),
              steps[i]["from"].get<std::string>() + " → " +
                  steps[i]["port"].get<std::string>() + " (" +
                  steps[i]["to"].get<std::string>() + ")");
    EXPECT_EQ(
        browser.Evaluate("document.querySelector('" + row + "').dataset.depth"),
        steps[i]["depth"].dump());
    EXPECT_EQ(browser.TextOf(row + " td:nth-child(2)"),
              DurationText(steps[i]["at_ns"]));
    EXPECT_EQ(browser.TextOf(row + " td:nth-child(5)"),
              DurationText(steps[i]["total_ns"]));
  }
  EXPECT_EQ(browser.TextOf("#inspector [data-field='own work'] dd"),
            DurationText(steps[0]["own_ns"]));
  // Its child, by its link.
  browser.Click("#inspector .chain tbody tr:nth-child(2) button");
  EXPECT_EQ(browser.TextOf("#inspector [data-field='caused by'] dd"),
            browser.TextOf("#inspector .chain tbody tr:nth-child(1) button"));
  ExpectPeace();
}

TEST_F(PageTest, AnswersMouseAndKeys) {
  MadeUpTraffic traffic(kServices, kPorts, "keyport record");
  FillWithChains(200, &traffic);
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  const auto has = [&](const std::string& fragment) {
    return browser.WaitUntil("location.hash.includes('" + fragment + "')");
  };
  browser.Wheel(700, 200, -400);
  EXPECT_TRUE(has("from=")) << browser.Evaluate("location.hash");
  const Json zoomed = browser.Evaluate("location.hash");
  browser.Drag(900, 200, 600, 200);
  EXPECT_TRUE(browser.WaitUntil("location.hash !== " + zoomed.dump()));
  browser.Click("#zoom-all");
  EXPECT_TRUE(browser.WaitUntil("!location.hash.includes('from=')"));
  // Arrows and boxes of the graph, by mouse and by keys.
  browser.Click(".node[data-service=auth]");
  EXPECT_TRUE(has("filter=service%3Dauth"));
  browser.Press("Enter");
  EXPECT_TRUE(browser.WaitUntil("!location.hash.includes('filter')"));
  // The filter, from the keyboard alone.
  browser.Press("/");
  browser.Type("error");
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.shown"), "2");
  EXPECT_TRUE(has("filter=error"));
  browser.Press("Escape");
  browser.Press("j");
  EXPECT_EQ(browser.TextOf("#inspector [data-field=status] dd"), "timed_out");
  EXPECT_TRUE(has("select=299"));
  browser.Press("j");
  EXPECT_TRUE(has("select=599"));
  browser.Press("k");
  EXPECT_TRUE(has("select=299"));
  browser.Press("f");
  EXPECT_TRUE(has("from="));
  browser.Press("Escape");
  EXPECT_TRUE(browser.WaitUntil("!location.hash.includes('select')"));
  // The list, and the address as somebody else would open it.
  browser.Click("#list tr[data-message='599']");
  EXPECT_TRUE(has("select=599"));
  const Json address = browser.Evaluate("location.hash");
  Look(address);
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.shown"), "2");
  EXPECT_EQ(browser.Evaluate("document.getElementById('inspector')"
                             ".dataset.select"),
            "599");
  EXPECT_EQ(browser.Evaluate("location.hash"), address);
  ExpectPeace();
}

TEST_F(PageTest, AClickInTheTimelineSelectsTheBar) {
  MadeUpTraffic traffic({"client", "server"}, {"port"}, "");
  traffic.Add({0, 1, 0, 0, 100'000, 900'000, 1'000'000, 7, 5});
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  const Json box = browser.Evaluate(
      "(() => { const box = document.getElementById('canvas')"
      ".getBoundingClientRect(); return [box.x, box.y, box.width]; })()");
  const double x = box[0].get<double>() + box[2].get<double>() * 0.6;
  // The second lane; its work begins five below its top.
  browser.ClickAt(x, box[1].get<double>() + 20 + 24 + 10);
  EXPECT_EQ(browser.Evaluate("document.getElementById('inspector')"
                             ".dataset.select"),
            "0");
  ExpectPeace();
}

TEST_F(PageTest, ShowsAHistogramBesideTheMouse) {
  MadeUpTraffic traffic(kServices, kPorts, "");
  FillWithChains(100, &traffic);
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  const auto counted = [&](const std::string& row) {
    browser.Click(row + " [data-work=count] button");
    int64_t sum = 0;
    const Json counts = browser.Evaluate(
        "[...document.querySelectorAll('#histogram .count')].map((cell) => "
        "Number(cell.textContent))");
    for (const Json& count : counts) sum += count.get<int64_t>();
    return sum;
  };
  EXPECT_EQ(counted("tr.port[data-port=front]"), 100);
  EXPECT_EQ(browser.TextOf("#histogram figcaption"), "work of front");
  EXPECT_EQ(counted("tr.label[data-port=store][data-label='4']"), 33);
  EXPECT_EQ(browser.TextOf("#histogram figcaption"), "work of store, label 4");
  browser.Press("Escape");
  EXPECT_EQ(browser.Evaluate("document.getElementById('histogram').hidden"),
            true);
  ExpectPeace();
}

TEST_F(PageTest, NamesOfServicesStayText) {
  const std::string breaks = "</script><script>document.title='broken'//";
  const std::string image = "\"><img src=x onerror=\"document.title=1\">";
  const std::string comment = "<!--<script>";
  MadeUpTraffic traffic({image, comment, "b"}, {breaks}, breaks);
  traffic.Add({0, 1, 0, 0, 100, 500, 700, 7, 5});
  traffic.Add({1, 2, 0, 200, 100, 100, 250, 7, 5, ipc::Error::not_found});
  traffic.Write(file());
  Export();
  Browser& browser = Look("#select=1&filter=port%3D" + std::string("x"));
  Look("#select=1");
  EXPECT_EQ(browser.Evaluate("document.title"), "Keyport recording");
  EXPECT_EQ(browser.Evaluate("document.images.length"), 0);
  EXPECT_EQ(browser.Evaluate("document.scripts.length"), 2);
  EXPECT_EQ(browser.TextOf("tr.port .name"), breaks.substr(0, 63));
  EXPECT_EQ(browser.TextOf("[data-fact=command] dd"), breaks);
  browser.Click("tr.port .name button");
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.shown"), "2");
  EXPECT_TRUE(
      browser.Evaluate("document.getElementById('filter-error').hidden"));
  ExpectPeace();
  std::ifstream stream(page());
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  size_t ends = 0;
  for (size_t at = 0; (at = text.find("</script", at)) != std::string::npos;
       ++at)
    ++ends;
  EXPECT_EQ(ends, 2u);
}

TEST_F(PageTest, ShowsPayloadWhereThereIsSome) {
  keyport::PageMessages messages;
  keyport::TracedMessage message;
  message.from = "client";
  message.to = "server";
  messages.Add(message, "port");
  messages.AddPayload({"<b>hello</b>\x01", ""});
  std::ofstream(page()) << keyport::HtmlPage(keyport::PageJson(
      {}, messages, keyport::ChooseForPage(messages.kept(), 10),
      [](uint64_t) { return "port"; }));
  Browser& browser = Look("#select=0");
  const std::string dump = browser.TextOf("[data-payload=request]");
  EXPECT_NE(dump.find("13 bytes"), std::string::npos) << dump;
  EXPECT_NE(dump.find("3c 62 3e 68"), std::string::npos) << dump;
  EXPECT_NE(dump.find("<b>hello</b>."), std::string::npos) << dump;
  EXPECT_EQ(browser.TextOf("[data-payload=answer]"), "(nothing)");
  ExpectPeace();
}

TEST_F(PageTest, TellsOfLosses) {
  MadeUpTraffic traffic(kServices, kPorts, "keyport record --port store");
  FillWithChains(10, &traffic);
  traffic.Lose({1'312, 100'000, 200'000});
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  EXPECT_EQ(browser.TextOf("[data-fact=lost].bad dd"), "1\u202f312");
  EXPECT_NE(browser.TextOf("#notes").find("records were lost"),
            std::string::npos);
  EXPECT_EQ(browser.TextOf("[data-fact=command] dd"),
            "keyport record --port store");
  ExpectPeace();
}

TEST_F(PageTest, IsLightOrDarkAsOneLikes) {
  MadeUpTraffic traffic(kServices, kPorts, "");
  FillWithChains(10, &traffic);
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  const std::string color = "getComputedStyle(document.body).backgroundColor";
  browser.PreferDark(false);
  EXPECT_EQ(browser.Evaluate(color), "rgb(255, 255, 255)");
  browser.PreferDark(true);
  EXPECT_EQ(browser.Evaluate(color), "rgb(21, 24, 29)");
  ExpectPeace();
}

TEST_F(PageTest, ShowsAHundredThousandOfManyMessages) {
  MadeUpTraffic traffic(kServices, kPorts, "keyport record");
  FillWithChains(50'000, &traffic);  // 150,000 messages
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  ExpectTable(Traced({"--summary-only"}));  // which counts all
  const int64_t held =
      std::stoll(browser.Evaluate("document.documentElement.dataset.messages")
                     .get<std::string>());
  EXPECT_GT(held, 95'000);
  EXPECT_LT(held, 105'000);
  EXPECT_NE(browser.TextOf("#notes").find("all 500 errors"), std::string::npos)
      << browser.TextOf("#notes");
  Look("#filter=error");
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.shown"), "500");
  // An error's chain is whole.
  browser.Press("j");
  EXPECT_EQ(browser.Evaluate("document.getElementById('inspector')"
                             ".dataset.chain"),
            "3");
  Look();
  const Json load = browser.Evaluate("document.documentElement.dataset.loadMs");
  const Json frames = browser.Evaluate(R"js((async () => {
    const lanes = document.getElementById('lanes');
    const press = (key) => lanes.dispatchEvent(
        new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
    const draws = [], gaps = [];
    press('+');
    const frame = () => new Promise(requestAnimationFrame);
    let last = await frame();
    for (let i = 0; i < 60; ++i) {
      press(i % 2 ? 'ArrowLeft' : 'ArrowRight');
      const now = await frame();
      gaps.push(now - last);
      last = now;
      draws.push(Number(lanes.dataset.drawMs));
    }
    const middle = (list) => list.sort((a, b) => a - b)[list.length >> 1];
    return {draw_p50: middle(draws), draw_max: Math.max(...draws),
            frame_p50: middle(gaps), frame_max: Math.max(...gaps)};
  })())js");
  std::printf("page of %lld messages: loads in %s ms; panning (ms): %s\n",
              static_cast<long long>(held), load.get<std::string>().c_str(),
              frames.dump().c_str());
  EXPECT_LT(std::stod(load.get<std::string>()), 20'000);
  EXPECT_LT(frames["draw_p50"].get<double>(), 500);
  ExpectPeace();
}

TEST_F(PageTest, ShowsAnEmptyRecording) {
  MadeUpTraffic traffic(kServices, kPorts, "");
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.messages"), "0");
  browser.Press("j");
  ExpectPeace();
}

}  // namespace
}  // namespace integration
