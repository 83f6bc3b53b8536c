// When an ended service is started again, and when the graph is over.
// Pure decisions: no clock, no processes.
#pragma once

#include <cstdint>
#include <string>

#include "services/supervisor/manifest.h"

namespace keyport {

// How a process ended, as waitpid tells it.
struct Ending {
  enum class How { kExit, kSignal } how = How::kExit;
  int number = 0;  // exit code, or signal

  static Ending FromWaitStatus(int status);
  bool good() const { return how == How::kExit && number == 0; }
  // What a shell would show: 128 + signal for a killed one.
  int ExitCode() const;
  std::string Text() const;  // "exited with 3", "was killed by signal 9 (...)"
};

enum class NextStep {
  kStart,  // again, after its back-off
  kStayDead,
  kEndGraph,  // a job is done
};
// A job that exits is done, whatever its policy; one that was killed is
// started again if its policy says so.
NextStep AfterEnd(const ServiceSpec& service, const Ending& ending);

// Delays between starts: 10 ms doubling to 1 s, from the beginning again after
// 5 s of life. Units: nanoseconds.
class BackOff {
 public:
  void Started(int64_t now_ns) { started_ns_ = now_ns; }
  int64_t NextDelay(int64_t now_ns);

 private:
  static constexpr int64_t kFirstNs = 10'000'000;
  static constexpr int64_t kLastNs = 1'000'000'000;
  static constexpr int64_t kGoodLifeNs = 5'000'000'000;
  int64_t started_ns_ = 0;
  int64_t delay_ns_ = kFirstNs;
};

}  // namespace keyport
