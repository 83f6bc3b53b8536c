// `keyport export`: a recording in other tools' formats.
#pragma once

#include <string>

namespace keyport {

struct ExportOptions {
  std::string file;
  std::string chrome;  // where Chrome's trace events go
};
// Returns 0, or 1 after saying what failed.
int RunExport(const ExportOptions& options);

}  // namespace keyport
