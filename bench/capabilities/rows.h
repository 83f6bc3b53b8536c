// The groups of rows. Each adds one pass to the figures; what is concluded
// from them all is added at the end.
#pragma once

#include "bench/common/figures.h"

namespace bench {

struct Effort {
  bool quick = false;
  // Repetitions: fewer when quick.
  int Rounds(int full) const { return quick ? full / 4 : full; }
};

void MeasureEmptyCalls(Figures& figures, Effort effort);
void ConcludeEmptyCalls(Figures& figures);
void MeasureHandleCalls(Figures& figures, Effort effort);
void ConcludeHandleCalls(Figures& figures);
void MeasureTransfers(Figures& figures, Effort effort);
void ConcludeTransfers(Figures& figures);
void MeasureNotify(Figures& figures, Effort effort);
void ConcludeNotify(Figures& figures);
void MeasureRevokes(Figures& figures, Effort effort);
void ConcludeRevokes(Figures& figures);
void MeasureMemory(Figures& figures, Effort effort);
void ConcludeMemory(Figures& figures);

void MeasureSessions(Figures& figures, Effort effort);
void ConcludeSessions(Figures& figures);

}  // namespace bench
