// How progress is told in one line. Pure.
#pragma once

#include <string>

#include "examples/search/protocol.h"

namespace search {

// "1,204 of 5,310 files, 12.3 of 60.1 MB, 45.0 MB/s, 2 s left"
std::string ProgressLine(const Progress& progress);

}  // namespace search
