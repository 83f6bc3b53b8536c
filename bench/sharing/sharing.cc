// Memory that many processes share: topics, locks and cells beside the raw
// mechanisms, interleaved in one run.
//
//   bench_sharing [--quick | --smoke] [--passes N] [--only GROUP]
//                 [--output FOLDER]
//
// Groups: those of kGroups below. Blocks that are lent with a message are in
// bench_data (handover).
//
// Every receiver checks what it gets. Each measurement has a process of its
// own. Prints medians over the passes, then what is to be reached. Writes
// sharing.txt, sharing.json, sharing.md and the plots to the folder. --smoke
// only shows that all of it works.
#include <stdio.h>

#include "bench/common/groups.h"
#include "bench/common/report.h"
#include "bench/sharing/plots.h"
#include "bench/sharing/rows.h"

namespace bench {
namespace {

constexpr Group kGroups[] = {
    {"fanout", MeasureFanOut},
    {"blocks", MeasureBlocks},
    {"locks", MeasureLocks},
    {"cells", MeasureCells},
};

int Main(const Options& options) {
  Figures figures;
  MeasureGroups(options, kGroups, figures);
  ConcludeSharing(figures);
  fputs(TextReport(figures).c_str(), stdout);
  if (!options.output.empty()) {
    WriteReports(figures, options.output, "sharing");
    WriteSharingPlots(figures, options.output);
  }
  return figures.HasFailed() ? 1 : 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(bench::ReadOptions("bench_sharing", argc, argv));
}
