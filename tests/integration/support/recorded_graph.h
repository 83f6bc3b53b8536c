// RecordedGraphTest: a test of commands that read a recording of a graph in
// which services call through one another.
#pragma once

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/support/graph_test.h"

namespace integration {

class RecordedGraphTest : public GraphTest {
 protected:
  using Json = nlohmann::json;

  // A client calls front, which calls store.
  void StartChain() {
    graph_ = Start("[graph]\nname = 'chain'\n[port.front]\n[port.store]\n" +
                   Service("store", "'echo', 'store'", "provides = ['store']") +
                   Service("front", "'relay', 'front', 'store'",
                           "provides = ['front']\nuses = ['store']") +
                   Service("client", "'call-often', 'front', 'hi'",
                           "uses = ['front']\ninstances = 2"));
    ASSERT_TRUE(graph_->WaitFor("listening")) << graph_->output();
  }
  void RecordChain() {
    StartChain();
    const Finished record = Tool({"record", "-n", "100", file()});
    ASSERT_EQ(record.exit_code, 0) << record.output;
  }

  std::string file() const { return folder_.path() + "/out.pcapng"; }

  // The lines of an output that are JSON objects.
  static std::vector<Json> ObjectsIn(const std::string& output) {
    std::vector<Json> objects;
    std::istringstream text(output);
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("{")) objects.push_back(Json::parse(line));
    return objects;
  }
  std::vector<Json> ObjectsOf(std::vector<std::string> words) const {
    const Finished tool = Tool(std::move(words));
    EXPECT_EQ(tool.exit_code, 0) << tool.output;
    return ObjectsIn(tool.output);
  }
  // What `keyport trace --from --json` shows: messages, ports, totals.
  std::vector<Json> Traced() const {
    return ObjectsOf({"trace", "--from", file(), "--json"});
  }

  std::unique_ptr<Running> graph_;
};

// Of a recording in several files.
class RecordedSeriesTest : public RecordedGraphTest {
 protected:
  // Those that are there, the oldest first.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path()))
      if (entry.path().extension() == ".pcapng") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }
  Json TotalsOf(const std::string& path) const {
    return ObjectsOf({"trace", "--from", path, "--json"}).back();
  }
  uint64_t Sum(const std::string& what) const {
    uint64_t sum = 0;
    for (const std::string& path : Files())
      sum += TotalsOf(path)[what].get<uint64_t>();
    return sum;
  }
};

}  // namespace integration
