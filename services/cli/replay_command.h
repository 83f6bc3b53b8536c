// `keyport replay`: the requests of a recording sent again into a graph that is
// run for it, and the answers compared.
#pragma once

#include <cstdint>
#include <string>

#include "services/cli/inspect_commands.h"
#include "services/cli/run_command.h"
#include "services/replay/replay_player.h"
#include "services/replay/replay_script.h"

namespace keyport {

inline constexpr int kExitDiffer = 3;

struct ReplayOptions {
  std::string recording;
  ReplayChoice choice;
  RunOptions graph;  // without the services that sent the requests
  ReplayPace pace;
  uint64_t differences_max = 20;     // listed
  std::vector<std::string> schemas;  // "PORT=FILE.capnp[:INTERFACE]"
  Format format = Format::kText;
};
// What the graph's services print goes to standard error. Returns 0; 1 after
// saying what failed, or when nothing could be sent; 3 if an answer differs.
int RunReplay(const ReplayOptions& options);

}  // namespace keyport
