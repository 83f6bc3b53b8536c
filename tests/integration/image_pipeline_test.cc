// The image pipeline with real processes: what comes out is byte for byte what
// the filters give in this process, whatever goes in and whoever is killed.
//
// KEYPORT_KILL_ROUNDS: how many kills in all (20).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <random>

#include "examples/image_pipeline/png.h"
#include "examples/image_pipeline/source.h"
#include "tests/integration/support/graph_test.h"
#include "tests/testing/png_kinds.h"

namespace integration {
namespace {

using image_pipeline::Filter;
using image_pipeline::PngBytes;
using testing_png::Kind;
using testing_png::MakePng;

constexpr Filter kFilters[] = {Filter::kGray, Filter::kBlur, Filter::kSharpen,
                               Filter::kEdges};
constexpr char kAskingAgain[] = "asking again";
constexpr char kCameBack[] = "images came back right";

int KillsWanted() {
  const char* rounds = std::getenv("KEYPORT_KILL_ROUNDS");
  return rounds != nullptr ? std::atoi(rounds) : 20;
}

class ImagePipelineTest : public GraphTest {
 protected:
  std::string WritePng(const std::string& name, const PngBytes& png) const {
    return folder_.Write(
        name, {reinterpret_cast<const char*>(png.data()), png.size()});
  }
  PngBytes Expected(const PngBytes& png) const {
    auto expected = image_pipeline::FilterHere(png, kFilters);
    EXPECT_TRUE(expected.ok()) << expected.status();
    return *std::move(expected);
  }
  PngBytes Result(const std::string& name) const {
    auto source = image_pipeline::ReadSource(out() + "/" + name);
    EXPECT_TRUE(source.ok()) << source.status();
    return source.ok() ? source->png : PngBytes();
  }
  std::string out() const { return folder_.path() + "/out"; }

  Running::Options Pipeline(std::vector<std::string> words) const {
    words.insert(
        words.begin(),
        {"run", KEYPORT_SOURCE_DIR "/examples/image_pipeline/pipeline.toml",
         "--", "--out", out()});
    return Keyport(std::move(words));
  }
  static std::vector<pid_t> Services(const Running& graph) {
    std::vector<pid_t> all;
    for (const char* program : {"keyport-image-reader", "keyport-image-filter",
                                "keyport-image-writer"})
      for (const pid_t pid : ChildrenOf(graph.pid(), program))
        all.push_back(pid);
    return all;
  }
  static int CountOf(const std::string& text, const std::string& what) {
    int count = 0;
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at)
      ++count;
    return count;
  }

  std::mt19937 random_{static_cast<unsigned>(getpid())};
};

TEST_F(ImagePipelineTest, AGeneratedImageComesBackBitExactAndUncopied) {
  const auto done = RunProgram(Pipeline({"--rounds", "4"}));
  EXPECT_EQ(done.exit_code, 0) << done.output;
  EXPECT_NE(done.output.find("4 of 4 images came back right"),
            std::string::npos)
      << done.output;
  // Four times a PNG, one RGB image, four gray ones of 1600 x 1200, a PNG.
  const auto source = image_pipeline::GeneratedSource();
  ASSERT_TRUE(source.ok());
  const PngBytes expected = Expected(source->png);
  const uint64_t lent =
      4 * (source->png.size() + 5 * 64 + 7 * 1600 * 1200 + expected.size());
  EXPECT_NE(
      done.output.find(std::to_string(lent) + " bytes lent, 0 bytes copied"),
      std::string::npos)
      << lent << "\n"
      << done.output;
  EXPECT_EQ(Result("generated.png"), expected);
}

TEST_F(ImagePipelineTest, EveryKindOfPngComesBackRight) {
  const std::pair<std::string, Kind> kinds[] = {
      {"gray.png", {.color_type = PNG_COLOR_TYPE_GRAY}},
      {"deep.png", {.color_type = PNG_COLOR_TYPE_RGB, .bit_depth = 16}},
      {"alpha.png", {.color_type = PNG_COLOR_TYPE_RGB_ALPHA}},
      {"palette.png",
       {.color_type = PNG_COLOR_TYPE_PALETTE,
        .interlace = PNG_INTERLACE_ADAM7}},
      {"dot.png", {.width = 1, .height = 1}},
  };
  std::vector<std::string> words;
  for (const auto& [name, kind] : kinds)
    words.push_back(WritePng(name, MakePng(kind)));
  const auto done = RunProgram(Pipeline(words));
  EXPECT_EQ(done.exit_code, 0) << done.output;
  for (const auto& [name, kind] : kinds)
    EXPECT_EQ(Result(name), Expected(MakePng(kind))) << name;
}

TEST_F(ImagePipelineTest, BadFilesAreRefusedAndTheOthersAreDone) {
  PngBytes truncated = MakePng({});
  truncated.resize(truncated.size() / 2);
  const auto done = RunProgram(Pipeline(
      {WritePng("truncated.png", truncated), folder_.Write("text.png", "hello"),
       WritePng("huge.png", testing_png::WithSize(MakePng({}), 60'000, 60'000)),
       WritePng("good.png", MakePng({}))}));
  EXPECT_EQ(done.exit_code, 1) << done.output;
  for (const char* sentence :
       {"truncated.png: the PNG is truncated or damaged",
        "text.png: this is no PNG",
        "huge.png: the PNG says that it is 60000 x 60000 pixels",
        "3 images did not come out right"})
    EXPECT_NE(done.output.find(sentence), std::string::npos) << done.output;
  EXPECT_EQ(CountOf(done.output, "was killed"), 0) << done.output;
  EXPECT_EQ(Result("good.png"), Expected(MakePng({})));
}

TEST_F(ImagePipelineTest, AFileThatIsNotThereIsNamed) {
  const auto done = RunProgram(Pipeline({folder_.path() + "/none.png"}));
  EXPECT_EQ(done.exit_code, 1) << done.output;
  EXPECT_NE(done.output.find("/none.png: No such file"), std::string::npos)
      << done.output;
}

// Each round of progress is followed by a kill. Runs until images were lost,
// too, so that asking again is tested.
TEST_F(ImagePipelineTest, AKilledServiceCostsNoImageAndMakesNoWrongOne) {
  const PngBytes png = MakePng({.width = 320, .height = 240});
  const std::string file = WritePng("in.png", png);
  int kills = 0;
  bool lost_some = false;
  for (int runs = 0; kills < KillsWanted() || !lost_some; ++runs) {
    ASSERT_LT(runs, KillsWanted() + 10) << "no kill ever hit an image";
    Running graph(Pipeline({"--rounds", "40", file}));
    for (int lines = 1; graph.WaitFor(kCameBack, lines); ++lines) {
      const auto services = Services(graph);
      if (services.empty()) continue;
      if (kill(services[random_() % services.size()], SIGKILL) == 0) ++kills;
    }
    ASSERT_EQ(graph.Wait(), 0) << graph.output();
    EXPECT_EQ(graph.output().find("WRONG"), std::string::npos)
        << graph.output();
    ASSERT_NE(graph.output().find("40 of 40 images came back right"),
              std::string::npos)
        << graph.output();
    lost_some |= CountOf(graph.output(), kAskingAgain) > 0;
    EXPECT_EQ(Result("in.png"), Expected(png));
  }
}

TEST_F(ImagePipelineTest, AKilledClientBeginsAgain) {
  const std::string file =
      WritePng("in.png", MakePng({.width = 320, .height = 240}));
  Running graph(Pipeline({"--rounds", "40", file}));
  ASSERT_TRUE(graph.WaitFor(kCameBack)) << graph.output();
  for (const pid_t pid : ChildrenOf(graph.pid(), "keyport-image-client"))
    kill(pid, SIGKILL);
  EXPECT_EQ(graph.Wait(), 0) << graph.output();
  EXPECT_NE(graph.output().find("client was killed by signal 9"),
            std::string::npos);
  EXPECT_NE(graph.output().find("40 of 40 images came back right"),
            std::string::npos)
      << graph.output();
}

// A graph that loses every image: the client gives up and says so.
TEST_F(ImagePipelineTest, WhatIsDroppedAgainAndAgainIsGivenUp) {
  const std::string file = WritePng("in.png", MakePng({}));
  auto graph = Start(
      "[port.reader]\n[port.results]\n" +
      Service("reader", "'read', 'reader'", "provides = ['reader']") +
      "[service.client]\nprogram = 'keyport-image-client'\n"
      "arguments = ['--filters', 'gray', '" +
      file + "']\nprovides = ['results']\nuses = ['reader']\njob = true\n");
  EXPECT_EQ(graph->Wait(), 1) << graph->output();
  EXPECT_NE(graph->output().find("in.png: given up after 10 tries"),
            std::string::npos)
      << graph->output();
  EXPECT_NE(graph->output().find("a service died with it (dropped)"),
            std::string::npos);
}

}  // namespace
}  // namespace integration
