// keyport export --html: what the page does with mouse, keys, filters and very
// many messages.
#include <algorithm>
#include <cstdio>
#include <map>

#include "tests/integration/support/page_test.h"

namespace integration {
namespace {

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
  FillWithChains(40'000, &traffic);  // 120,000 messages
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  ExpectTable(Traced({"--summary-only"}));  // which counts all
  const int64_t held =
      std::stoll(browser.Evaluate("document.documentElement.dataset.messages")
                     .get<std::string>());
  EXPECT_GT(held, 95'000);
  EXPECT_LT(held, 105'000);
  EXPECT_NE(browser.TextOf("#notes").find("all 400 errors"), std::string::npos)
      << browser.TextOf("#notes");
  Look("#filter=error");
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.shown"), "400");
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

}  // namespace
}  // namespace integration
