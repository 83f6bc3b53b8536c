// What tracing costs: nothing traced, traced, and traced and read, interleaved
// in one run, beside what a record cannot cost less than.
//
//   bench_tracing [--quick | --smoke] [--passes N] [--only GROUP]
//                 [--output FOLDER]
//
// Groups: those of kGroups below. Each measurement has a process of its own;
// every message and the sum of records seen and lost are checked. --smoke only
// shows that all of it works.
#include <stdio.h>

#include "bench/common/groups.h"
#include "bench/common/report.h"
#include "bench/tracing/rows.h"

namespace bench {
namespace {

constexpr Group kGroups[] = {
    {"records", MeasureRecords}, {"calls", MeasureCalls},
    {"stream", MeasureStream},   {"drain", MeasureDrain},
    {"stops", MeasureStops},     {"probes", MeasureProbes},
    {"graph", MeasureGraph},
};

int Main(const Options& options) {
  Figures figures;
  MeasureGroups(options, kGroups, figures);
  ConcludeTracing(figures);
  fputs(TextReport(figures).c_str(), stdout);
  if (!options.output.empty()) WriteReports(figures, options.output, "tracing");
  return figures.HasFailed() ? 1 : 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(bench::ReadOptions("bench_tracing", argc, argv));
}
