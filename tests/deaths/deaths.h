// The fixture: victims that die at step after step, one at a time, while this
// process goes on using what they used.
#pragma once

#include <gtest/gtest.h>

#include "tests/deaths/graph.h"
#include "tests/soak/random.h"

namespace deaths {

class Deaths : public ::testing::Test {
 protected:
  Deaths();

  struct Scene {
    Initial initial;   // for each victim
    Graph::Body body;  // of a victim
    // Again and again until nothing of it is left; must not wait long.
    std::function<void()> meanwhile;
    // What it may leave behind, as Graph::Held says it.
    std::string kept = "";
    // Once it is dead.
    std::function<void()> bury = [] {};
    // When nothing of it is left: its work is gone on with.
    std::function<void()> afterwards = [] {};
  };
  // As many deaths as the options say.
  void Kill(const Scene& scene);

  ipc::Capability NewPort(const ipc::PortOptions& options = {});
  static ipc::Capability SendRight(const ipc::Capability& port);

  Graph graph_;
  soak::Random random_;

 private:
  void KillOne(const Scene& scene, StepKind kind, uint64_t n);
  void AwaitNothingHeld(const Scene& scene);
  // What there is after the second half of the deaths is no more than at any
  // time in the first half: caches fill, rings grow and shrink.
  void ExpectNoMoreThan(const Graph::Counts& most_before);
};

}  // namespace deaths
