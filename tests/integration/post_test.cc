// keyport post: the last moments of services that were killed.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/support/graph_test.h"

namespace integration {
namespace {

using Json = nlohmann::json;

class PostTest : public GraphTest {
 protected:
  // A client calls front, which calls store, which never answers. The client
  // waits for the gate.
  void StartChain() {
    ASSERT_EQ(mkfifo(gate().c_str(), 0600), 0);
    graph_ = Start(
        "[graph]\nname = 'chain'\n[port.front]\n[port.store]\n" +
        Service("store", "'hold', 'store'", "provides = ['store']") +
        Service(
            "front", "'relay', 'front', 'store'",
            "provides = ['front']\nuses = ['store']\nrestart = 'on-failure'") +
        "[service.client]\nprogram = '/bin/sh'\nuses = ['front']\n"
        "arguments = ['-c', 'read go < " +
        gate() + "; exec " + Program("keyport-test-service") +
        " call front please']\n");
    ASSERT_TRUE(Eventually([this] { return PidOf("front") != 0; }));
  }
  void CallFront() {
    std::ofstream(gate()) << "go\n";
    ASSERT_TRUE(graph_->WaitFor("holds please")) << graph_->output();
    ASSERT_TRUE(Eventually([this] {
      return Tool({"ps"}).output.find("call-blocked :") != std::string::npos &&
             Last("front").value("kind", "") == "wait";
    }));
  }
  // Kills it, and waits until that is known.
  void Kill(const std::string& service) {
    const int pid = PidOf(service);
    ASSERT_NE(pid, 0);
    kill(pid, SIGKILL);
    ASSERT_TRUE(Eventually([&] {
      const auto lines = Post({service});
      return !lines.empty() && lines[0]["pid"] == pid &&
             !lines[0]["exit"].is_null();
    }));
  }

  static std::vector<Json> LinesOf(const Finished& finished) {
    std::vector<Json> lines;
    std::istringstream text(finished.output);
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("{")) lines.push_back(Json::parse(line));
    return lines;
  }
  // The process, then its records.
  std::vector<Json> Post(std::vector<std::string> words) const {
    words.insert(words.begin(), {"post", "--json", "-n", "1000"});
    return LinesOf(Tool(words));
  }
  Json Last(const std::string& service) const {
    const auto lines = Post({service});
    return lines.size() < 2 ? Json::object() : lines.back();
  }
  // Of the one that lives; 0: none.
  int PidOf(const std::string& service) const {
    int pid = 0;
    for (const Json& line : LinesOf(Tool({"post", "--list", "--json"})))
      if (line["process"] == service && line["ended_unix_ns"].is_null())
        pid = line["pid"];
    return pid;
  }
  // "receive front, send store, ...", without the waits.
  static std::string Story(const std::vector<Json>& lines) {
    std::string story;
    for (const Json& line : lines) {
      if (!line.contains("kind") || line["kind"] == "wait" ||
          line["kind"] == "wake")
        continue;
      story += (story.empty() ? "" : ", ") + line["kind"].get<std::string>() +
               " " + line["port"].get<std::string>();
    }
    return story;
  }
  std::string gate() const { return folder_.path() + "/gate"; }

  std::unique_ptr<Running> graph_;
};

TEST_F(PostTest, ShowsAServiceThatWasKilledInTheMiddleOfACall) {
  StartChain();
  CallFront();
  Kill("front");
  const std::vector<Json> lines = Post({"front"});
  EXPECT_EQ(lines[0]["exit"], (Json{{"signal", SIGKILL}}));
  EXPECT_EQ(lines[0]["threads"].size(), 1u);
  EXPECT_EQ(
      lines[0]["threads"][0]["at_the_end"].get<std::string>().substr(0, 35),
      "waiting for an answer from store (s");
  ASSERT_EQ(lines[0]["not_answered"].size(), 1u);
  EXPECT_EQ(lines[0]["not_answered"][0]["port"], "front");
  EXPECT_EQ(lines[0]["not_answered"][0]["label"], 3);
  EXPECT_EQ(Story(lines), "receive front, send store");
  EXPECT_EQ(lines.back()["kind"], "wait");
  EXPECT_EQ(lines.back()["port"], "store");
  for (const Json& line : lines)
    if (line.contains("kind") && line["kind"] == "receive") {
      EXPECT_EQ(line["bytes"], 6);
      EXPECT_EQ(line["label"], 3);
    }
}

TEST_F(PostTest, SaysItInWords) {
  StartChain();
  CallFront();
  Kill("front");
  const Finished shown = Tool({"post", "front"});
  EXPECT_EQ(shown.exit_code, 0);
  for (const char* words :
       {"killed by signal 9 (KILL) at ", "makes call 1 to store",
        "on front: label 3, 6 bytes", "waits for an answer from store",
        "not answered: call 1 of "})
    EXPECT_NE(shown.output.find(words), std::string::npos) << words << "\n"
                                                           << shown.output;
}

TEST_F(PostTest, ShowsWhatLivesAndWhatDiedUnderOneName) {
  StartChain();
  const int first = PidOf("front");
  Kill("front");
  ASSERT_TRUE(Eventually([&] { return PidOf("front") != 0; }));
  const int second = PidOf("front");
  EXPECT_NE(first, second);
  EXPECT_EQ(Post({"front"})[0]["pid"], first);
  EXPECT_EQ(Post({"--pid", std::to_string(second)})[0]["pid"], second);
  EXPECT_TRUE(
      Post({"--pid", std::to_string(second)})[0]["ended_unix_ns"].is_null());
}

TEST_F(PostTest, SaysWhatThereIsWhenItIsAskedForAnother) {
  StartChain();
  const Finished mistyped = Tool({"post", "frunt"});
  EXPECT_EQ(mistyped.exit_code, 1);
  EXPECT_NE(mistyped.output.find("did you mean \"front\"?"), std::string::npos)
      << mistyped.output;
  EXPECT_EQ(Tool({"post"}).exit_code, 1);
  EXPECT_EQ(Tool({"post", "front", "--pid", "1"}).exit_code, 2);
}

}  // namespace
}  // namespace integration
