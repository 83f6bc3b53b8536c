// GraphTest: a test that runs graphs of the test service in a runtime folder
// of its own.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/support/running.h"

namespace integration {

class GraphTest : public testing::Test {
 protected:
  // A service that runs the test service with these words.
  static std::string Service(const std::string& name,
                             const std::string& arguments,
                             const std::string& more = "") {
    return "[service." + name + "]\nprogram = \"keyport-test-service\"\n" +
           "arguments = [" + arguments + "]\n" + more + "\n";
  }

  Running::Options Keyport(std::vector<std::string> words) const {
    words.insert(words.begin(), Program("keyport"));
    return {std::move(words), {"XDG_RUNTIME_DIR=" + folder_.path()}};
  }
  Finished Tool(std::vector<std::string> words) const {
    return RunProgram(Keyport(std::move(words)));
  }
  // Starts `keyport run` on the manifest.
  std::unique_ptr<Running> Start(const std::string& manifest,
                                 std::vector<std::string> words = {}) {
    std::vector<std::string> all = {"run"};
    all.insert(all.end(), words.begin(), words.end());
    all.push_back(folder_.Write("graph.toml", manifest));
    return std::make_unique<Running>(Keyport(all));
  }

  // Looks again and again until it holds, or patience ends. Whether it does.
  static bool Eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!holds())
      if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
  }

  Folder folder_;
};

}  // namespace integration
