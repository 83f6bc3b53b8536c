// A kernel process, this process's session with it, and the account of those
// who die. This process is who survives.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ipc/inspect.h"
#include "ipc/process.h"
#include "ipc/session.h"
#include "tests/deaths/steps.h"

namespace deaths {

// The value; a failed check ends the process, so in a victim too it is seen.
[[noreturn]] void Fail(const absl::Status& status, const char* file, int line);
template <typename T>
T Must(absl::StatusOr<T> value, const char* file = __builtin_FILE(),
       int line = __builtin_LINE()) {
  if (!value.ok()) Fail(value.status(), file, line);
  return *std::move(value);
}
inline void Must(const absl::Status& status,
                 const char* file = __builtin_FILE(),
                 int line = __builtin_LINE()) {
  if (!status.ok()) Fail(status, file, line);
}
ipc::Deadline Soon();
ipc::Deadline InAMoment();

// What a victim may tell, in memory that outlives it.
struct Told {
  uint64_t steps[kStepKinds];
  uint64_t last;
  uint8_t taken[1 << 16];
};

using Initial = std::vector<ipc::InitialCapability>;

class Graph {
 public:
  Graph();
  ~Graph();

  ipc::Session& root() { return *root_; }
  Told& told() { return *told_; }

  // Counts of everything that must not grow, by name: the kernel process's
  // objects, what accounts hold, descriptors and mappings of both processes.
  using Counts = std::map<std::string, uint64_t>;
  Counts Count() const;
  // What the account of those who die holds; empty: nothing.
  std::string Held() const;

  // Forks one that runs `body` in a session of its own, charged to that
  // account, and dies at the n-th step of its kind, or at the end.
  using Body = std::function<void(ipc::Session&, Told&)>;
  void Start(const Initial& initial, StepKind kind, uint64_t n,
             const Body& body);
  // Whether it is dead; by anything but SIGKILL is a failed test.
  bool Ended();

 private:
  int kernel_pid_ = 0;
  int victim_ = 0;
  std::unique_ptr<ipc::Session> root_;
  ipc::Capability account_;
  ipc::Capability victims_;
  std::unique_ptr<ipc::Inspector> inspector_;
  Told* const told_;
};

}  // namespace deaths
