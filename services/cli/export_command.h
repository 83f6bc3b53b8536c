// `keyport export`: a recording in other tools' formats.
#pragma once

#include <string>
#include <vector>

namespace keyport {

struct ExportOptions {
  std::string file;
  // Where to; "": not wanted.
  std::string chrome;  // Chrome's trace events
  std::string json;    // an object for each record, a line
  std::string html;    // a page
  std::string perfetto;
  std::string ctf;  // a folder
  std::string prometheus;
  std::string pcapng;  // itself, with comments
  // "PORT=FILE.capnp[:INTERFACE]", for html and pcapng.
  std::vector<std::string> schemas;
};
// Returns 0, or 1 after saying what failed.
int RunExport(const ExportOptions& options);

}  // namespace keyport
