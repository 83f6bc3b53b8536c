// keyport export --html: what the page shows. Its numbers are those of the
// other commands.
#include "tests/integration/support/page_test.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "services/tracer/html_page.h"

namespace integration {
namespace {

using keyport::DurationText;

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
  message.request = "<b>hello</b>\x01";
  message.decoded = {"<i>greet", {"", "<i>it is no message"}, {}};
  messages.Add(message, "port");
  messages.AddPayload(message);
  std::ofstream(page()) << keyport::HtmlPage(keyport::PageJson(
      {}, messages, keyport::ChooseForPage(messages.kept(), 10),
      [](uint64_t) { return "port"; }));
  Browser& browser = Look("#select=0");
  const std::string dump = browser.TextOf("[data-payload=request]");
  EXPECT_NE(dump.find("13 bytes"), std::string::npos) << dump;
  EXPECT_NE(dump.find("3c 62 3e 68"), std::string::npos) << dump;
  EXPECT_NE(dump.find("<b>hello</b>."), std::string::npos) << dump;
  EXPECT_EQ(browser.TextOf("[data-payload=answer]"), "(nothing)");
  EXPECT_EQ(browser.TextOf("[data-field=label] dd"), "<i>greet (0)");
  EXPECT_NE(browser.TextOf("[data-decoded=request]")
                .find("not decoded: <i>it is no message"),
            std::string::npos);
  EXPECT_EQ(browser.TextOf("[data-decoded=answer]"), "(nothing)");
  ExpectPeace();
}

TEST_F(PageTest, ShowsMethodsAndPayloadsByTheirSchema) {
  const std::string example = KEYPORT_SOURCE_DIR "/examples/typed_store/";
  Running graph(Keyport({"run", example + "typed_store.toml", "100000000"}));
  ASSERT_TRUE(graph.WaitFor("its socket is")) << graph.output();
  const Finished record =
      Tool({"record", "--payload", "--snaplen", "1024", "-n", "400", file()});
  ASSERT_EQ(record.exit_code, 0) << record.output;
  const std::string schema = "store=" + example + "store.capnp";
  Export({"--schema", schema});
  const std::vector<Json> traced = Traced({"--payload", "--schema", schema});
  // One from the middle: of the first ones only an end may be recorded.
  Browser& browser = Look("#select=250");
  const std::string flow = browser.TextOf("[data-field=flow] dd");
  const auto found = std::find_if(
      traced.begin(), traced.end(),
      [&](const Json& line) { return line.value("flow", "") == flow; });
  ASSERT_NE(found, traced.end()) << flow;
  const Json& message = *found;
  const std::string method = message["method"];
  EXPECT_EQ(browser.TextOf("[data-field=label] dd"),
            method + " (" + message["label"].dump() + ")");
  EXPECT_NE(browser.TextOf("[data-decoded=request]")
                .find("\"key\":" + message["request"]["key"].dump()),
            std::string::npos)
      << browser.TextOf("#inspector") << message;
  EXPECT_NE(browser.TextOf("[data-decoded=answer]").find("{"),
            std::string::npos);
  // By its name in the table, by its number in the filter.
  EXPECT_EQ(browser.TextOf("tr.label[data-label='0'] button.link"), "put");
  ExpectPeace();
  EXPECT_EQ(
      Tool({"export", file(), "--json", "-", "--schema", schema}).exit_code, 1);
}

TEST_F(PageTest, ShowsWhatWasRecordedOfPayload) {
  RecordChain({"--payload"});
  // One from the middle: of the first ones only an end may be recorded.
  Browser& browser = Look("#select=80");
  EXPECT_NE(browser.TextOf("[data-payload=request]").find("68 69"),
            std::string::npos)
      << browser.TextOf("#inspector");
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

TEST_F(PageTest, ShowsAnEmptyRecording) {
  MadeUpTraffic traffic(kServices, kPorts, "");
  traffic.Write(file());
  Export();
  Browser& browser = Look();
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.messages"), "0");
  browser.Press("j");
  ExpectPeace();
}

TEST_F(PageTest, SaysThatARecordingWasCut) {
  MadeUpTraffic traffic(kServices, kPorts, "");
  FillWithChains(10, &traffic);
  traffic.Write(file());
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) - 10);
  Export();
  Browser& browser = Look();
  EXPECT_NE(browser.TextOf("#notes").find("are no whole block"),
            std::string::npos)
      << browser.TextOf("#notes");
  EXPECT_EQ(browser.Evaluate("document.documentElement.dataset.messages"),
            "30");
  ExpectPeace();
}

}  // namespace
}  // namespace integration
