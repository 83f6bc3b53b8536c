#include "tests/deaths/deaths.h"

#include "tests/soak/options.h"

namespace deaths {
namespace {

constexpr uint64_t kDeathsInCi = 60;

bool IsOver(ipc::Deadline deadline) {
  return ipc::Deadline::After(absl::ZeroDuration()).ns >= deadline.ns;
}

}  // namespace

Deaths::Deaths() : random_(soak::CurrentOptions().seed) {}

ipc::Capability Deaths::NewPort(const ipc::PortOptions& options) {
  return Must(graph_.root().CreatePort(options));
}

ipc::Capability Deaths::SendRight(const ipc::Capability& port) {
  return Must(port.Mint(ipc::kRightSend | ipc::kRightDuplicate, 7));
}

void Deaths::Kill(const Scene& scene) {
  const uint64_t asked = soak::CurrentOptions().deaths;
  const uint64_t deaths = asked != 0 ? asked : kDeathsInCi;
  uint64_t steps[kStepKinds] = {};
  Graph::Counts most_before;
  for (uint64_t i = 0; i < deaths; ++i) {
    const auto kind = static_cast<StepKind>(random_.Below(kStepKinds));
    uint64_t& most = steps[static_cast<int>(kind)];
    // Some are let live to their end, to know how many steps it is.
    const bool to_the_end = i < 3 || random_.OneIn(64);
    const uint64_t n = to_the_end ? 0 : 1 + random_.Below(most);
    KillOne(scene, kind, n);
    ASSERT_FALSE(HasFailure()) << "death " << i << ", at the " << n
                               << "th step of kind " << static_cast<int>(kind);
    if (to_the_end)
      for (int at = 0; at < kStepKinds; ++at)
        steps[at] = std::max(steps[at], graph_.told().steps[at]);
    if (i < deaths / 2)
      for (const auto& [name, count] : graph_.Count())
        most_before[name] = std::max(most_before[name], count);
  }
  ExpectNoMoreThan(most_before);
  printf("%llu deaths, of victims of %llu accesses and %llu returns\n",
         static_cast<unsigned long long>(deaths),
         static_cast<unsigned long long>(steps[0]),
         static_cast<unsigned long long>(steps[1]));
}

void Deaths::KillOne(const Scene& scene, StepKind kind, uint64_t n) {
  const ipc::Deadline deadline = Soon();
  graph_.Start(scene.initial, kind, n, scene.body);
  while (!graph_.Ended()) {
    scene.meanwhile();
    ASSERT_FALSE(HasFailure());
    ASSERT_FALSE(IsOver(deadline)) << "a victim hangs";
  }
  scene.bury();
  AwaitNothingHeld(scene);
  if (!HasFailure()) scene.afterwards();
}

void Deaths::AwaitNothingHeld(const Scene& scene) {
  const ipc::Deadline deadline = Soon();
  for (std::string held = "?"; !held.empty();) {
    scene.meanwhile();
    ASSERT_FALSE(HasFailure());
    held = graph_.Held();
    if (held == scene.kept) return;
    ASSERT_FALSE(!held.empty() && IsOver(deadline))
        << "still held by the dead: " << held;
  }
}

void Deaths::ExpectNoMoreThan(const Graph::Counts& most_before) {
  // What ends a moment later is waited for.
  const auto deadline = ipc::Deadline::After(absl::Seconds(10));
  std::string more = "?";
  while (!more.empty() && !IsOver(deadline)) {
    more.clear();
    for (const auto& [name, count] : graph_.Count())
      if (count > most_before.at(name))
        more += name + ": " + std::to_string(count) + ", before " +
                std::to_string(most_before.at(name)) + "\n";
  }
  EXPECT_EQ(more, "") << "leaked";
}

}  // namespace deaths
