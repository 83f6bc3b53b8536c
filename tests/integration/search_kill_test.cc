// Kills services and tools with SIGKILL at random moments while the search
// graph indexes. Every answer printed must be right, and nothing may be left.
//
// KEYPORT_KILL_ROUNDS: how many kills in all (200).
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "libipc/base/clock.h"
#include "libipc/base/socket.h"
#include "tests/integration/search_graph.h"

namespace search_test {
namespace {

const std::vector<std::string> kWords = {"int", "struct", "w_1"};
constexpr int kKillsOfARun = 12;
// Which lanes and pools exist depends on who was asked last; a leak grows with
// every kill.
constexpr size_t kDescriptorSlack = 6;
constexpr char kAnswered[] = "different words";

int RoundsWanted() {
  const char* rounds = std::getenv("KEYPORT_KILL_ROUNDS");
  return rounds != nullptr ? std::atoi(rounds) : 200;
}

// The example's manifest, but the graph goes on after the answer, so that it
// can be looked at.
void WriteManifest(const fs::path& to) {
  std::string text = ReadFile(SearchManifest());
  const std::string job = "job = true";
  text.replace(text.find(job), job.size(), "");
  std::ofstream(to) << text;
}

class SearchKillTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(files());
    static const char* const kPieces[] = {"int ", "struct(", "w_1\n", "x;"};
    for (int file = 0; file < 100; ++file) {
      std::string text;
      while (text.size() < 60'000) text += kPieces[random_() % 4];
      std::ofstream(files() / std::to_string(file)) << text;
    }
    for (const std::string& word : kWords)
      expected_[word] = GrepCount(word, files());
    WriteManifest(manifest());
  }

  fs::path files() const { return folder_.path() / "files"; }
  fs::path manifest() const { return folder_.path() / "search.toml"; }
  std::string socket() const { return (folder_.path() / "k.sock").string(); }

  std::vector<std::string> Command() const {
    std::vector<std::string> command = {
        Program("keyport"),  "run",
        "--socket",          socket(),
        manifest().string(), "FOLDER=" + files().string()};
    command.insert(command.end(), kWords.begin(), kWords.end());
    return command;
  }
  void ExpectRightAnswers(const Child& graph) {
    for (const std::string& word : kWords) {
      const auto counts = CountsOf(graph.output(), word);
      EXPECT_FALSE(counts.empty()) << word << "\n" << graph.output();
      for (const long count : counts) EXPECT_EQ(count, expected_[word]);
    }
  }
  static int KernelOf(const Child& graph) {
    for (const auto& [pid, program] : Descendants(graph.pid()))
      if (program == "keyport-kernel") return pid;
    return -1;
  }
  // Whoever dies with the graph may take a moment to do so.
  static bool HasEnded(int pid) {
    const base::UniqueFd process(
        static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process.valid()) return true;
    return base::WaitReadable(process.get(), base::NowNs() + 20'000'000'000);
  }
  void EndAndExpectNothingLeft(Child& graph) {
    for (const auto& [pid, program] : Descendants(graph.pid()))
      seen_.insert(pid);
    kill(graph.pid(), SIGINT);
    EXPECT_NE(graph.Wait(seconds(20)), -1) << graph.output();
    for (const int pid : seen_)
      EXPECT_TRUE(HasEnded(pid)) << "process " << pid << " is left";
    seen_.clear();
    EXPECT_FALSE(fs::exists(socket()));
  }

  // One more victim, or none if nothing can be killed now.
  bool KillOne(const Child& graph, std::optional<Child>& tool) {
    std::vector<int> victims;
    for (const auto& [pid, program] : Descendants(graph.pid())) {
      seen_.insert(pid);
      if (program.rfind("keyport-search-", 0) == 0) victims.push_back(pid);
    }
    if (!tool || tool->at_end())
      tool.emplace(std::vector<std::string>{Program("keyport"), "trace",
                                            "--socket", socket()});
    victims.push_back(tool->pid());
    const int victim = victims[random_() % victims.size()];
    if (kill(victim, SIGKILL) != 0) return false;
    if (victim == tool->pid()) tool.reset();
    return true;
  }

  // Kills until enough were killed or the answer is there; returns how many.
  int KillWhileIndexing(Child& graph, int kills_max) {
    std::optional<Child> tool;
    int kills = 0;
    while (kills < kills_max &&
           graph.output().find(kAnswered) == std::string::npos) {
      const auto until = Clock::now() + milliseconds(random_() % 60);
      while (!graph.at_end() && Clock::now() < until) {
        graph.Read(milliseconds(2));
        if (tool) tool->Read(milliseconds(0));
      }
      if (graph.at_end()) break;
      if (KillOne(graph, tool)) ++kills;
    }
    return kills;
  }

  // Lanes of the crawler's that had led to dead tokenizers go with it.
  static void RestartCrawler(Child& graph) {
    const size_t printed = graph.output().size();
    for (const auto& [pid, program] : Descendants(graph.pid()))
      if (program == "keyport-search-crawler") kill(pid, SIGKILL);
    const auto deadline = Clock::now() + seconds(60);
    while (graph.output().find("files read", printed) == std::string::npos) {
      ASSERT_LT(Clock::now(), deadline) << graph.output();
      graph.Read(milliseconds(100));
    }
  }
  std::string Tool(const std::string& command) const {
    Child tool({Program("keyport"), command, "--socket", socket()});
    tool.Wait(seconds(10));
    return "\n" + tool.output();
  }
  void ExpectDescriptorsAtMost(int kernel, size_t most, Child& graph) {
    const auto deadline = Clock::now() + seconds(10);
    size_t now = CountDescriptors(kernel);
    while (now > most && Clock::now() < deadline) {
      graph.Read(milliseconds(50));
      now = CountDescriptors(kernel);
    }
    EXPECT_LE(now, most) << Tool("ports") << Tool("graph") << Tool("regions");
    EXPECT_GT(now, 0u);
  }

  TempFolder folder_;
  std::mt19937 random_{static_cast<unsigned>(getpid())};
  std::map<std::string, long> expected_;
  std::set<int> seen_;
};

TEST_F(SearchKillTest, TheIndexIsRightAndNothingLeaks) {
  Child calm(Command());
  ASSERT_TRUE(calm.ReadUntil(kAnswered, seconds(60))) << calm.output();
  ExpectRightAnswers(calm);
  const size_t calm_descriptors = CountDescriptors(KernelOf(calm));
  ASSERT_GT(calm_descriptors, 0u);
  EndAndExpectNothingLeft(calm);

  const int wanted = RoundsWanted();
  for (int kills = 0, runs = 0; kills < wanted; ++runs) {
    ASSERT_LT(runs, wanted + 10) << "the graph is too fast to be killed";
    Child graph(Command());
    kills += KillWhileIndexing(graph, std::min(kKillsOfARun, wanted - kills));
    ASSERT_TRUE(graph.ReadUntil(kAnswered, seconds(60))) << kills << " kills\n"
                                                         << graph.output();
    ExpectRightAnswers(graph);
    RestartCrawler(graph);
    ExpectDescriptorsAtMost(KernelOf(graph),
                            calm_descriptors + kDescriptorSlack, graph);
    EndAndExpectNothingLeft(graph);
    if (HasFailure()) {
      std::printf("%s\n", graph.output().c_str());
      return;
    }
  }
}

}  // namespace
}  // namespace search_test
