// The manifest reader: what is right is read, what is wrong is said with its
// place and what was expected.
#include "services/supervisor/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace keyport {
namespace {

constexpr char kGood[] = R"(
[graph]
name = "search"
[port.files]
ring_bytes = 65536
shareable = true
[port.index]
at_full = "fail"
[service.crawler]
program = "crawler"
arguments = ["${FOLDER}"]
uses = ["files"]
restart = "on-failure"
[service.tokenizer]
program = "./tokenizer"
instances = 2
provides = ["files"]
restart = "always"
variables = { LEVEL = "3" }
limits = { handles = 1000, bytes = 4096 }
[[service.tokenizer.use]]
port = "index"
rights = ["Inspect", "Transfer"]
badge = 7
band = 2
as = "terms"
[service.index]
program = "index"
provides = ["index"]
job = true
)";

std::string AllProblems(std::string_view text) {
  std::string all;
  for (const Problem& problem : ParseManifest("g.toml", text).problems)
    all += ProblemText("g.toml", problem) + "\n";
  return all;
}

void ExpectProblem(std::string_view text, std::string_view expected) {
  const std::string all = AllProblems(text);
  EXPECT_NE(all.find(expected), std::string::npos) << "got:\n" << all;
}

TEST(Manifest, ReadsWhatAServiceMayTrace) {
  const ParsedManifest parsed = ParseManifest("g.toml", R"(
[port.p]
[service.a]
program = "x"
traces = "everything"
payload = true
lossless = true
[service.b]
program = "x"
traces = ["p"]
trace_limits = { labels = "4-9", rate = 10 }
)");
  ASSERT_TRUE(parsed.problems.empty());
  const TraceSpec& all = parsed.manifest.services[0].traces;
  EXPECT_EQ(all.of, TraceSpec::Of::kEverything);
  EXPECT_TRUE(all.payload);
  EXPECT_TRUE(all.lossless);
  const TraceSpec& one = parsed.manifest.services[1].traces;
  EXPECT_EQ(one.of, TraceSpec::Of::kPorts);
  ASSERT_EQ(one.ports.size(), 1u);
  EXPECT_EQ(one.ports[0].text, "p");
  EXPECT_FALSE(one.payload);
  EXPECT_FALSE(one.lossless);
  EXPECT_FALSE(all.limits.any());
  EXPECT_EQ(
      one.limits,
      (ipc::TraceLimits{.label_first = 4, .label_last = 9, .rate_max = 10}));
}

TEST(Manifest, SaysWhatIsWrongWithTraceLimits) {
  const std::string head = "[port.p]\n[service.a]\nprogram = 'x'\n";
  const std::string traces = head + "traces = ['p']\npayload = true\n";
  ExpectProblem(head + "trace_limits = { rate = 1 }\n",
                "4:16: trace_limits in [service.a] says of what traces = ... "
                "shows; there is none");
  ExpectProblem(traces + "trace_limits = {}\n",
                "6:16: trace_limits of [service.a] limits nothing; expected "
                "snaplen, labels or rate");
  ExpectProblem(traces + "trace_limits = 7\n",
                "6:16: \"trace_limits\" in [service.a] must be a table, but it "
                "is an integer");
  ExpectProblem(traces + "trace_limits = { label = '4' }\n",
                "did you mean \"labels\"?");
  ExpectProblem(traces + "trace_limits = { rate = 4096 }\n",
                "6:25: \"rate\" in trace_limits of [service.a] is 4096, but it "
                "must be 1 to 4095");
  ExpectProblem(traces + "trace_limits = { snaplen = 0 }\n",
                "is 0, but it must be 1 to ");
  for (const char* labels : {"9-4", "", "all"})
    ExpectProblem(traces + "trace_limits = { labels = '" + labels + "' }\n",
                  std::string("6:27: \"labels\" in trace_limits of [service.a] "
                              "is \"") +
                      labels +
                      "\"; expected a label or a range, as \"4\" or \"4-9\"");
  ExpectProblem(traces + "trace_limits = { labels = 4 }\n",
                "must be a string, but it is an integer");
  ExpectProblem(head + "traces = ['p']\ntrace_limits = { snaplen = 9 }\n",
                "may not trace; expected payload = true");
}

TEST(Manifest, SaysWhatIsWrongWithTraces) {
  const std::string head =
      "[port.p]\nsecret = true\n[service.a]\nprogram = 'x'\n";
  ExpectProblem(head + "traces = 'all'\n",
                "expected \"everything\" or an array of port names");
  ExpectProblem(head + "traces = []\n",
                "expected \"everything\" or an array of port names");
  ExpectProblem(head + "traces = ['q']\n", "unknown port \"q\"");
  ExpectProblem(head + "traces = ['p', 'p']\n",
                "two capabilities named \"trace:p\"");
  ExpectProblem(head + "payload = true\n", "there is none");
  ExpectProblem(head + "lossless = true\n", "lossless in [service.a] says");
  ExpectProblem(head + "traces = ['p']\npayload = true\n",
                "port \"p\" is secret");
}

TEST(Manifest, ReadsPortsAndServicesInTheirOrder) {
  const ParsedManifest parsed = ParseManifest("g.toml", kGood);
  ASSERT_TRUE(parsed.problems.empty()) << AllProblems(kGood);
  const Manifest& manifest = parsed.manifest;
  EXPECT_EQ(manifest.name, "search");
  ASSERT_EQ(manifest.ports.size(), 2u);
  EXPECT_EQ(manifest.ports[0].name.text, "files");
  EXPECT_EQ(manifest.ports[0].ring_bytes, 65536u);
  EXPECT_EQ(manifest.ports[0].listeners, Listeners::kMany);
  EXPECT_EQ(manifest.ports[1].at_full, Full::kFails);
  ASSERT_EQ(manifest.services.size(), 3u);
  EXPECT_EQ(manifest.services[0].name.text, "crawler");
  EXPECT_EQ(manifest.services[0].restart, Restart::kOnFailure);
  EXPECT_EQ(manifest.services[2].role, Role::kJob);
}

TEST(Manifest, ReadsUsesAsTables) {
  const ParsedManifest parsed = ParseManifest("g.toml", kGood);
  const ServiceSpec& tokenizer = parsed.manifest.services.at(1);
  EXPECT_EQ(tokenizer.instances, 2u);
  EXPECT_EQ(tokenizer.limits.handles, 1000u);
  EXPECT_EQ(tokenizer.limits.bytes, 4096u);
  ASSERT_EQ(tokenizer.uses.size(), 1u);
  EXPECT_EQ(tokenizer.uses[0].port.text, "index");
  EXPECT_EQ(tokenizer.uses[0].as, "terms");
  EXPECT_EQ(tokenizer.uses[0].badge, 7u);
  EXPECT_EQ(tokenizer.uses[0].band, 2u);
  EXPECT_EQ(tokenizer.uses[0].rights, ipc::kRightInspect | ipc::kRightTransfer);
  ASSERT_EQ(tokenizer.variables.size(), 1u);
  EXPECT_EQ(tokenizer.variables[0].second.text, "3");
}

TEST(Manifest, ARendezvousIsNothingElse) {
  const auto parsed = ParseManifest("g.toml", "[port.a]\nrendezvous = true\n");
  EXPECT_EQ(parsed.manifest.ports.at(0).buffering, ipc::Buffering::kRendezvous);
  ExpectProblem("[port.a]\nrendezvous = true\nshareable = true\n",
                "can neither be shareable nor fail at full");
  ExpectProblem("[port.a]\nrendezvous = true\nring_bytes_max = 1048576\n",
                "nor grow");
}

TEST(Manifest, FlowsOfAPortBeginWithItsSendersOrAtThePort) {
  const auto from = [](const char* more) {
    return ParseManifest("g.toml", std::string("[port.a]\n") + more)
        .manifest.ports.at(0)
        .flows_from;
  };
  EXPECT_EQ(from(""), ipc::FlowOrigin::kSender);
  EXPECT_EQ(from("new_flows = true\n"), ipc::FlowOrigin::kPort);
  ExpectProblem("[port.a]\nnew_flows = 1\n", "new_flows");
}

TEST(Manifest, OfASecretPortNobodyHasTheRightToItsPayload) {
  const std::string secret = "[port.a]\nsecret = true\n";
  EXPECT_EQ(ParseManifest("g.toml", secret).manifest.ports.at(0).secrecy,
            ipc::Secrecy::kSecret);
  ExpectProblem(secret +
                    "[[service.s.use]]\nport = \"a\"\n"
                    "rights = [\"TracePayload\"]\n",
                "nobody can have TracePayload");
}

TEST(Manifest, AnOverwritingPortIsNothingElse) {
  const auto parsed = ParseManifest("g.toml", "[port.a]\noverwriting = true\n");
  EXPECT_EQ(parsed.manifest.ports.at(0).buffering,
            ipc::Buffering::kOverwriting);
  ExpectProblem("[port.a]\noverwriting = true\nat_full = \"fail\"\n",
                "an overwriting port in");
  ExpectProblem("[port.a]\noverwriting = true\nring_bytes_max = 1048576\n",
                "nor grow");
  ExpectProblem("[port.a]\noverwriting = true\nrendezvous = true\n",
                "has nothing to overwrite");
}

TEST(Manifest, AQueueGrowsToNoLessThanItBeginsWith) {
  const auto parsed = ParseManifest(
      "g.toml", "[port.a]\nring_bytes = 5000\nring_bytes_max = 8192\n");
  EXPECT_EQ(parsed.manifest.ports.at(0).ring_bytes_max, 8192u);
  ExpectProblem("[port.a]\nring_bytes = 5000\nring_bytes_max = 8191\n",
                "ring_bytes_max in [port.a] is less than the 8192 bytes");
  ExpectProblem("[port.a]\nring_bytes_max = 65536\n",
                "is less than the 262144");
}

TEST(Manifest, TakesTheFilesNameWhenTheGraphHasNone) {
  const auto parsed =
      ParseManifest("/a/hello.toml", "[service.a]\nprogram='x'\n");
  EXPECT_EQ(parsed.manifest.name, "hello");
}

TEST(Manifest, SaysWhereTomlIsBroken) {
  ExpectProblem("[graph]\nname = \n", "g.toml:2:8: this is not TOML");
}

TEST(Manifest, UnknownKeysGetTheNearestName) {
  ExpectProblem("[service.a]\nprogram = 'x'\ninstanses = 2\n",
                "g.toml:3:1: unknown key \"instanses\" in [service.a]; "
                "expected one of ");
  ExpectProblem("[service.a]\nprogram = 'x'\ninstanses = 2\n",
                "did you mean \"instances\"?");
  ExpectProblem("[services.a]\n", "did you mean \"service\"?");
}

TEST(Manifest, WrongTypesSayWhatWasExpected) {
  ExpectProblem("[service.a]\nprogram = 3\n",
                "g.toml:2:11: \"program\" in [service.a] must be a string, "
                "but it is an integer");
  ExpectProblem("[service.a]\nprogram='x'\nuses = 'files'\n",
                "\"uses\" in [service.a] must be an array of port names or "
                "tables, but it is a string");
  ExpectProblem("[service.a]\nprogram='x'\njob = 'yes'\n",
                "must be true or false");
  ExpectProblem("[port]\nfiles = 3\n", "must be a table");
}

TEST(Manifest, NumbersOutsideTheirBoundsSayThem) {
  ExpectProblem("[service.a]\nprogram='x'\ninstances = 0\n",
                "\"instances\" in [service.a] is 0, but it must be 1 to 256");
  ExpectProblem("[port.p]\nring_bytes = 1\n", "it must be 4096 to 16777216");
}

TEST(Manifest, UnknownPortsListThoseThereAre) {
  ExpectProblem(
      "[port.files]\n[service.a]\nprogram='x'\nuses=['flies']\n",
      "g.toml:4:7: unknown port \"flies\" in [service.a]; expected one of "
      "files, or a [port.flies] table; did you mean \"files\"?");
  ExpectProblem("[service.a]\nprogram='x'\nprovides=['p']\n",
                "expected a [port.p] table");
}

TEST(Manifest, OneListenerPortsHaveOneProvider) {
  ExpectProblem(
      "[port.p]\n[service.a]\nprogram='x'\nprovides=['p']\n"
      "[service.b]\nprogram='x'\nprovides=['p']\n",
      "g.toml:5:10: port \"p\" is provided by \"a\" and by \"b\"; "
      "expected one, or shareable = true in [port.p]");
  ExpectProblem(
      "[port.p]\n[service.a]\nprogram='x'\nprovides=['p']\n"
      "instances = 2\n",
      "provided by 2 instances of \"a\"");
}

TEST(Manifest, UnknownRightsGetTheNearestName) {
  ExpectProblem(
      "[port.p]\n[service.a]\nprogram='x'\n"
      "[[service.a.use]]\nport='p'\nrights=['Sned']\n",
      "g.toml:6:9: unknown right \"Sned\"; expected some of "
      "Duplicate, Transfer, Send");
}

TEST(Manifest, UsesNeedAPortAndAFreeName) {
  ExpectProblem("[service.a]\nprogram='x'\n[[service.a.use]]\nbadge=3\n",
                "names no port");
  ExpectProblem(
      "[port.p]\n[service.a]\nprogram='x'\nuses=['p']\n"
      "provides=['p']\n",
      "would hold two capabilities named \"p\"; give one another "
      "name with as = \"NAME\"");
}

TEST(Manifest, ServicesNeedAProgram) {
  ExpectProblem("[service.a]\n", "g.toml:1:10: [service.a] names no program");
}

TEST(Manifest, NamesArePlain) {
  ExpectProblem("[service.'a b']\nprogram='x'\n",
                "service name \"a b\" is not 1 to 43 letters");
}

TEST(Manifest, ReportsAllProblemsInTheOrderOfTheText) {
  const auto problems =
      ParseManifest("g.toml",
                    "[service.b]\nprogram=1\n[service.a]\nprogram='x'\n"
                    "uses=['q']\nrestart='ever'\n")
          .problems;
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_TRUE(std::is_sorted(problems.begin(), problems.end(),
                             [](const Problem& a, const Problem& b) {
                               return a.at.line < b.at.line;
                             }));
}

TEST(Manifest, EmptyGraphIsAProblem) {
  ExpectProblem("", "the graph has no service");
}

TEST(Manifest, ReadsLimitsOfServicesAndOfTheGraph) {
  constexpr char kText[] =
      "[graph]\nshared = true\nlimits = { bytes = 4096 }\n"
      "[graph.soft_limits]\nbytes = 4096\nhandles = 9\n"
      "[service.a]\nprogram = 'x'\nlimits = { watches = 10 }\n"
      "[service.a.soft_limits]\nwatches = 8\nprocesses = 1\n";
  const ParsedManifest parsed = ParseManifest("g.toml", kText);
  ASSERT_TRUE(parsed.problems.empty()) << AllProblems(kText);
  ASSERT_TRUE(parsed.manifest.account);
  EXPECT_EQ(parsed.manifest.account->limits.bytes, 4096u);
  EXPECT_EQ(parsed.manifest.account->soft.handles, 9u);
  EXPECT_EQ(parsed.manifest.account->sharing, ipc::AccountSharing::kShares);
  const ServiceSpec& service = parsed.manifest.services.at(0);
  EXPECT_EQ(service.limits.watches, 10u);
  EXPECT_EQ(service.soft_limits.watches, 8u);
  EXPECT_EQ(service.soft_limits.processes, 1u);
}

TEST(Manifest, GraphsWithoutLimitsHaveNoAccount) {
  EXPECT_FALSE(ParseManifest("g.toml", kGood).manifest.account);
  const auto soft = ParseManifest(
      "g.toml", "[graph.soft_limits]\nports = 1\n[service.a]\nprogram='x'\n");
  ASSERT_TRUE(soft.manifest.account);
  EXPECT_EQ(soft.manifest.account->sharing, ipc::AccountSharing::kFirstCome);
}

TEST(Manifest, SoftLimitsStandBelowLimits) {
  ExpectProblem(
      "[service.a]\nprogram='x'\nlimits = { handles = 5 }\n"
      "soft_limits = { handles = 6 }\n",
      "g.toml:4:27: the soft limit of handles in [service.a] is 6, but the "
      "limit is 5");
  ExpectProblem("[service.a]\nprogram='x'\nsoft_limits = { handels = 6 }\n",
                "unknown key \"handels\" in soft_limits of [service.a]");
  ExpectProblem("[service.a]\nprogram='x'\nsoft_limits = 6\n",
                "\"soft_limits\" in [service.a] must be a table");
}

TEST(Manifest, ASharedGraphNeedsLimits) {
  ExpectProblem("[graph]\nshared = true\n[service.a]\nprogram='x'\n",
                "g.toml:2:10: shared in [graph] has nothing to share; "
                "expected [graph.limits]");
  ExpectProblem("[graph]\nlimts = {}\n", "did you mean \"limits\"?");
}

TEST(Manifest, MissingFileIsAProblem) {
  const auto parsed = LoadManifest("/nowhere/g.toml");
  ASSERT_EQ(parsed.problems.size(), 1u);
  EXPECT_EQ(ProblemText("/nowhere/g.toml", parsed.problems[0]),
            "/nowhere/g.toml: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace keyport
