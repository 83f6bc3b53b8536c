#include "bench/common/groups.h"

#include <stdio.h>
#include <stdlib.h>

#include <algorithm>

#include "bench/common/must.h"

namespace bench {

Options ReadOptions(const char* program, int argc, char** argv) {
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
      Fail((std::string("usage: ") + program +
            " [--quick | --smoke] [--passes N] [--only GROUP] "
            "[--output FOLDER]")
               .c_str());
  }
  return options;
}

void MeasureGroups(const Options& options, std::span<const Group> groups,
                   Figures& figures) {
  const auto asked = [&](const Group& group) {
    return options.only.empty() || options.only == group.name;
  };
  Expect(std::any_of(groups.begin(), groups.end(), asked),
         "there is no such group");
  const int passes =
      options.passes > 0 ? options.passes : Passes(options.effort);
  for (int pass = 0; pass < passes; ++pass)
    for (const Group& group : groups) {
      if (!asked(group)) continue;
      fprintf(stderr, "pass %d of %d, %s\n", pass + 1, passes, group.name);
      group.measure({figures, options.effort, pass});
    }
}

}  // namespace bench
