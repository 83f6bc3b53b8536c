// The words of `keyport replay`.
#pragma once

#include <CLI/CLI.hpp>

#include "services/cli/replay_command.h"

namespace keyport {

// `options` lives as long as the command.
void AddReplayArguments(CLI::App* command, ReplayOptions* options);

}  // namespace keyport
