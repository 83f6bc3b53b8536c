// The tools on a running graph: what they show, and how they fail.
#include <signal.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/support/graph_test.h"

namespace integration {
namespace {

using Json = nlohmann::json;

// A holder that never answers, a caller that waits for it, and a pair that
// talks all the time.
class CliTest : public GraphTest {
 protected:
  void StartExample() {
    graph_ = Start(
        "[graph]\nname = 'example'\n[port.echo]\n[port.hold]\n" +
        Service("server", "'echo', 'echo'", "provides = ['echo']") +
        Service("talker", "'call-often', 'echo', 'hi'", "uses = ['echo']") +
        Service("holder", "'hold', 'hold'", "provides = ['hold']") +
        Service("caller", "'call', 'hold', 'please'",
                "uses = ['hold']\nlimits = { handles = 500 }"));
    ASSERT_TRUE(graph_->WaitFor("holds please")) << graph_->output();
  }

  // clockd may send to store and lends that to borrower, who has called it;
  // idle may call clockd too, but has not.
  static std::string LendingGraph() {
    return "[graph]\nname = 'lending'\n[port.store]\n[port.clock]\n" +
           Service("store", "'echo', 'store'", "provides = ['store']") +
           Service("clockd", "'lend', 'clock', 'store'",
                   "provides = ['clock']\nuse = [{ port = 'store', badge = 42, "
                   "rights = ['Duplicate', 'Transfer'] }]") +
           Service("borrower", "'borrow', 'clock'", "uses = ['clock']") +
           Service("idle", "'pause'", "uses = ['clock']");
  }
  void StartLending() {
    graph_ = Start(LendingGraph());
    ASSERT_TRUE(graph_->WaitFor("borrowed 1")) << graph_->output();
    ASSERT_TRUE(graph_->WaitFor("paused")) << graph_->output();
  }

  // A shared graph account; owner holds a region of 64K, a notification, and a
  // capability for the port that ends in an hour.
  void StartOwner() {
    graph_ = Start(
        "[graph]\nname = 'example'\nshared = true\n"
        "limits = { handles = 1000 }\n[port.echo]\n" +
        Service("server", "'echo', 'echo'", "provides = ['echo']") +
        Service(
            "owner", "'own', 'echo'",
            "use = [{ port = 'echo', rights = ['Duplicate'] }]\n"
            "limits = { bytes = 100000 }\nsoft_limits = { bytes = 65536 }"));
    ASSERT_TRUE(graph_->WaitFor("owns")) << graph_->output();
    ASSERT_TRUE(graph_->WaitFor("listening")) << graph_->output();
  }

  std::vector<Json> JsonLines(std::vector<std::string> words,
                              int exit_code = 0) const {
    const Finished tool = Tool(std::move(words));
    EXPECT_EQ(tool.exit_code, exit_code) << tool.output;
    std::vector<Json> lines;
    std::istringstream text(tool.output);
    for (std::string line; std::getline(text, line);)
      lines.push_back(Json::parse(line));
    return lines;
  }

  // Looks until the row of that service (or port) fits, since a process is
  // seen a moment before it sleeps.
  template <typename Fits>
  Json WaitForRow(const std::string& command, const std::string& key,
                  const std::string& name, Fits&& fits) const {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    Json seen;
    while (std::chrono::steady_clock::now() < deadline)
      for (const Json& row : JsonLines({command, "--json"})) {
        if (row[key] != name) continue;
        seen = row;
        if (fits(row)) return row;
      }
    ADD_FAILURE() << "no such row: " << seen.dump();
    return seen;
  }

  std::unique_ptr<Running> graph_;
};

TEST_F(CliTest, PsShowsWhoWaitsForWhom) {
  StartExample();
  const Json caller = WaitForRow(
      "ps", "service", "caller",
      [](const Json& row) { return row["state"] == "call-blocked"; });
  EXPECT_EQ(caller["waits_for"], "holder");
  const Json holder =
      WaitForRow("ps", "service", "holder",
                 [](const Json& row) { return row["state"] == "recv"; });
  EXPECT_EQ(holder["ports"], 1);
  EXPECT_GT(holder["pid"], 0);
  const Finished text = Tool({"ps"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.output.find("call-blocked :"), std::string::npos)
      << text.output;
  EXPECT_NE(text.output.find("hold -> holder"), std::string::npos)
      << text.output;
}

TEST_F(CliTest, PsShowsEachThreadAndSinceWhenItWaits) {
  StartExample();
  const Json caller =
      WaitForRow("ps", "service", "caller",
                 [](const Json& row) { return !row["since_ns"].is_null(); });
  EXPECT_EQ(caller["state"], "call-blocked");
  EXPECT_EQ(caller["more_waiting"], 0);
  EXPECT_EQ(caller["deadlocked"], false);
  std::map<std::string, Json> threads;
  for (const Json& row : JsonLines({"ps", "--threads", "--json"}))
    threads[row["service"]] = row;
  const Json& thread = threads["caller"];
  EXPECT_EQ(thread["state"], "call-blocked") << thread.dump();
  EXPECT_EQ(thread["waits_for"], "holder");
  EXPECT_EQ(thread["thread"], caller["pid"]);  // its first
  EXPECT_EQ(thread["since_ns"], caller["since_ns"]);
  EXPECT_GT(thread["waited_ns"], 0);
  EXPECT_FALSE(threads.contains("keyport"));
  const Finished text = Tool({"ps", "--threads"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_EQ(text.output.rfind("SERVICE  ", 0), 0u) << text.output;
}

TEST_F(CliTest, PsTellsHowAServiceEnded) {
  graph_ = Start("[graph]\nname = 'ends'\n" +
                 Service("ender", "'exit', '3'", "restart = 'never'") +
                 Service("stays", "'pause'"));
  ASSERT_TRUE(graph_->WaitFor("paused")) << graph_->output();
  const Json ender = WaitForRow("ps", "service", "ender", [](const Json& row) {
    return !row["exit"].is_null();
  });
  EXPECT_EQ(ender["exit"]["exited"], 3);
  EXPECT_NE(Tool({"ps"}).output.find("dead (exited 3)"), std::string::npos);
  const Finished explain = Tool({"explain", "ender", "1"});
  EXPECT_EQ(explain.exit_code, 1);
  EXPECT_NE(explain.output.find("ender has ended"), std::string::npos)
      << explain.output;
}

TEST_F(CliTest, ExplainTellsHowAServiceCameByAHandle) {
  StartExample();
  Json held;
  for (const Json& row : JsonLines({"caps", "caller", "--json"}))
    if (row["kind"] == "port") held = row;
  ASSERT_FALSE(held.is_null());
  const std::string handle = held["handle"].dump();
  const auto lines = JsonLines({"explain", "caller", handle, "--json"});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["open"], true) << lines[0].dump();
  EXPECT_EQ(lines[0]["handle"], held["handle"]);
  const Json& step = lines[0]["steps"].at(0);
  EXPECT_EQ(step["kind"], "port");
  EXPECT_EQ(step["rights"], "Send|Wait");
  EXPECT_EQ(step["holder"]["service"], "caller");
  EXPECT_EQ(step["maker"]["service"], "supervisor");
  const Finished text = Tool({"explain", "caller", handle});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.output.find("made by supervisor ("), std::string::npos)
      << text.output;
}

TEST_F(CliTest, ExplainTellsOfHandlesThatAreNotOpen) {
  StartExample();
  const auto never = JsonLines({"explain", "caller", "0xff", "--json"}, 3);
  ASSERT_EQ(never.size(), 1u);
  EXPECT_EQ(never[0]["open"], false);
  EXPECT_EQ(never[0]["fate"], "never_given");
  EXPECT_EQ(never[0]["steps"].size(), 0u);
  EXPECT_EQ(Tool({"explain", "caller", "0"}).exit_code, 3);
  const Finished typo = Tool({"explain", "calller", "1"});
  EXPECT_EQ(typo.exit_code, 1);
  EXPECT_NE(typo.output.find("did you mean \"caller\"?"), std::string::npos)
      << typo.output;
  const Finished word = Tool({"explain", "caller", "port"});
  EXPECT_EQ(word.exit_code, 1);
  EXPECT_NE(word.output.find("\"port\" is no handle"), std::string::npos);
  EXPECT_EQ(Tool({"explain", "caller"}).exit_code, 2);
}

TEST_F(CliTest, PortsCapsRegionsAndAccountsAreListed) {
  StartExample();
  const Json port =
      WaitForRow("ports", "port", "hold", [](const Json&) { return true; });
  EXPECT_EQ(port["listeners"], 1);
  EXPECT_EQ(port["lanes"], 1);
  EXPECT_EQ(port["owner"], "supervisor");
  const auto caps = JsonLines({"caps", "caller", "--json"});
  ASSERT_FALSE(caps.empty());
  bool found = false;
  for (const Json& row : caps) {
    EXPECT_EQ(row["service"], "caller");
    if (row["kind"] != "port") continue;
    found = true;
    EXPECT_EQ(row["rights"], "Send|Wait");
    EXPECT_NE(row["badge"], 0);
    EXPECT_EQ(row["from"], "supervisor");
  }
  EXPECT_TRUE(found);
  JsonLines({"regions", "--json"});
  const Json account = WaitForRow("accounts", "account", "caller",
                                  [](const Json&) { return true; });
  EXPECT_EQ(account["handles"]["limit"], 500);
}

TEST_F(CliTest, AccountsAreATreeWithLimits) {
  StartOwner();
  std::map<std::string, Json> accounts;
  for (const Json& row : JsonLines({"accounts", "--json"}))
    accounts[row["account"]] = row;
  EXPECT_EQ(accounts["example"]["parent"], accounts["root"]["id"]);
  EXPECT_EQ(accounts["example"]["shared"], true);
  EXPECT_EQ(accounts["example"]["handles"]["limit"], 1000);
  EXPECT_EQ(accounts["example"]["ports"]["used"], 1);
  EXPECT_EQ(accounts["owner"]["parent"], accounts["example"]["id"]);
  EXPECT_EQ(accounts["owner"]["bytes"]["used"], 65536);
  EXPECT_EQ(accounts["owner"]["bytes"]["at_soft_limit"], true);
  const Finished text = Tool({"accounts"});
  EXPECT_NE(text.output.find("  example (shared)  "), std::string::npos)
      << text.output;
  EXPECT_NE(text.output.find("    owner  "), std::string::npos) << text.output;
  EXPECT_NE(text.output.find("  64K/98K!"), std::string::npos) << text.output;
}

TEST_F(CliTest, AnAccountTellsWhoHoldsWhatOfIt) {
  StartOwner();
  const auto found = JsonLines({"accounts", "owner", "--json"});
  ASSERT_EQ(found.size(), 1u);
  std::map<std::string, Json> holds;
  for (const Json& holder : found[0]["holders"])
    holds[holder["kind"]] = holder["holds"];
  EXPECT_EQ(holds["region"]["bytes"], 65536) << found[0].dump();
  EXPECT_EQ(holds["notification"]["notifications"], 1);
  EXPECT_EQ(holds["process"]["handles"], found[0]["handles"]["used"]);
  EXPECT_EQ(holds["process"]["processes"], 1);
  EXPECT_EQ(found[0]["other"]["handles"], 0);
  const auto graph = JsonLines({"accounts", "example", "--json"});
  ASSERT_EQ(graph.size(), 1u);
  EXPECT_EQ(graph[0]["below"]["bytes"], graph[0]["bytes"]["used"]);
  EXPECT_EQ(graph[0]["holders"][0]["name"], "echo");
  const std::string id = found[0]["id"].dump();
  EXPECT_EQ(JsonLines({"accounts", id, "--json"}).at(0)["account"], "owner");
  const Finished text = Tool({"accounts", "owner"});
  EXPECT_NE(text.output.find(" owner, in root > example\n"), std::string::npos)
      << text.output;
  const Finished typo = Tool({"accounts", "ownr"});
  EXPECT_EQ(typo.exit_code, 1);
  EXPECT_NE(typo.output.find("did you mean \"owner\"?"), std::string::npos)
      << typo.output;
}

TEST_F(CliTest, LanesAreHeldByWhoMadeThem) {
  StartExample();
  const auto holder = JsonLines({"accounts", "holder", "--json"});
  ASSERT_EQ(holder.size(), 1u);
  EXPECT_EQ(holder[0]["holders"][0]["holds"]["handles"],
            holder[0]["handles"]["used"])
      << holder[0].dump();
  const auto caller = JsonLines({"accounts", "caller", "--json"});
  ASSERT_EQ(caller.size(), 1u);
  EXPECT_EQ(caller[0]["holders"][0]["holds"]["bytes"],
            caller[0]["bytes"]["used"]);
  EXPECT_GT(caller[0]["bytes"]["used"], 0);
}

TEST_F(CliTest, NotificationsAreListed) {
  StartOwner();
  const auto rows = JsonLines({"notifications", "--json"});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["kind"], "counter");
  EXPECT_EQ(rows[0]["value"], 5);
  EXPECT_EQ(rows[0]["waiting"], 0);
  EXPECT_EQ(rows[0]["owner"], "owner");
  const Finished text = Tool({"notifications"});
  EXPECT_NE(text.output.find("counter      5        0  owner  owner\n"),
            std::string::npos)
      << text.output;
}

TEST_F(CliTest, CapabilitiesTellWhoMadeThemAndWhenTheyEnd) {
  StartOwner();
  int ending = 0;
  for (const Json& row : JsonLines({"caps", "owner", "--json"})) {
    if (row["kind"] == "account") {
      EXPECT_EQ(row["rights"], "Duplicate|Wait|Inspect|Manage");
    }
    if (row["ends_ns"].is_null()) continue;
    ++ending;
    EXPECT_EQ(row["maker"], "owner");
    EXPECT_GT(row["ends_in_ns"], 1'800'000'000'000);
    EXPECT_LE(row["ends_in_ns"], 3'600'000'000'000);
  }
  EXPECT_EQ(ending, 1);
  const Finished why = Tool({"why", "owner", "server"});
  EXPECT_NE(why.output.find("made by owner("), std::string::npos) << why.output;
  EXPECT_NE(why.output.find(", ends in 3"), std::string::npos) << why.output;
  EXPECT_NE(why.output.find("made by supervisor("), std::string::npos)
      << why.output;
  const Finished who = Tool({"who-can", "Send", "echo"});
  EXPECT_NE(who.output.find("MADE BY"), std::string::npos) << who.output;
}

TEST_F(CliTest, GraphDrawsLanesAndWaits) {
  StartExample();
  const Finished dot = Tool({"graph", "--dot"});
  EXPECT_EQ(dot.exit_code, 0);
  EXPECT_EQ(dot.output.rfind("digraph keyport {", 0), 0u) << dot.output;
  EXPECT_NE(dot.output.find("hold\"]"), std::string::npos) << dot.output;
  const Finished text = Tool({"graph"});
  EXPECT_NE(text.output.find("talker"), std::string::npos) << text.output;
}

TEST_F(CliTest, TraceShowsCallsAndSumsThemUp) {
  StartExample();
  const auto lines = JsonLines(
      {"trace", "--json", "-n", "5", "--port", "echo", "--timeout", "60"});
  ASSERT_EQ(lines.size(), 7u);  // five calls, a port, the totals
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(lines[i]["from"], "talker") << lines[i].dump();
    EXPECT_EQ(lines[i]["to"], "server");
    EXPECT_EQ(lines[i]["port"], "echo");
    EXPECT_EQ(lines[i]["label"], 3);
    EXPECT_EQ(lines[i]["bytes"], 2);
    EXPECT_EQ(lines[i]["call"], true);
    EXPECT_EQ(lines[i]["status"], "ok");
    EXPECT_GT(lines[i]["total_ns"], 0);
    EXPECT_GE(lines[i]["total_ns"], lines[i]["work_ns"]);
  }
  EXPECT_EQ(lines[5]["port"], "echo");
  EXPECT_EQ(lines[5]["calls"], 5);
  EXPECT_EQ(lines[5]["total"]["count"], 5);
  const Json& totals = lines[6];
  EXPECT_EQ(totals["written"],
            totals["seen"].get<int>() + totals["lost"].get<int>());
}

TEST_F(CliTest, TraceShowsWhatIsInMessagesWhenAskedTo) {
  StartExample();
  const auto lines = JsonLines({"trace", "--json", "-n", "5", "--port", "echo",
                                "--payload", "--snaplen", "1"});
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(lines[i]["request_hex"], "68") << lines[i].dump();  // of "hi"
    EXPECT_EQ(lines[i]["answer_hex"], "65");  // of "echo hi"
    EXPECT_EQ(lines[i]["bytes"], 2);
  }
  const Finished text =
      Tool({"trace", "-n", "5", "--port", "echo", "--payload"});
  EXPECT_NE(text.output.find("    > hi\n    < echo hi\n"), std::string::npos)
      << text.output;
  const Finished headers = Tool({"trace", "-n", "5", "--port", "echo"});
  EXPECT_EQ(headers.output.find("    > "), std::string::npos);
}

TEST_F(CliTest, TraceRefusesOptionsThatSayNothing) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{
           {"--snaplen", "9"},
           {"--payload", "--snaplen", "0"},
           {"--payload", "--snaplen", "70000"},
           {"--one-in", "0"},
           {"--rate", "0"},
           {"--rate", "4096"},
           {"--rate", "ten"},
           {"--min-bytes", "-1"},
           {"--lossless=0"},
           {"--lossless=1001"},
           {"--lossless", "--from", "x"},
           {"--errors", "--from", "x"}}) {
    std::vector<std::string> all = {"trace"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished refused = Tool(all);
    EXPECT_EQ(refused.exit_code, 2) << words[0];
    // Says where.
    const std::string word = words.size() > 2 ? words[1] : words[0];
    EXPECT_NE(refused.output.find(word.substr(0, word.find('='))),
              std::string::npos)
        << refused.output;
  }
}

TEST_F(CliTest, TraceTellsWhatServicesWaitedForIt) {
  StartExample();
  const auto lines = JsonLines({"trace", "--json", "-n", "3", "--lossless"});
  EXPECT_EQ(lines.back()["waits_in_vain"], 0);
  EXPECT_TRUE(lines.back().contains("waited_ns"));
  const auto lossy = JsonLines({"trace", "--json", "-n", "3"});
  EXPECT_FALSE(lossy.back().contains("waits"));
}

TEST_F(CliTest, TraceFiltersByServiceAndDirection) {
  StartExample();
  const auto out = JsonLines({"trace", "--json", "-n", "2", "--service",
                              "talker", "--direction", "out"});
  EXPECT_EQ(out[0]["from"], "talker");
  // Nothing is sent to it: only the totals are left.
  const auto in = JsonLines({"trace", "--json", "--service", "talker",
                             "--direction", "in", "--for", "0.3"});
  EXPECT_EQ(in.size(), 1u);
}

TEST_F(CliTest, TraceEndsWithTheGraphAndWithCtrlC) {
  StartExample();
  Running first(Keyport({"trace"}));
  ASSERT_TRUE(first.WaitFor("talker -> echo (server)", 3)) << first.output();
  first.Signal(SIGINT);
  EXPECT_EQ(first.Wait(), 0) << first.output();
  EXPECT_NE(first.output().find("TOTAL p99"), std::string::npos);
  Running second(Keyport({"trace", "--summary-only"}));
  ASSERT_TRUE(second.WaitFor("tracing")) << second.output();
  Running third(Keyport({"trace"}));
  ASSERT_TRUE(third.WaitFor("talker -> echo (server)")) << third.output();
  graph_->Signal(SIGTERM);
  EXPECT_EQ(graph_->Wait(), 0) << graph_->output();
  EXPECT_EQ(third.Wait(), 0) << third.output();
  EXPECT_NE(third.output().find("TOTAL p99"), std::string::npos);
  EXPECT_EQ(second.Wait(), 0) << second.output();
}

TEST_F(CliTest, ToolsSayWhenNoGraphRuns) {
  const Finished ps = Tool({"ps"});
  EXPECT_EQ(ps.exit_code, 1);
  EXPECT_NE(ps.output.find("no graph of this user runs"), std::string::npos)
      << ps.output;
  const Finished gone = Tool({"ports", "--socket", "/nowhere/k.sock"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_NE(gone.output.find("/nowhere/k.sock"), std::string::npos)
      << gone.output;
}

TEST_F(CliTest, ToolsAskWhichOfSeveralGraphs) {
  StartExample();
  const std::string socket = folder_.path() + "/own.sock";
  auto second = Start(Service("a", "'pause'"));
  ASSERT_TRUE(second->WaitFor("paused")) << second->output();
  const Finished ps = Tool({"ps"});
  EXPECT_EQ(ps.exit_code, 1);
  EXPECT_NE(ps.output.find("several graphs run"), std::string::npos)
      << ps.output;
  auto third = Start(Service("only", "'pause'"), {"--socket", socket});
  ASSERT_TRUE(third->WaitFor("paused")) << third->output();
  const Finished named = Tool({"ps", "--socket", socket});
  EXPECT_EQ(named.exit_code, 0) << named.output;
  EXPECT_NE(named.output.find("only"), std::string::npos) << named.output;
}

TEST_F(CliTest, UnknownServicesGetTheNearestName) {
  StartExample();
  const Finished caps = Tool({"caps", "calller"});
  EXPECT_EQ(caps.exit_code, 1);
  EXPECT_NE(caps.output.find("did you mean \"caller\"?"), std::string::npos)
      << caps.output;
}

TEST_F(CliTest, WhyTellsHowACapabilityWasPassedOn) {
  StartLending();
  const Finished text = Tool({"why", "borrower", "store"});
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_NE(text.output.find("    derived from clockd("), std::string::npos)
      << text.output;
  EXPECT_NE(text.output.find("    minted from supervisor("), std::string::npos)
      << text.output;
  const auto ways = JsonLines({"why", "borrower", "store", "--json"});
  ASSERT_EQ(ways.size(), 1u);
  EXPECT_EQ(ways[0]["badge"], 42);
  EXPECT_EQ(ways[0]["to"], Json({"store"}));
  const Json& steps = ways[0]["chain"]["steps"];
  ASSERT_EQ(steps.size(), 2u) << ways[0].dump();
  EXPECT_EQ(steps[0]["service"], "clockd");
  EXPECT_EQ(steps[1]["service"], "supervisor");
  EXPECT_EQ(ways[0]["chain"]["end"], "first");
}

TEST_F(CliTest, WhyTellsWhatIsMissingAndWhoCouldHelp) {
  StartLending();
  const Finished text = Tool({"why", "idle", "store"});
  EXPECT_EQ(text.exit_code, 3) << text.output;
  EXPECT_NE(text.output.find("it holds no capability for :"), std::string::npos)
      << text.output;
  const auto answers = JsonLines({"why", "idle", "store", "--json"}, 3);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["reaches"], false);
  std::map<std::string, Json> senders;
  for (const Json& sender : answers[0]["missing"][0]["senders"])
    senders[sender["service"]] = sender;
  EXPECT_EQ(senders.size(), 3u) << answers[0].dump();
  EXPECT_EQ(senders["clockd"]["passes_on"], "Duplicate|Transfer");
  EXPECT_EQ(senders["clockd"]["route"][0]["to"], "idle");
  EXPECT_EQ(senders["clockd"]["route"][0]["by"], "reply");
  EXPECT_EQ(senders["supervisor"]["starts_it"], true);
  const Json& path = answers[0]["path"];
  ASSERT_EQ(path.size(), 2u);
  EXPECT_EQ(path[0]["to"], "clockd");
  EXPECT_EQ(path[1]["to"], "store");
}

TEST_F(CliTest, TheManifestAnswersAsTheGraphBeforeAnythingIsPassedOn) {
  const std::string path = folder_.Write("lending.toml", LendingGraph());
  const auto yes =
      JsonLines({"why", "clockd", "store", "--manifest", path, "--json"});
  ASSERT_EQ(yes.size(), 1u);
  EXPECT_EQ(yes[0]["badge"], 42);
  EXPECT_EQ(yes[0]["chain"]["steps"][0]["service"], "supervisor");
  const Finished no = Tool({"why", "borrower", "store", "--manifest", path});
  EXPECT_EQ(no.exit_code, 3) << no.output;
  EXPECT_NE(no.output.find("nearest path: borrower -> :clock -> clockd -> "
                           ":store -> store\n"),
            std::string::npos)
      << no.output;
  const auto holders =
      JsonLines({"who-can", "Send", "store", "--manifest", path, "--json"});
  EXPECT_EQ(holders.size(), 2u);
  const Finished wrong =
      Tool({"why", "a", "b", "--manifest", folder_.Write("w.toml", "[prt.a]")});
  EXPECT_EQ(wrong.exit_code, 1) << wrong.output;
  EXPECT_NE(wrong.output.find("w.toml:1:"), std::string::npos) << wrong.output;
}

TEST_F(CliTest, WhoCanListsHoldersAndHowTheyCameByIt) {
  StartLending();
  std::map<std::string, Json> holders;
  for (const Json& row : JsonLines({"who-can", "Send", "store", "--json"}))
    holders[row["service"]] = row;
  EXPECT_EQ(holders.size(), 3u);
  EXPECT_EQ(holders["supervisor"]["chain"]["steps"].size(), 0u);
  EXPECT_EQ(holders["clockd"]["chain"]["steps"].size(), 1u);
  EXPECT_EQ(holders["borrower"]["chain"]["steps"].size(), 2u);
  const Finished text = Tool({"who-can", "Receive", ":store"});
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_EQ(text.output.find("borrower"), std::string::npos) << text.output;
  EXPECT_NE(text.output.find("DERIVED FROM"), std::string::npos);
}

TEST_F(CliTest, WhyAndWhoCanTellOfUnknownWords) {
  StartLending();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"why", "borower", "store"}, "did you mean \"borrower\"?"},
      {{"why", "idle", "stoer"}, "did you mean \"store\"?"},
      {{"why", "idle", ":clok"}, "did you mean \"clock\"?"},
      {{"who-can", "Sned", "store"}, "did you mean \"Send\"?"},
      {{"who-can", "Send", "stroe"}, "did you mean \"store\"?"}};
  for (const auto& [words, sentence] : cases) {
    const Finished tool = Tool(words);
    EXPECT_EQ(tool.exit_code, 1) << tool.output;
    EXPECT_NE(tool.output.find(sentence), std::string::npos) << tool.output;
  }
  EXPECT_EQ(Tool({"why", "idle"}).exit_code, 2);
  EXPECT_EQ(Tool({"who-can", "Send"}).exit_code, 2);
  EXPECT_EQ(
      Tool({"why", "a", "b", "--manifest", "x", "--socket", "y"}).exit_code, 2);
}

TEST_F(CliTest, MistypedCommandsSuggestTheNearest) {
  const Finished typo = Tool({"prots"});
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_NE(typo.output.find("unknown command \"prots\"; did you mean "
                             "\"ports\"?"),
            std::string::npos)
      << typo.output;
  EXPECT_EQ(Tool({}).exit_code, 2);
  EXPECT_EQ(Tool({"ps", "--jsn"}).exit_code, 2);
  EXPECT_EQ(Tool({"trace", "--direction", "in"}).exit_code, 2);
  EXPECT_EQ(Tool({"trace", "--service", "a", "--direction", "up"}).exit_code,
            2);
  EXPECT_EQ(Tool({"run"}).exit_code, 2);
}

TEST_F(CliTest, HelpAndVersionAreThere) {
  const Finished version = Tool({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.output.rfind("keyport ", 0), 0u) << version.output;
  EXPECT_NE(version.output.find("(ABI "), std::string::npos);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"help"}, {"help", "trace"}, {"--help"}}) {
    const Finished help = Tool(words);
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.output.find("--help"), std::string::npos) << help.output;
  }
  EXPECT_EQ(Tool({"help", "trce"}).exit_code, 2);
}

}  // namespace
}  // namespace integration
