#include "services/cli/replay_arguments.h"

#include <map>

#include "services/cli/schema_argument.h"

namespace keyport {
namespace {

// "client->front"
std::string TakeOnly(const std::string& word, ReplayChoice* choice) {
  const size_t arrow = word.find("->");
  if (arrow == std::string::npos || arrow == 0 || arrow + 2 == word.size())
    return "\"" + word + "\" is not FROM->PORT";
  choice->from = word.substr(0, arrow);
  choice->port = word.substr(arrow + 2);
  return "";
}

}  // namespace

void AddReplayArguments(CLI::App* command, ReplayOptions* options) {
  command->add_option("file", options->recording, "a file of keyport record")
      ->required();
  command
      ->add_option("--graph", options->graph.manifest,
                   "the manifest (GRAPH.toml) of the graph to run, without "
                   "the services that sent the requests")
      ->required();
  command->add_option("words", options->graph.words,
                      "NAME=value for the manifest's ${NAME}; others for ${@}");
  command->add_option("--socket", options->graph.socket, "where tools connect");
  CLI::Option* port = command->add_option("--port", options->choice.port,
                                          "only requests to this port");
  command
      ->add_option_function<std::string>(
          "--only",
          [options](const std::string& word) {
            const std::string wrong = TakeOnly(word, &options->choice);
            if (!wrong.empty()) throw CLI::ValidationError("--only", wrong);
          },
          "FROM->PORT: only what this service, or instance, sent there")
      ->excludes(port);
  command
      ->add_option("--speed", options->pace.speed,
                   "1 as recorded, 2 in half the time, max without pauses")
      ->transform(CLI::Transformer(std::map<std::string, double>{{"max", 0}}))
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option_function<double>(
          "--patience",
          [options](double seconds) {
            options->pace.patience = std::chrono::milliseconds(
                static_cast<int64_t>(seconds * 1'000));
          },
          "seconds for one call, and, if 5 or more, for listeners at the "
          "begin (10)")
      ->check(CLI::Range(0.001, 86'400.0));
  command
      ->add_option("--differences", options->differences_max,
                   "list at most this many")
      ->capture_default_str();
  AddSchemaArgument(command, &options->schemas);
  command->add_flag_callback(
      "--json", [options] { options->format = Format::kJson; },
      "one object a line: differences, then sums");
}

}  // namespace keyport
