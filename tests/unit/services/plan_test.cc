// Plans: words, programs, badges, and what is missing.
#include "services/supervisor/plan.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "services/supervisor/reach.h"

namespace keyport {
namespace {

Lookup NoEnvironment() {
  return [](const std::string&) { return std::nullopt; };
}

TEST(Expand, ReplacesNames) {
  const Lookup lookup = [](const std::string& name) {
    return std::optional<std::string>(name == "A" ? "1" : "${A}");
  };
  EXPECT_EQ(Expand("x${A}y${B}", lookup).text, "x1y${A}");
  EXPECT_EQ(Expand("no names $5", lookup).text, "no names $5");
  EXPECT_EQ(Expand("$${A}", lookup).text, "${A}");
}

TEST(Expand, TellsEveryMissingName) {
  const Expanded expanded = Expand("${A}${B}", NoEnvironment());
  EXPECT_EQ(expanded.missing, (std::vector<std::string>{"A", "B"}));
}

TEST(Expand, TellsWhatIsNoName) {
  EXPECT_NE(Expand("${A", NoEnvironment()).error, "");
  EXPECT_NE(Expand("${}", NoEnvironment()).error, "");
  EXPECT_NE(Expand("${1a}", NoEnvironment()).error, "");
  EXPECT_NE(Expand("x${@}", NoEnvironment()).error, "");
}

TEST(SplitWords, TellsVariablesFromOtherWords) {
  const CommandWords words = SplitWords({"A=1", "b", "=c", "D=", "e f=g"});
  EXPECT_EQ(words.variables.size(), 2u);
  EXPECT_EQ(words.variables.at("A"), "1");
  EXPECT_EQ(words.variables.at("D"), "");
  EXPECT_EQ(words.others, (std::vector<std::string>{"b", "=c", "e f=g"}));
}

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    folder_ = testing::TempDir() + "keyport-plan-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_ + "/bin");
    MakeProgram("bin/server");
    MakeProgram("bin/client");
    MakeProgram("local");
    inputs_.environment = NoEnvironment();
    inputs_.program_folder = folder_ + "/bin";
  }
  ~PlanTest() override { std::filesystem::remove_all(folder_); }

  void MakeProgram(const std::string& name) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n";
    chmod(path.c_str(), 0700);
  }
  // Parses first: a plan is only made of a right manifest.
  Plan PlanOf(const std::string& text) {
    parsed_ = ParseManifest(folder_ + "/g.toml", text);
    EXPECT_TRUE(parsed_.problems.empty());
    return MakePlan(parsed_.manifest, inputs_);
  }

  std::string folder_;
  PlanInputs inputs_;
  ParsedManifest parsed_;
};

TEST_F(PlanTest, NumbersInstancesAndTheirBadges) {
  const Plan plan = PlanOf(
      "[port.p]\n"
      "[service.c]\nprogram='client'\ninstances=2\nuses=['p']\n"
      "[service.d]\nprogram='client'\nuses=[{port='p', badge=1}]\n"
      "[service.s]\nprogram='server'\nprovides=['p']\n");
  ASSERT_TRUE(plan.problems.empty());
  ASSERT_EQ(plan.instances.size(), 4u);
  EXPECT_EQ(plan.instances[0].name, "c.1");
  EXPECT_EQ(plan.instances[1].name, "c.2");
  EXPECT_EQ(plan.instances[3].name, "s");
  // 1 is taken by the manifest.
  EXPECT_EQ(plan.instances[0].capabilities[0].badge, 2u);
  EXPECT_EQ(plan.instances[1].capabilities[0].badge, 3u);
  EXPECT_EQ(plan.instances[2].capabilities[0].badge, 1u);
  const PlannedCapability& provided = plan.instances[3].capabilities[0];
  EXPECT_EQ(provided.badge, 0u);
  EXPECT_EQ(provided.rights,
            ipc::kRightReceive | ipc::kRightWait | ipc::kRightInspect);
}

TEST_F(PlanTest, LimitsWhatIsTraced) {
  const Plan plan = PlanOf(
      "[port.p]\n"
      "[service.s]\nprogram='server'\nprovides=['p']\ntraces='everything'\n"
      "trace_limits={rate=3}\n"
      "[service.c]\nprogram='client'\nuses=['p']\ntraces=['p']\n"
      "trace_limits={labels='7'}\n");
  ASSERT_TRUE(plan.problems.empty());
  EXPECT_EQ(plan.instances[0].kernel_trace_limits,
            ipc::TraceLimits{.rate_max = 3});
  EXPECT_FALSE(plan.instances[0].capabilities[0].trace_limits.any());
  // What it sends with knows no limits.
  EXPECT_FALSE(plan.instances[1].capabilities[0].trace_limits.any());
  EXPECT_EQ(plan.instances[1].capabilities[1].trace_limits,
            (ipc::TraceLimits{.label_first = 7, .label_last = 7}));
  const std::string text = ReachText(parsed_.manifest, plan.instances);
  EXPECT_NE(text.find("  label 7\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  rate 3\n"), std::string::npos) << text;
}

TEST_F(PlanTest, FillsArguments) {
  inputs_.words = SplitWords({"FOLDER=/x", "int", "struct"});
  const Plan plan = PlanOf(
      "[service.c]\nprogram='client'\narguments=['-d=${FOLDER}','${@}']\n"
      "variables={ROOT='${FOLDER}'}\n");
  ASSERT_TRUE(plan.problems.empty());
  const Instance& instance = plan.instances[0];
  EXPECT_EQ(instance.argv,
            (std::vector<std::string>{folder_ + "/bin/client", "-d=/x", "int",
                                      "struct"}));
  EXPECT_EQ(instance.variables, (std::vector<std::string>{"ROOT=/x"}));
}

TEST_F(PlanTest, MissingValuesAreNeeds) {
  const Plan plan =
      PlanOf("[service.c]\nprogram='client'\narguments=['${FOLDER}']\n");
  ASSERT_EQ(plan.problems.size(), 1u);
  EXPECT_TRUE(plan.problems[0].is_need);
  EXPECT_EQ(plan.problems[0].at.line, 3u);
  EXPECT_EQ(plan.needs, (std::vector<std::string>{"FOLDER"}));
}

TEST_F(PlanTest, ProgramsWithASlashAreRelativeToTheManifest) {
  EXPECT_EQ(PlanOf("[service.c]\nprogram='./local'\n").instances[0].argv[0],
            folder_ + "/local");
}

TEST_F(PlanTest, MissingProgramsSayWhereItLooked) {
  const Plan plan = PlanOf("[service.c]\nprogram='nothing'\n");
  ASSERT_EQ(plan.problems.size(), 1u);
  EXPECT_NE(plan.problems[0].text.find("looked in " + folder_ + "/bin"),
            std::string::npos);
}

TEST_F(PlanTest, WordsThatNobodyTakesAreRefused) {
  inputs_.words = SplitWords({"word"});
  EXPECT_EQ(PlanOf("[service.c]\nprogram='client'\n").problems.size(), 1u);
}

TEST_F(PlanTest, ReachNamesSendersReceiversAndRights) {
  const Plan plan = PlanOf(
      "[port.p]\n[port.q]\n"
      "[service.c]\nprogram='client'\nuses=['p', 'q']\n"
      "[service.s]\nprogram='server'\nprovides=['p']\n");
  const std::string text = ReachText(parsed_.manifest, plan.instances);
  EXPECT_NE(text.find("c     s "), std::string::npos) << text;
  EXPECT_NE(text.find("nobody (no service provides q)"), std::string::npos);
  EXPECT_NE(text.find("Send|Wait"), std::string::npos);
  ASSERT_EQ(Warnings(parsed_.manifest).size(), 1u);
}

}  // namespace
}  // namespace keyport
