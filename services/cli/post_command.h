// `keyport post`: the last moments of a service that is dead, or lives.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "services/cli/inspect_commands.h"

namespace keyport {

enum class PostShows { kOne, kWhatThereIs };

struct PostOptions {
  std::string socket;   // "": the one running graph
  std::string service;  // "store" means store.1 too
  std::optional<int> pid;
  PostShows shows = PostShows::kOne;
  Format format = Format::kText;
  size_t steps_max = 40;
};
// Returns 0, or 1 after saying what failed.
int RunPost(const PostOptions& options);

}  // namespace keyport
