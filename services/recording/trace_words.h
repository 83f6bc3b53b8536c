// The words of a command line about what is traced and where it is recorded,
// the same for all commands. Each lives as long as its command.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "services/tracer/recording_loop.h"

namespace keyport {

// --service, --port, --label, --direction
void AddFilter(CLI::App* command, TraceFilter* filter);
// --payload, --snaplen, --one-in, --rate, --min-bytes, --errors, --lossless;
// returns all but the first.
std::vector<CLI::Option*> AddSource(CLI::App* command,
                                    ipc::TraceOptions* source);
// --until
void AddUntil(CLI::App* command, std::vector<std::string>* until);

// -n, --strict, --timeout; returns the last.
template <typename Options>
CLI::Option* AddLimits(CLI::App* command, Options* options) {
  command->add_option("-n", options->messages_max, "end after this many")
      ->check(CLI::PositiveNumber);
  command->add_flag_callback(
      "--strict", [options] { options->loss = LossIs::kAnError; },
      "exit with 3 if records were lost");
  return command
      ->add_option("--timeout,--for", options->seconds_max,
                   "end after this many seconds")
      ->check(CLI::PositiveNumber);
}

// All of these, --socket, --rotate, --keep and the file.
struct RecordingWords {
  CLI::Option* file;
  CLI::Option* rotate;
  CLI::Option* keep;
};
RecordingWords AddRecording(CLI::App* command, RecordOptions* options);

}  // namespace keyport
