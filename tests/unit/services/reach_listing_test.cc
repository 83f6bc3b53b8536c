// What `keyport why` and `keyport who-can` print, of made-up snapshots and of
// manifests, and which names they know.
#include "services/cli/reach_listing.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "services/cli/reach_names.h"
#include "tests/unit/services/made_up_graph.h"

namespace keyport {
namespace {

// What it asks is answered by a model of either source.
class Asked {
 public:
  explicit Asked(ReachModel model)
      : model_(std::move(model)), reachability_(model_) {}
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  Listing Why(std::string_view from, std::string_view to) const {
    Listing all;
    const std::vector<uint64_t> processes = FindProcesses(model_, from).value();
    for (const uint64_t process : processes) {
      const Listing one = ListWhy(
          reachability_,
          reachability_.Why(process, FindTarget(reachability_, to).value()));
      all.text += one.text;
      all.json += one.json;
    }
    return all;
  }
  Listing WhoCan(ipc::Rights right, std::string_view port) const {
    return ListWhoCan(reachability_, right, FindPorts(model_, port).value());
  }
  std::string TargetError(std::string_view word) const {
    return std::string(FindTarget(reachability_, word).status().message());
  }
  const ReachModel& model() const { return model_; }

 private:
  const ReachModel model_;
  const Reachability reachability_;
};

// supervisor(101) made both ports, client(102) sends to clockd(103), that to
// store(104).
struct ReachExample : MadeUpGraph {
  ReachExample() {
    const uint64_t supervisor = Process("supervisor");
    client = Process("client");
    const uint64_t clockd = Process("clockd");
    const uint64_t store = Process("store");
    clock_port = Port("clock", supervisor);
    store_port = Port("store", supervisor);
    clock_first = Give({supervisor, clock_port, ipc::kRightsAll});
    const uint64_t first = Give({supervisor, store_port, ipc::kRightsAll});
    Give({clockd, clock_port, ipc::kRightReceive, clock_first});
    Give({store, store_port, ipc::kRightReceive, first});
    Give({client, clock_port, kSends, clock_first, 3});
    Give({clockd, store_port, kSends | ipc::kRightTransfer, first, 42});
    Starts(supervisor, client);
  }
  Asked Ask() const { return Asked(ReachModelOf(snapshot())); }

  uint64_t client = 0;
  uint64_t clock_port = 0;
  uint64_t store_port = 0;
  uint64_t clock_first = 0;
};

Asked AskManifest(const std::string& text) {
  const ParsedManifest parsed = ParseManifest("g.toml", text);
  EXPECT_TRUE(parsed.problems.empty());
  PlanInputs inputs;
  inputs.environment = [](const std::string&) { return std::nullopt; };
  return Asked(ReachModelOf(parsed.manifest,
                            MakePlan(parsed.manifest, inputs).instances));
}

const char kManifest[] =
    "[port.store]\nshareable = true\n[port.clock]\n"
    "[service.store]\nprogram = 's'\ninstances = 2\nprovides = ['store']\n"
    "[service.clockd]\nprogram = 'c'\nprovides = ['clock']\n"
    "use = [{ port = 'store', as = 'db', rights = ['Transfer'], badge = 42 }]\n"
    "[service.client]\nprogram = '${X}'\nuses = ['clock']\n";

std::vector<nlohmann::json> JsonLines(const Listing& listing) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(listing.json);
  for (std::string line; std::getline(text, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(WhyListing, TellsTheWayAndHowItCame) {
  EXPECT_EQ(ReachExample().Ask().Why("client", "clockd").text,
            "client(102) may send to clockd(103):\n"
            "  over :5 clock: handle 0x1005, rights Send|Wait, badge 3\n"
            "    minted from supervisor(101): handle 0x1001, rights all\n"
            "    the first capability for :5 clock: supervisor(101) made the "
            "port\n");
}

TEST(WhyListing, TellsWhatIsMissing) {
  EXPECT_EQ(
      ReachExample().Ask().Why("client", "store").text,
      "client(102) may not send to a port of store(104): it holds no "
      "capability for :6 store.\n"
      "  Send on :6 store is held by:\n"
      "    clockd(103) badge 42, may pass it on (Transfer) to client in a "
      "reply over :5 clock\n"
      "    supervisor(101), may pass it on (Duplicate|Transfer) whenever it "
      "starts client\n"
      "  nearest path: client -> :5 clock -> clockd -> :6 store -> store\n");
}

TEST(WhyListing, TellsOfACapabilityWithoutSend) {
  ReachExample example;
  example.Give({example.client, example.store_port, ipc::kRightWait, 2});
  const std::string text = example.Ask().Why("client", "store").text;
  EXPECT_NE(text.find(": it has no Send on :6 store, only Wait.\n"),
            std::string::npos)
      << text;
}

TEST(WhyListing, TellsThatNothingIsReceived) {
  const std::string text = ReachExample().Ask().Why("clockd", "client").text;
  EXPECT_EQ(text,
            "clockd(103) may not send to a port of client(102): client(102) "
            "receives from no port.\n");
  const std::string kept =
      ReachExample().Ask().Why("clockd", "supervisor").text;
  EXPECT_NE(kept.find("only kept for others, on :5 clock, :6 store."),
            std::string::npos)
      << kept;
}

TEST(WhyListing, TellsWhoHasEnded) {
  ReachExample example;
  example.End(example.client);
  const std::string text = example.Ask().Why("client", "store").text;
  EXPECT_EQ(text.rfind("client(102) may not send to a port of store(104): it "
                       "has ended.",
                       0),
            0u)
      << text;
}

TEST(WhyListing, TellsWhoseAncestorIsGoneAndWhatIsInFlight) {
  ReachExample example;
  example.Give({example.client, example.store_port, kSends, 99});
  const std::string way = example.Ask().Why("client", "store").text;
  EXPECT_NE(way.find("    what that was derived from is gone\n"),
            std::string::npos)
      << way;
  example.Give({0, example.clock_port, kSends, example.clock_first, 5});
  const std::string missing = example.Ask().Why("store", "clockd").text;
  EXPECT_NE(missing.find("    (in flight) badge 5, not taken by anybody yet\n"),
            std::string::npos)
      << missing;
}

TEST(WhyListing, LongAnswersAreCut) {
  ReachExample example;
  for (int i = 0; i < 100; ++i)
    example.Give(
        {example.client, example.clock_port, kSends, example.clock_first, 3});
  const Listing ways = example.Ask().Why("client", "clockd");
  EXPECT_NE(ways.text.find("  and 85 more ways\n"), std::string::npos)
      << ways.text;
  EXPECT_EQ(JsonLines(ways).size(), 101u);
  const std::string holders = example.Ask().Why("store", "clockd").text;
  EXPECT_NE(holders.find("    and 86 more capabilities\n"), std::string::npos)
      << holders;
}

// What client got of the clock port was made by the supervisor, for 2.5 s more.
struct MadeExample : ReachExample {
  MadeExample() {
    TakenAt(1'000'000'000);
    const uint64_t lent = Give({1, clock_port, ipc::kRightsAll, clock_first, 7,
                                client, 3'500'000'000});
    Give({3, clock_port, kSends, lent, 7, 99, 3'500'000'000});
  }
};

TEST(WhyListing, TellsWhoMadeEachStepAndWhenItEnds) {
  const Listing why = MadeExample().Ask().Why("clockd", "clockd");
  EXPECT_EQ(
      why.text,
      "clockd(103) may send to clockd(103):\n"
      "  over :5 clock: handle 0x1009, rights Send|Wait, badge 7, made by "
      "process 99 (gone), ends in 2.5 s\n"
      "    derived from supervisor(101): handle 0x1008, rights all, badge "
      "7, made by client(102), ends in 2.5 s\n"
      "    minted from supervisor(101): handle 0x1001, rights all\n"
      "    the first capability for :5 clock: supervisor(101) made the "
      "port\n");
  const auto way = JsonLines(why).at(0);
  EXPECT_EQ(way["made_by"], 99);
  EXPECT_EQ(way["ends_in_ns"], 2'500'000'000);
  EXPECT_EQ(way["chain"]["steps"][0]["made_by"], 2);
  EXPECT_EQ(way["chain"]["steps"][0]["ends_ns"], 3'500'000'000);
  EXPECT_TRUE(way["chain"]["steps"][1]["ends_ns"].is_null());
}

TEST(WhoCanListing, TellsWhatIsTracedAtMost) {
  ReachExample example;
  example.Give({.process = example.client,
                .port = example.clock_port,
                .rights = ipc::kRightTraceMeta,
                .parent = example.clock_first,
                .trace_limits = {.rate_max = 4}});
  const Listing listing = example.Ask().WhoCan(ipc::kRightTraceMeta, "clock");
  EXPECT_NE(listing.text.find("  TRACES AT MOST  DERIVED FROM\n"),
            std::string::npos)
      << listing.text;
  EXPECT_NE(listing.text.find("  rate 4          supervisor"),
            std::string::npos)
      << listing.text;
  int limited = 0;
  for (const auto& row : JsonLines(listing))
    if (!row["trace_limits"].is_null()) {
      ++limited;
      EXPECT_EQ(row["trace_limits"]["rate"], 4);
      EXPECT_TRUE(row["chain"]["steps"][0]["trace_limits"].is_null());
    }
  EXPECT_EQ(limited, 1);
}

// Who may trace everything may trace the port.
TEST(WhoCanListing, OfRightsToTraceHasARowForWhoHasThemOnEverything) {
  ReachExample example;
  constexpr uint64_t kSupervisor = 1;
  constexpr uint64_t kKernelObject = 77;
  const uint64_t first = example.Give(
      {kSupervisor, kKernelObject, ipc::kRightsAll}, ipc::ObjectKind::kernel);
  example.Give({.process = example.client,
                .port = kKernelObject,
                .rights = ipc::kRightInspect | ipc::kRightTraceMeta,
                .parent = first,
                .trace_limits = {.rate_max = 4}},
               ipc::ObjectKind::kernel);
  example.MakeSecret(example.store_port);
  const auto rows =
      JsonLines(example.Ask().WhoCan(ipc::kRightTraceMeta, "store"));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["port"], "store");
  EXPECT_EQ(rows[1]["service"], "supervisor");
  EXPECT_EQ(rows[1]["port"], "everything");
  EXPECT_EQ(rows[1]["port_id"], 0);
  EXPECT_EQ(rows[1]["chain"]["end"], "first");
  EXPECT_EQ(rows[2]["service"], "client");
  EXPECT_EQ(rows[2]["port"], "everything");
  EXPECT_EQ(rows[2]["trace_limits"]["rate"], 4);
  EXPECT_EQ(rows[2]["chain"]["steps"][0]["service"], "supervisor");
  const Listing meta = example.Ask().WhoCan(ipc::kRightTraceMeta, "store");
  EXPECT_NE(meta.text.find("client(102)      everything  "), std::string::npos)
      << meta.text;
  // Of a secret port nobody has payload by that, and other rights do not count.
  const auto held = [&](ipc::Rights right, const char* port) {
    return JsonLines(example.Ask().WhoCan(right, port)).size();
  };
  EXPECT_EQ(held(ipc::kRightTracePayload, "clock"), 2u);
  EXPECT_EQ(held(ipc::kRightTracePayload, "store"), 1u);
  EXPECT_EQ(held(ipc::kRightReceive, "clock"), 2u);
  // Once, also of two ports of a name.
  example.Port("store", kSupervisor);
  EXPECT_EQ(held(ipc::kRightTraceMeta, "store"), 3u);
}

TEST(WhoCanListing, TellsWhoMadeItAndWhenItEnds) {
  const Listing listing = MadeExample().Ask().WhoCan(ipc::kRightSend, "clock");
  EXPECT_NE(listing.text.find("MADE BY                ENDS  DERIVED FROM\n"),
            std::string::npos)
      << listing.text;
  EXPECT_NE(listing.text.find("process 99 (gone)  in 2.5 s  supervisor(101)"),
            std::string::npos)
      << listing.text;
  EXPECT_EQ(JsonLines(listing).back()["made_by"], 99);
}

TEST(WhyListing, JsonHasALineForEachWay) {
  const auto lines = JsonLines(ReachExample().Ask().Why("client", "clockd"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["reaches"], true);
  EXPECT_EQ(lines[0]["service"], "client");
  EXPECT_EQ(lines[0]["to"][0], "clockd");
  EXPECT_EQ(lines[0]["port"], "clock");
  EXPECT_EQ(lines[0]["rights"], "Send|Wait");
  EXPECT_EQ(lines[0]["badge"], 3);
  EXPECT_EQ(lines[0]["chain"]["end"], "first");
  EXPECT_EQ(lines[0]["chain"]["steps"][0]["service"], "supervisor");
}

TEST(WhyListing, JsonTellsWhatIsMissing) {
  const auto lines = JsonLines(ReachExample().Ask().Why("client", "store"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["reaches"], false);
  EXPECT_EQ(lines[0]["missing"][0]["port"], "store");
  const auto& sender = lines[0]["missing"][0]["senders"][0];
  EXPECT_EQ(sender["service"], "clockd");
  EXPECT_EQ(sender["passes_on"], "Transfer");
  EXPECT_EQ(sender["route"][0]["by"], "reply");
  EXPECT_EQ(lines[0]["missing"][0]["senders"][1]["starts_it"], true);
  EXPECT_EQ(lines[0]["path"][0]["port"], "clock");
  EXPECT_EQ(lines[0]["path"][1]["to"], "store");
}

TEST(WhoCanListing, HasARowForEachHolder) {
  const Listing listing = ReachExample().Ask().WhoCan(ipc::kRightSend, "store");
  EXPECT_EQ(listing.text,
            "SERVICE          PORT      HANDLE  RIGHTS              BADGE  "
            "DERIVED FROM\n"
            "supervisor(101)  :6 store  0x1002  all                     -  "
            "(first)\n"
            "clockd(103)      :6 store  0x1006  Transfer|Send|Wait     42  "
            "supervisor(101) 0x1002 (first)\n");
  const auto lines = JsonLines(listing);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1]["service"], "clockd");
  EXPECT_EQ(lines[1]["chain"]["steps"][0]["process"], 1);
}

TEST(WhoCanListing, TellsWhatIsInFlight) {
  ReachExample example;
  example.Give({0, example.store_port, kSends, 2});
  const auto lines = JsonLines(example.Ask().WhoCan(ipc::kRightSend, "store"));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[2]["service"], "(in flight)");
  EXPECT_EQ(lines[2]["process"], 0);
}

TEST(WhoCanListing, SaysThatNobodyCan) {
  MadeUpGraph graph;
  const uint64_t maker = graph.Process("maker");
  graph.Give({maker, graph.Port("box", maker), kSends});
  const Asked asked(ReachModelOf(graph.snapshot()));
  const Listing listing = asked.WhoCan(ipc::kRightReceive, "box");
  EXPECT_EQ(listing.text, "nobody holds Receive on :2 box\n");
  EXPECT_EQ(listing.json, "");
}

TEST(ReachManifest, TheSupervisorMintsWhatIsUsed) {
  const Asked asked = AskManifest(kManifest);
  EXPECT_EQ(asked.Why("clockd", "store").text,
            "clockd may send to store.1, store.2:\n"
            "  over :store to store.1, store.2: \"db\", rights "
            "Transfer|Send|Wait, badge 42 (g.toml:11:17)\n"
            "    minted from supervisor: rights all (g.toml:1:7)\n"
            "    the first capability for :store: supervisor made the port\n");
}

TEST(ReachManifest, TellsWhoTracesEverything) {
  const Asked asked =
      AskManifest(std::string(kManifest) +
                  "[service.tracer]\nprogram = 't'\ntraces = 'everything'\n"
                  "trace_limits = { rate = 4 }\n");
  EXPECT_EQ(asked.WhoCan(ipc::kRightTraceMeta, "store").text,
            "SERVICE     PORT        HANDLE  RIGHTS                       BADGE"
            "  TRACES AT MOST  DERIVED FROM\n"
            "supervisor  :store           -  all                              -"
            "  -               (first)\n"
            "supervisor  everything       -  all                              -"
            "  -               (first)\n"
            "tracer      everything       -  Duplicate|Inspect|TraceMeta      -"
            "  rate 4          supervisor (first)\n");
  const auto rows = JsonLines(asked.WhoCan(ipc::kRightTraceMeta, "store"));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2]["name"], "kernel");
  EXPECT_EQ(rows[2]["place"], "g.toml:15:10");
}

TEST(ReachManifest, TellsWhatToAdd) {
  const Asked asked = AskManifest(kManifest);
  const std::string text = asked.Why("client", "store.2").text;
  EXPECT_EQ(text,
            "client may not send to a port of store.2: it holds no capability "
            "for :store.\n"
            "  Send on :store is held by:\n"
            "    clockd badge 42, may pass it on (Transfer) to client in a "
            "reply over :clock\n"
            "    supervisor, may pass it on (Duplicate|Transfer) whenever it "
            "starts client\n"
            "  nearest path: client -> :clock -> clockd -> :store -> store.2\n"
            "  to allow it, add \"store\" to the uses of [service.client]\n");
}

TEST(ReachManifest, AnswersForEveryInstance) {
  const auto lines = JsonLines(AskManifest(kManifest).Why("store", "clockd"));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["service"], "store.1");
  EXPECT_EQ(lines[1]["service"], "store.2");
  EXPECT_EQ(lines[1]["reaches"], false);
}

TEST(ReachManifest, WhoCanHasTheProvidersAndTheSupervisor) {
  const Asked asked = AskManifest(kManifest);
  const auto lines = JsonLines(asked.WhoCan(ipc::kRightReceive, "store"));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["service"], "supervisor");
  EXPECT_EQ(lines[1]["service"], "store.1");
  EXPECT_EQ(lines[1]["chain"]["end"], "first");
  EXPECT_EQ(lines[2]["place"], "g.toml:7:13");
}

TEST(ReachNames, AServicesNameMeansAllItsInstances) {
  const Asked asked = AskManifest(kManifest);
  EXPECT_EQ(FindProcesses(asked.model(), "store")->size(), 2u);
  EXPECT_EQ(FindProcesses(asked.model(), "store.2")->size(), 1u);
}

TEST(ReachNames, OfTheSameNameTheLivingAreMeant) {
  MadeUpGraph graph;
  const uint64_t old = graph.Process("store");
  graph.End(old);
  EXPECT_EQ(*FindProcesses(ReachModelOf(graph.snapshot()), "store"),
            std::vector<uint64_t>{old});
  const uint64_t next = graph.Process("store");
  const ReachModel model = ReachModelOf(graph.snapshot());
  EXPECT_EQ(*FindProcesses(model, "store"), std::vector<uint64_t>{next});
  EXPECT_EQ(*FindProcesses(model, "store(101)"), std::vector<uint64_t>{old});
}

TEST(ReachNames, PortsHaveNamesNumbersAndMarks) {
  const ReachModel model = ReachModelOf(ReachExample().snapshot());
  for (const char* word :
       {"store", ":store", "port:store", "6", ":6", ":6 store", "port:6"})
    EXPECT_EQ(*FindPorts(model, word), std::vector<uint64_t>{6}) << word;
  EXPECT_FALSE(FindPorts(model, ":").ok());
  EXPECT_FALSE(FindPorts(model, "").ok());
}

TEST(ReachNames, APortIsMeantWhereNoServiceHasTheName) {
  const ReachModel model = ReachModelOf(ReachExample().snapshot());
  const Reachability reachability(model);
  EXPECT_EQ(FindTarget(reachability, "store")->kind, Target::Kind::kProcesses);
  EXPECT_EQ(FindTarget(reachability, ":store")->kind, Target::Kind::kPorts);
  EXPECT_EQ(FindTarget(reachability, "clock")->kind, Target::Kind::kPorts);
}

TEST(ReachNames, UnknownNamesAreAnsweredWithTheKnown) {
  const Asked asked = ReachExample().Ask();
  EXPECT_NE(asked.TargetError("stoer").find(
                "no service and no port \"stoer\"; services: supervisor, "
                "client, clockd, store; ports: clock, store; did you mean "
                "\"store\"?"),
            std::string::npos)
      << asked.TargetError("stoer");
  EXPECT_NE(asked.TargetError(":stoer").find(
                "no port \":stoer\"; there are clock, store; did you mean "
                "\"store\"?"),
            std::string::npos)
      << asked.TargetError(":stoer");
  const auto from = FindProcesses(asked.model(), "clinet");
  EXPECT_NE(from.status().message().find("no service \"clinet\" runs; there "
                                         "are supervisor, client, clockd, "
                                         "store; did you mean \"client\"?"),
            absl::string_view::npos)
      << from.status();
}

}  // namespace
}  // namespace keyport
