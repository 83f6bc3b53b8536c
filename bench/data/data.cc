// Messages between two processes: Keyport, the raw mechanisms and other
// systems, interleaved in one run.
//
//   bench_data [--quick | --smoke] [--passes N] [--only GROUP]
//              [--output FOLDER]
//
// Groups: those of kGroups below.
//
// Every receiver checks numbers and content of what it gets. Each measurement
// has a process of its own. Prints medians over the passes, of times also p99,
// p99.9 and the longest, then what is to be reached. Writes data.txt,
// data.json, data.md and the plots to the folder. --smoke only shows that all
// of it works.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "bench/common/must.h"
#include "bench/common/report.h"
#include "bench/data/all_peers.h"
#include "bench/data/plots.h"
#include "bench/data/rows.h"

namespace bench {
namespace {

struct Group {
  const char* name;
  void (*measure)(const Pass& pass);
};
constexpr Group kGroups[] = {
    {"roundtrips", MeasureRoundTrips}, {"oneway", MeasureOneWay},
    {"fanin", MeasureFanIn},           {"idle", MeasureIdleLanes},
    {"copies", MeasureCopies},         {"handover", MeasureHandOver},
    {"wakeup", MeasureWakeUp},         {"connect", MeasureConnect},
    {"start", MeasureStart},           {"costs", MeasureCosts},
};

struct Options {
  Effort effort = Effort::kFull;
  int passes = 0;  // 0: what the effort says
  std::string_view only;
  std::string output;
};

Options Read(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick")
      options.effort = Effort::kQuick;
    else if (word == "--smoke")
      options.effort = Effort::kSmoke;
    else if (word == "--passes" && i + 1 < argc)
      options.passes = atoi(argv[++i]);
    else if (word == "--only" && i + 1 < argc)
      options.only = argv[++i];
    else if (word == "--output" && i + 1 < argc)
      options.output = argv[++i];
    else
      Fail(
          "usage: bench_data [--quick | --smoke] [--passes N] [--only GROUP] "
          "[--output FOLDER]");
  }
  return options;
}

bool HasFailed(const Figures& figures) {
  return std::any_of(figures.omissions().begin(), figures.omissions().end(),
                     [](const Omission& one) { return one.failed; });
}

int Main(const Options& options) {
  Figures figures;
  const int passes =
      options.passes > 0 ? options.passes : Passes(options.effort);
  for (int pass = 0; pass < passes; ++pass) {
    for (const Group& group : kGroups) {
      if (!options.only.empty() && options.only != group.name) continue;
      fprintf(stderr, "pass %d of %d, %s\n", pass + 1, passes, group.name);
      group.measure({figures, options.effort, pass});
    }
  }
  for (const std::string& name : MissingPeerNames())
    figures.Omit({name, "not built: its package was not found"});
  Conclude(figures);
  fputs(TextReport(figures).c_str(), stdout);
  if (!options.output.empty()) {
    WriteReports(figures, options.output, "data");
    WritePlots(figures, options.output);
  }
  return HasFailed(figures) ? 1 : 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(bench::Read(argc, argv)); }
