// `keyport why` and `keyport who-can`: on a running graph, or on a manifest
// alone.
#pragma once

#include <string>

#include "services/cli/inspect_commands.h"

namespace keyport {

// The question was answered, and the answer is no.
inline constexpr int kExitNo = 3;

// Where to look, and how to print.
struct ReachOptions {
  std::string socket;    // "": the one running graph
  std::string manifest;  // "": a running graph
  Format format = Format::kText;
};

struct WhyOptions {
  ReachOptions reach;
  std::string from;
  std::string to;
};
// 0: it may (all of them, if several are meant); kExitNo; 1 after saying what
// failed.
int RunWhy(const WhyOptions& options);

struct WhoCanOptions {
  ReachOptions reach;
  std::string right;
  std::string port;
};
// 0: somebody can; kExitNo; 1 after saying what failed.
int RunWhoCan(const WhoCanOptions& options);

}  // namespace keyport
