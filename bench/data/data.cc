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

#include <string>

#include "bench/common/groups.h"
#include "bench/common/report.h"
#include "bench/data/all_peers.h"
#include "bench/data/plots.h"
#include "bench/data/rows.h"

namespace bench {
namespace {

constexpr Group kGroups[] = {
    {"roundtrips", MeasureRoundTrips}, {"oneway", MeasureOneWay},
    {"fanin", MeasureFanIn},           {"idle", MeasureIdleLanes},
    {"copies", MeasureCopies},         {"handover", MeasureHandOver},
    {"wakeup", MeasureWakeUp},         {"connect", MeasureConnect},
    {"start", MeasureStart},           {"costs", MeasureCosts},
};

int Main(const Options& options) {
  Figures figures;
  MeasureGroups(options, kGroups, figures);
  for (const std::string& name : MissingPeerNames())
    figures.Omit({name, "not built: its package was not found"});
  Conclude(figures);
  fputs(TextReport(figures).c_str(), stdout);
  if (!options.output.empty()) {
    WriteReports(figures, options.output, "data");
    WritePlots(figures, options.output);
  }
  return figures.HasFailed() ? 1 : 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(bench::ReadOptions("bench_data", argc, argv));
}
