// A program of groups of rows: what it is asked for, and the passes over it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "bench/common/pass.h"

namespace bench {

struct Group {
  const char* name;
  void (*measure)(const Pass& pass);
};

struct Options {
  Effort effort = Effort::kFull;
  int passes = 0;  // 0: what the effort says
  std::string_view only;
  std::string output;
};

// [--quick | --smoke] [--passes N] [--only GROUP] [--output FOLDER]; ends the
// program when it is asked for something else.
Options ReadOptions(const char* program, int argc, char** argv);

// All passes over the groups that are asked for; tells which is under way.
void MeasureGroups(const Options& options, std::span<const Group> groups,
                   Figures& figures);

}  // namespace bench
