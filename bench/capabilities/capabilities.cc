// The control plane of a real keyport-kernel beside the raw mechanisms,
// interleaved in one run.
//
//   bench_capabilities [--quick] [--output FOLDER] [--only GROUP]
//
// Groups: empty, handles, transfer, notify, revoke, memory, sessions.
//
// Prints medians over the passes (least to most), of times also the median of
// the passes' p99 and p99.9 and the longest, then the ratios that count. Every
// answer is checked. A new row is a function that adds to the figures.
#include <stdio.h>
#include <string.h>

#include <string>
#include <string_view>

#include "bench/capabilities/rows.h"
#include "bench/common/must.h"
#include "bench/common/report.h"

namespace bench {
namespace {

struct Group {
  const char* name;
  void (*measure)(Figures& figures, Effort effort);
  void (*conclude)(Figures& figures);
};
constexpr Group kGroups[] = {
    {"empty", MeasureEmptyCalls, ConcludeEmptyCalls},
    {"handles", MeasureHandleCalls, ConcludeHandleCalls},
    {"transfer", MeasureTransfers, ConcludeTransfers},
    {"notify", MeasureNotify, ConcludeNotify},
    {"revoke", MeasureRevokes, ConcludeRevokes},
    {"memory", MeasureMemory, ConcludeMemory},
    {"sessions", MeasureSessions, ConcludeSessions},
};

struct Options {
  bool quick = false;
  std::string_view only;
  std::string output;
};

Options Read(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick")
      options.quick = true;
    else if (word == "--output" && i + 1 < argc)
      options.output = argv[++i];
    else if (word == "--only" && i + 1 < argc)
      options.only = argv[++i];
    else
      Fail(
          "usage: bench_capabilities [--quick] [--output FOLDER] "
          "[--only GROUP]");
  }
  return options;
}

int Main(const Options& options) {
  Figures figures;
  const int passes = options.quick ? 3 : 5;
  const auto asked = [&](const Group& group) {
    return options.only.empty() || options.only == group.name;
  };
  for (int pass = 0; pass < passes; ++pass) {
    for (const Group& group : kGroups) {
      if (!asked(group)) continue;
      fprintf(stderr, "pass %d of %d, %s\n", pass + 1, passes, group.name);
      group.measure(figures, {options.quick});
    }
  }
  for (const Group& group : kGroups)
    if (asked(group)) group.conclude(figures);
  fputs(TextReport(figures).c_str(), stdout);
  if (!options.output.empty())
    WriteReports(figures, options.output, "capabilities");
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(bench::Read(argc, argv)); }
